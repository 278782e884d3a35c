package workspace_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/bot/workspace"
)

// refused checks that err is Slack's refusal with the given code.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	var answer slack.SlackErrorResponse
	if !errors.As(err, &answer) || answer.Err != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestMessageIsPostedEditedAndDeleted(t *testing.T) {
	b := open(t, noLimits())
	meta := slack.SlackMetadata{EventType: "distrobot_plan", EventPayload: map[string]any{"plan": "P1"}}
	channel, ts, err := b.api.PostMessage("#sites", slack.MsgOptionText("one & <two>", true), slack.MsgOptionMetadata(meta))
	if err != nil || channel != "C0SITES" {
		t.Fatal(channel, err)
	}
	page, err := b.api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: channel, IncludeAllMetadata: true})
	if err != nil || len(page.Messages) != 1 || page.Messages[0].Text != "one &amp; &lt;two&gt;" ||
		page.Messages[0].Metadata.EventPayload["plan"] != "P1" || page.Messages[0].BotID != "B0DISTROBOT" {
		t.Fatalf("history: %+v %v", page, err)
	}
	if _, _, _, err := b.api.UpdateMessage(channel, ts, slack.MsgOptionText("three", false)); err != nil {
		t.Fatal(err)
	}
	page, err = b.api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: channel, IncludeAllMetadata: true})
	if err != nil || page.Messages[0].Edited == nil || page.Messages[0].Metadata.EventType != "distrobot_plan" {
		t.Errorf("the edit lost the metadata or left no mark: %+v %v", page, err)
	}
	link, err := b.api.GetPermalink(&slack.PermalinkParameters{Channel: channel, Ts: ts})
	if err != nil || !strings.HasPrefix(link, b.url+"/#C0SITES/") {
		t.Errorf("permalink %q %v", link, err)
	}
	if _, _, err := b.api.DeleteMessage(channel, ts); err != nil {
		t.Fatal(err)
	}
	_, _, _, err = b.api.UpdateMessage(channel, ts, slack.MsgOptionText("four", false))
	refused(t, err, "message_not_found")
}

func TestEditRulesOfSlack(t *testing.T) {
	b := open(t, noLimits())
	ts := b.post("C0SITES", "with a button", planBlocks())
	_, _, _, err := b.api.UpdateMessage("C0SITES", ts, slack.MsgOptionText("without", false))
	if m := b.messages("sites")[0]; err != nil || len(m.Blocks) != 0 || !m.Edited {
		t.Errorf("text alone leaves %+v %v", m, err)
	}
	ts = b.post("C0SITES", "plain", nil)
	_, _, _, err = b.api.UpdateMessage("C0SITES", ts, slack.MsgOptionBlocks(planBlocks()...))
	if m := b.messages("sites")[1]; err != nil || len(m.Blocks) != 2 || m.Edited || m.Edits != 1 {
		t.Errorf("blocks alone leave %+v %v", m, err)
	}
	_, _, _, err = b.api.UpdateMessage("C0SITES", ts, slack.MsgOptionText(strings.Repeat("x", 4001), false))
	refused(t, err, "msg_too_long")
	_, _, _, err = b.api.UpdateMessage("C0SITES", ts)
	refused(t, err, "no_text")
	said := b.ok("/workspace/say", map[string]any{"user": "bob", "channel": "sites", "text": "hello"})
	_, _, _, err = b.api.UpdateMessage("C0SITES", said["ts"].(string), slack.MsgOptionText("mine", false))
	refused(t, err, "cant_update_message")
	eph, err := b.api.PostEphemeral("C0SITES", "U0BOB", slack.MsgOptionText("psst", false))
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, err = b.api.UpdateMessage("C0SITES", eph, slack.MsgOptionText("loud", false))
	refused(t, err, "message_not_found")
}

func TestThreads(t *testing.T) {
	b := open(t, noLimits())
	root := b.post("C0SITES", "root", nil)
	first := b.post("C0SITES", "first", nil, slack.MsgOptionTS(root))
	b.post("C0SITES", "to a reply", nil, slack.MsgOptionTS(first), slack.MsgOptionBroadcast())
	list, more, _, err := b.api.GetConversationReplies(&slack.GetConversationRepliesParameters{ChannelID: "C0SITES", Timestamp: root})
	if err != nil || more || len(list) != 3 || list[2].ThreadTimestamp != root || list[0].ReplyCount != 2 {
		t.Errorf("replies: %+v %v", list, err)
	}
	page, err := b.api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: "C0SITES"})
	if err != nil || len(page.Messages) != 2 || page.Messages[0].Text != "to a reply" {
		t.Errorf("history holds roots and broadcasts: %+v %v", page, err)
	}
	_, _, err = b.api.PostMessage("C0SITES", slack.MsgOptionText("x", false), slack.MsgOptionTS("1.000001"))
	refused(t, err, "thread_not_found")
}

func TestHistoryIsPaged(t *testing.T) {
	b := open(t, noLimits())
	var stamps []string
	for range 5 {
		stamps = append(stamps, b.post("C0SITES", "x", nil))
	}
	if !slices.IsSorted(stamps) || len(slices.Compact(stamps)) != 5 {
		t.Errorf("timestamps %v are not unique and rising", stamps)
	}
	var got []string
	cursor := ""
	for {
		page, err := b.api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: "C0SITES", Limit: 2, Cursor: cursor, Oldest: stamps[0]})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Messages {
			got = append(got, m.Timestamp)
		}
		if cursor = page.ResponseMetaData.NextCursor; cursor == "" {
			break
		}
	}
	slices.Reverse(got)
	if !slices.Equal(got, stamps[1:]) {
		t.Errorf("pages give %v, want %v", got, stamps[1:])
	}
}

func TestPeopleAndChannels(t *testing.T) {
	b := open(t, noLimits())
	me, err := b.api.AuthTest()
	if err != nil || me.UserID != "U0DISTROBOT" || me.BotID != "B0DISTROBOT" || me.TeamID != "T0LOCAL" {
		t.Errorf("auth.test: %+v %v", me, err)
	}
	alice, err := b.api.GetUserInfo("U0ALICE")
	if err != nil || alice.RealName != "Alice Adams" || alice.Profile.Title != "Administrator" || alice.IsBot {
		t.Errorf("users.info: %+v %v", alice, err)
	}
	_, err = b.api.GetUserInfo("alice")
	refused(t, err, "user_not_found")
	if u, err := b.api.GetUserByEmail("bob@example.com"); err != nil || u.ID != "U0BOB" {
		t.Errorf("lookupByEmail: %+v %v", u, err)
	}
	if all, err := b.api.GetUsers(); err != nil || len(all) != 4 {
		t.Errorf("users.list: %d %v", len(all), err)
	}
	groups, err := b.api.GetUserGroups(slack.GetUserGroupsOptionIncludeUsers(true))
	if err != nil || len(groups) != 2 || groups[1].Handle != "release-managers" || !slices.Equal(groups[1].Users, []string{"U0ALICE", "U0BOB"}) {
		t.Errorf("usergroups.list: %+v %v", groups, err)
	}
	if users, err := b.api.GetUserGroupMembers(groups[0].ID); err != nil || !slices.Equal(users, []string{"U0ALICE"}) {
		t.Errorf("usergroups.users.list: %v %v", users, err)
	}
	channels, _, err := b.api.GetConversations(&slack.GetConversationsParameters{Types: []string{"public_channel"}})
	if err != nil || len(channels) != 2 || channels[0].IsMember || !channels[1].IsMember {
		t.Errorf("conversations.list: %+v %v", channels, err)
	}
	dm, _, _, err := b.api.OpenConversation(&slack.OpenConversationParameters{Users: []string{"U0CAROL"}})
	if err != nil || dm.ID != "D0CAROL" {
		t.Errorf("conversations.open: %+v %v", dm, err)
	}
	if _, _, _, err := b.api.JoinConversation("C0GENERAL"); err != nil {
		t.Error(err)
	}
	members, _, err := b.api.GetUsersInConversation(&slack.GetUsersInConversationParameters{ChannelID: "C0GENERAL"})
	if err != nil || !slices.Contains(members, "U0DISTROBOT") {
		t.Errorf("members after join: %v %v", members, err)
	}
	item := slack.NewRefToMessage("C0SITES", b.post("C0SITES", "x", nil))
	if err := errors.Join(b.api.AddReaction("eyes", item), b.api.RemoveReaction("eyes", item)); err != nil {
		t.Error(err)
	}
}

func TestCallsAreRefusedAsSlackDoes(t *testing.T) {
	b := open(t, noLimits())
	post := func(channel string) error {
		_, _, err := b.api.PostMessage(channel, slack.MsgOptionText("x", false))
		return err
	}
	refused(t, post("C0NOWHERE"), "channel_not_found")
	refused(t, post("#general"), "not_in_channel")
	_, _, err := b.api.PostMessage("C0SITES")
	refused(t, err, "no_text")
	_, err = b.api.PostEphemeral("C0SITES", "U0NOBODY", slack.MsgOptionText("x", false))
	refused(t, err, "user_not_in_channel")
	_, err = slack.New("xoxb-1-real-looking", slack.OptionAPIURL(b.url+"/api/")).AuthTest()
	refused(t, err, "invalid_auth")
	_, err = slack.New("", slack.OptionAPIURL(b.url+"/api/")).AuthTest()
	refused(t, err, "not_authed")
	_, err = slack.New(b.AppToken(), slack.OptionAPIURL(b.url+"/api/")).AuthTest()
	refused(t, err, "not_allowed_token_type")
	_, err = b.api.GetTeamProfile()
	refused(t, err, "unknown_method")
}

func TestMissingScopeNamesWhatIsNeeded(t *testing.T) {
	o := noLimits()
	o.Scopes = []string{"chat:write"}
	b := open(t, o)
	_, err := b.api.GetUserInfo("U0BOB")
	var answer slack.SlackErrorResponse
	if !errors.As(err, &answer) || answer.Err != "missing_scope" || answer.Needed != "users:read" || answer.Provided != "chat:write" {
		t.Errorf("got %+v", answer)
	}
}

func TestViewsAndTriggers(t *testing.T) {
	now := startClock()
	o := noLimits()
	o.Now = now.read
	b := open(t, o)
	a := b.connect(acknowledge)
	trigger := func() string {
		b.ok("/workspace/say", map[string]any{"user": "bob", "channel": "sites", "text": "/distro add"})
		return a.await(t, "slash_commands").Data.(slack.SlashCommand).TriggerID
	}
	used := trigger()
	first, err := b.api.OpenView(used, nameModal())
	if err != nil || first.ID == "" || first.RootViewID != first.ID {
		t.Fatalf("open: %+v %v", first, err)
	}
	_, err = b.api.OpenView(used, nameModal())
	refused(t, err, "exchanged_trigger_id")
	_, err = b.api.OpenView("1.2.3", nameModal())
	refused(t, err, "invalid_trigger_id")
	late := trigger()
	now.pass(4 * time.Second)
	_, err = b.api.OpenView(late, nameModal())
	refused(t, err, "expired_trigger_id")
	for range 2 {
		if _, err := b.api.PushView(trigger(), nameModal()); err != nil {
			t.Error(err)
		}
	}
	_, err = b.api.PushView(trigger(), nameModal())
	refused(t, err, "push_limit_reached")
	next, err := b.api.UpdateView(nameModal(), "", first.Hash, first.ID)
	if err != nil || next.ID != first.ID || next.Hash == first.Hash {
		t.Errorf("update: %+v %v", next, err)
	}
	_, err = b.api.UpdateView(nameModal(), "", first.Hash, first.ID)
	refused(t, err, "hash_conflict")
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: planBlocks()}}
	if _, err := b.api.PublishView("U0BOB", home, ""); err != nil || b.state().Homes["U0BOB"]["type"] != "home" {
		t.Errorf("publish: %v", err)
	}
}

func TestRateLimits(t *testing.T) {
	now := startClock()
	b := open(t, workspace.Options{Now: now.read, Limits: workspace.Limits{PostBurst: 2, TierBurst: 3}})
	post := func(channel string) error {
		_, _, err := b.api.PostMessage(channel, slack.MsgOptionText("x", false))
		return err
	}
	limited := func(err error) time.Duration {
		var limit *slack.RateLimitedError
		if errors.As(err, &limit) {
			return limit.RetryAfter
		}
		return 0
	}
	if err := errors.Join(post("C0SITES"), post("C0SITES")); err != nil {
		t.Fatal(err)
	}
	if wait := limited(post("C0SITES")); wait != time.Second {
		t.Errorf("the third post in a burst of two waits %v", wait)
	}
	if err := post("D0BOB"); err != nil {
		t.Errorf("another channel has its own pace: %v", err)
	}
	now.pass(time.Second)
	if err := post("C0SITES"); err != nil {
		t.Errorf("after a second: %v", err)
	}
	ts := b.messages("sites")[0].TS
	var last error
	for range 4 {
		_, _, _, last = b.api.UpdateMessage("C0SITES", ts, slack.MsgOptionText("y", false))
	}
	if wait := limited(last); wait != 2*time.Second { // 50 a minute is one in 1.2 s, told in whole seconds
		t.Errorf("the fourth edit in a burst of three waits %v", wait)
	}
}

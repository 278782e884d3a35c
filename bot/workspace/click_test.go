package workspace_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// nextClick waits for the block_actions payload an app gets.
func (a *app) nextClick(t *testing.T) slack.InteractionCallback {
	t.Helper()
	return a.await(t, socketmode.EventTypeInteractive).Data.(slack.InteractionCallback)
}

// menus is a message with two buttons of one action id and some menus.
func menus() []slack.Block {
	option := func(v string) *slack.OptionBlockObject {
		return slack.NewOptionBlockObject(v, plain(strings.ToUpper(v)), nil)
	}
	row := func(id, value string) *slack.ActionBlock {
		return slack.NewActionBlock(id, slack.NewButtonBlockElement("site.upgrade", value, plain("Upgrade")))
	}
	return []slack.Block{row("row1", "shop 1"), row("row2", "blog 1"),
		slack.NewActionBlock("pick", slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Platform"), "platform", option("a1"), option("b2")),
			slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plain("Who"), "who"),
			slack.NewOverflowBlockElement("more", option("mute"), option("snooze")))}
}

func TestClicks(t *testing.T) {
	b := open(t, noLimits())
	a := b.connect(acknowledge)
	ts := b.post("C0SITES", "menus", menus())
	click := func(body map[string]any) slack.InteractionCallback {
		t.Helper()
		body["user"], body["channel"], body["ts"] = "bob", "#sites", ts
		if out := b.ok("/workspace/click", body); out["error"] != nil {
			t.Fatalf("%v: %v", body, out)
		}
		return a.nextClick(t)
	}
	got := click(map[string]any{"action_id": "site.upgrade", "value": "blog 1"})
	action := got.ActionCallback.BlockActions[0]
	if action.BlockID != "row2" || action.Value != "blog 1" || action.ActionTs == "" || got.TriggerID == "" || got.ResponseURL == "" || got.Container.ChannelID != "C0SITES" {
		t.Errorf("button: %+v", action)
	}
	got = click(map[string]any{"action_id": "platform", "selected": "b2"})
	if v := got.ActionCallback.BlockActions[0].SelectedOption.Value; v != "b2" || got.BlockActionState.Values["pick"]["platform"].SelectedOption.Value != "b2" {
		t.Errorf("select: %q, state %+v", v, got.BlockActionState)
	}
	got = click(map[string]any{"action_id": "who", "selected": "carol"})
	if v := got.ActionCallback.BlockActions[0].SelectedUser; v != "U0CAROL" || got.BlockActionState.Values["pick"]["platform"].SelectedOption.Value != "b2" {
		t.Errorf("users_select: %q, state %+v", v, got.BlockActionState)
	}
	got = click(map[string]any{"action_id": "more", "selected": "mute"})
	if v := got.ActionCallback.BlockActions[0].SelectedOption.Value; v != "mute" {
		t.Errorf("overflow: %q", v)
	}
	for _, bad := range []map[string]any{
		{"user": "bob", "ts": ts, "action_id": "nothing"}, {"user": "bob", "ts": ts, "action_id": "site.upgrade", "value": "wiki 1"},
		{"user": "bob", "ts": ts, "action_id": "platform", "selected": "c3"}, {"user": "bob", "ts": ts, "action_id": "platform"},
		{"user": "bob", "ts": "1.0", "action_id": "more"}, {"user": "mallory", "ts": ts, "action_id": "more"},
		{"user": "bob", "ts": ts, "action_id": "more", "selected": map[string]any{"value": "c3"}}, {"user": "bob", "ts": ts, "action_id": 7},
	} {
		if status, out := b.call("/workspace/click", bad); status < 400 || out["error"] == nil {
			t.Errorf("%v: %d %v", bad, status, out)
		}
	}
}

func TestEphemeralIsClickedAndReplaced(t *testing.T) {
	b := open(t, noLimits())
	a := b.connect(acknowledge)
	ts, err := b.api.PostEphemeral("C0SITES", "U0BOB", slack.MsgOptionText("sure?", false), slack.MsgOptionBlocks(planBlocks()...))
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := b.call("/workspace/click", map[string]any{"user": "carol", "ts": ts, "action_id": "plan.confirm"}); status != http.StatusNotFound {
		t.Errorf("carol clicked what only bob sees: %d", status)
	}
	b.ok("/workspace/click", map[string]any{"user": "bob", "ts": ts, "action_id": "plan.confirm"})
	got := a.nextClick(t)
	if !got.Container.IsEphemeral || got.Container.MessageTs != ts {
		t.Errorf("container %+v", got.Container)
	}
	if err := slack.PostWebhook(got.ResponseURL, &slack.WebhookMessage{Text: "done", ReplaceOriginal: true}); err != nil {
		t.Error(err)
	}
	if eph := b.state().Ephemerals["U0BOB"]; len(eph) != 1 || eph[0].Text != "done" || len(eph[0].Blocks) != 0 {
		t.Errorf("replaced: %+v", eph)
	}
	if err := slack.PostWebhook(got.ResponseURL, &slack.WebhookMessage{DeleteOriginal: true}); err != nil {
		t.Error(err)
	}
	if eph := b.state().Ephemerals["U0BOB"]; len(eph) != 0 {
		t.Errorf("deleted: %+v", eph)
	}
}

func TestResponseURLsWearOut(t *testing.T) {
	now := startClock()
	o := noLimits()
	o.Now = now.read
	b := open(t, o)
	a := b.connect(acknowledge)
	address := func() string {
		b.ok("/workspace/say", map[string]any{"user": "bob", "channel": "sites", "text": "/distro x"})
		return a.await(t, socketmode.EventTypeSlashCommand).Data.(slack.SlashCommand).ResponseURL
	}
	use := func(url string, m *slack.WebhookMessage) error { return slack.PostWebhook(url, m) }
	first := address()
	for i := range 5 {
		kind := []string{slack.ResponseTypeEphemeral, slack.ResponseTypeInChannel}[i%2]
		if err := use(first, &slack.WebhookMessage{Text: "x", ResponseType: kind}); err != nil {
			t.Errorf("use %d: %v", i+1, err)
		}
	}
	if err := use(first, &slack.WebhookMessage{Text: "x"}); err == nil {
		t.Error("a sixth use was accepted")
	}
	if n, eph := len(b.messages("sites")), len(b.state().Ephemerals["U0BOB"]); n != 2 || eph != 3 {
		t.Errorf("%d in the channel, %d for bob alone", n, eph)
	}
	late := address()
	now.pass(31 * time.Minute)
	if err := use(late, &slack.WebhookMessage{Text: "x"}); err == nil {
		t.Error("accepted after 31 minutes")
	}
}

func TestWhatPeopleMayNotDo(t *testing.T) {
	b := open(t, noLimits())
	root := b.post("C0SITES", "root", nil)
	dm := b.post("D0BOB", "for bob", planBlocks())
	for _, c := range []struct {
		path string
		body map[string]any
	}{
		{"say", map[string]any{"user": "mallory", "channel": "sites", "text": "x"}},
		{"say", map[string]any{"user": "distrobot", "channel": "sites", "text": "x"}},
		{"say", map[string]any{"user": "bob", "channel": "nowhere", "text": "x"}},
		{"say", map[string]any{"user": "bob", "channel": "D0CAROL", "text": "x"}},
		{"say", map[string]any{"user": "bob", "channel": "sites", "text": "  "}},
		{"say", map[string]any{"user": "bob", "channel": "sites", "text": "x", "thread_ts": "1.0"}},
		{"click", map[string]any{"user": "carol", "ts": dm, "action_id": "plan.confirm"}},
		{"submit", map[string]any{"user": "bob", "view_id": "V0", "values": map[string]any{}}},
		{"home", map[string]any{"user": "mallory"}},
	} {
		if status, out := b.call("/workspace/"+c.path, c.body); status < 400 || out["error"] == nil {
			t.Errorf("%s %v: %d %v", c.path, c.body, status, out)
		}
	}
	for text, want := range map[string]string{"/distro list": "not supported in threads", "/dance": "not supported in threads"} {
		out := b.ok("/workspace/say", map[string]any{"user": "bob", "channel": "sites", "text": text, "thread_ts": root})
		if problem, _ := out["error"].(string); !strings.Contains(problem, want) {
			t.Errorf("%s: %v", text, out)
		}
	}
	out := b.ok("/workspace/say", map[string]any{"user": "bob", "channel": "sites", "text": "/dance"})
	if problem, _ := out["error"].(string); !strings.Contains(problem, "not a valid command") {
		t.Errorf("/dance: %v", out)
	}
}

// A press from a screen that has not caught up reaches the app; one on what
// was never there does not, nor does one without the word.
func TestClickOnWornButton(t *testing.T) {
	b := open(t, noLimits())
	a := b.connect(acknowledge)
	ts := b.post("C0SITES", "menus", menus())
	if _, _, _, err := b.api.UpdateMessage("C0SITES", ts, slack.MsgOptionText("decided", false), slack.MsgOptionBlocks()); err != nil {
		t.Fatal(err)
	}
	press := func(value string, worn bool) (int, map[string]any) {
		return b.call("/workspace/click", map[string]any{"user": "bob", "channel": "#sites", "ts": ts, "action_id": "site.upgrade", "value": value, "worn": worn})
	}
	if status, out := press("shop 1", true); status != http.StatusOK || out["error"] != nil {
		t.Errorf("a worn button: %d %v", status, out)
	}
	if got := a.nextClick(t).ActionCallback.BlockActions[0]; got.Value != "shop 1" || got.BlockID != "row1" {
		t.Errorf("the app was told of %+v", got)
	}
	if status, _ := press("shop 1", false); status != http.StatusNotFound {
		t.Errorf("a button that is gone: %d", status)
	}
	if status, _ := press("shop 9", true); status != http.StatusNotFound {
		t.Errorf("a button that never was: %d", status)
	}
}

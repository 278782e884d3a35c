package workspace_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"github.com/distrobot/distrobot/bot/workspace"
)

// TestAppHearsItsOwnMessages holds the trap into which an app falls that answers
// every message: Slack tells it of its own ones too.
func TestAppHearsItsOwnMessages(t *testing.T) {
	o := noLimits()
	o.Events = []string{"message.im", "message.channels"}
	b := open(t, o)
	a := b.connect(acknowledge)
	next := func() (*slackevents.MessageEvent, slackevents.EventsAPIEvent) {
		e := a.await(t, socketmode.EventTypeEventsAPI).Data.(slackevents.EventsAPIEvent)
		return e.InnerEvent.Data.(*slackevents.MessageEvent), e
	}
	ts := b.post("U0CAROL", "from the bot", nil)
	if ev, _ := next(); ev.BotID != "B0DISTROBOT" || ev.User != "U0DISTROBOT" || ev.ChannelType != "im" || ev.TimeStamp != ts || ev.EventTimeStamp != ts {
		t.Errorf("its own message: %+v", ev)
	}
	b.ok("/workspace/say", map[string]any{"user": "carol", "channel": "sites", "text": "hello @distrobot"})
	if ev, _ := next(); ev.ChannelType != "channel" || ev.Channel != "C0SITES" || ev.BotID != "" || ev.ClientMsgID == "" {
		t.Errorf("a message in a channel: %+v", ev)
	}
	b.ok("/workspace/say", map[string]any{"user": "carol", "channel": "general", "text": "where the bot is not"})
	b.ok("/workspace/home", map[string]any{"user": "carol"}) // not subscribed
	b.post("C0SITES", "last", nil)
	if ev, _ := next(); ev.Text != "last" {
		t.Errorf("the next it hears is %+v", ev)
	}
	if _, _, _, err := b.api.UpdateMessage("D0CAROL", ts, slack.MsgOptionText("edited", false)); err != nil {
		t.Fatal(err)
	}
	if ev, _ := next(); ev.SubType != "message_changed" || ev.Message == nil || ev.Message.Text != "edited" || ev.PreviousMessage == nil || ev.PreviousMessage.Text != "from the bot" || ev.Message.Timestamp != ts {
		t.Errorf("its own edit: %+v", ev)
	}
	if _, _, err := b.api.DeleteMessage("D0CAROL", ts); err != nil {
		t.Fatal(err)
	}
	if ev, _ := next(); ev.SubType != "message_deleted" || ev.DeletedTimeStamp != ts || ev.PreviousMessage == nil || ev.PreviousMessage.Text != "edited" {
		t.Errorf("its own deletion: %+v", ev)
	}
	if c := b.state().Counters; c["delivered"] != 1 || c["unacknowledged"] != 0 {
		t.Errorf("what the app did itself is counted: %v", c)
	}
}

func TestScopesAreToldInHeaders(t *testing.T) {
	b := open(t, noLimits())
	var seen http.Header
	api := slack.New(b.BotToken(), slack.OptionAPIURL(b.url+"/api/"), slack.OptionOnResponseHeaders(func(_ string, h http.Header) { seen = h }))
	if _, err := api.GetUserInfo("U0BOB"); err != nil || seen.Get("X-Accepted-OAuth-Scopes") != "users:read" || !strings.Contains(seen.Get("X-OAuth-Scopes"), "chat:write") {
		t.Errorf("headers %v, %v", seen, err)
	}
}

// suggestView has a menu of the app's, and one that wants its conversation told.
const suggestView = `{"type":"modal","title":{"type":"plain_text","text":"Find"},"submit":{"type":"plain_text","text":"Go"},"blocks":[
	{"type":"input","block_id":"one","label":{"type":"plain_text","text":"One"},"element":{"type":"external_select","action_id":"find"}},
	{"type":"input","block_id":"many","optional":true,"label":{"type":"plain_text","text":"Many"},"element":{"type":"multi_external_select","action_id":"find","min_query_length":0}},
	{"type":"input","block_id":"where","optional":true,"label":{"type":"plain_text","text":"Where"},"element":{"type":"channels_select","action_id":"room","response_url_enabled":true}}]}`

// suggesting opens suggestView for bob with an app that answers with options.
func suggesting(t *testing.T, b *bench, answer *string, got chan<- slack.InteractionCallback) map[string]any {
	b.connect(func(api *slack.Client, socket *socketmode.Client, ev socketmode.Event) {
		switch data := ev.Data.(type) {
		case slack.SlashCommand:
			socket.Ack(*ev.Request)
			var view slack.ModalViewRequest
			if err := json.Unmarshal([]byte(suggestView), &view); err != nil {
				t.Error(err)
			}
			if _, err := api.OpenView(data.TriggerID, view); err != nil {
				t.Error(err)
			}
		case slack.InteractionCallback:
			got <- data
			if data.Type == slack.InteractionTypeBlockSuggestion {
				socket.Ack(*ev.Request, json.RawMessage(*answer))
				return
			}
			socket.Ack(*ev.Request)
		}
	})
	b.ok("/workspace/say", map[string]any{"user": "bob", "channel": "sites", "text": "/distro find"})
	eventually(t, "the modal is open", func() bool { return len(b.state().Views) == 1 })
	return b.state().Views[0]
}

func TestSuggestions(t *testing.T) {
	b := open(t, noLimits())
	answer := `{"options":[{"text":{"type":"plain_text","text":"Shop"},"value":"shop"},{"text":{"type":"plain_text","text":"News"},"value":"news"}]}`
	got := make(chan slack.InteractionCallback, 10)
	id := suggesting(t, b, &answer, got)["id"]
	ask := func(block, typed string) map[string]any {
		return b.ok("/workspace/suggest", map[string]any{"user": "bob", "view_id": id, "block_id": block, "action_id": "find", "value": typed})
	}
	if out := ask("one", "sh"); len(out["options"].([]any)) != 0 || len(got) != 0 {
		t.Errorf("two characters asked the app: %v", out)
	}
	if out := ask("one", "sho"); len(out["options"].([]any)) != 2 {
		t.Errorf("three characters found %v", out)
	}
	if c := <-got; c.Value != "sho" || c.BlockID != "one" || c.ActionID != "find" || c.View.ID != id || c.Container.Type != "view" {
		t.Errorf("the app was asked %+v", c)
	}
	submit := func(values map[string]any) (int, map[string]any) {
		return b.call("/workspace/submit", map[string]any{"user": "bob", "view_id": id, "values": values})
	}
	if status, out := submit(map[string]any{"one": map[string]any{"find": "blog"}}); status != http.StatusBadRequest {
		t.Errorf("what was not offered was taken: %v", out)
	}
	if status, out := submit(map[string]any{"many": map[string]any{"find": []string{"shop"}}}); status != http.StatusBadRequest {
		t.Errorf("what was offered elsewhere was taken: %v", out)
	}
	ask("many", "")
	<-got
	status, out := submit(map[string]any{"one": map[string]any{"find": "shop"}, "many": map[string]any{"find": []string{"shop", "news"}}, "where": map[string]any{"room": "sites"}})
	c := <-got
	if status != http.StatusOK || c.View.State.Values["one"]["find"].SelectedOption.Value != "shop" || len(c.View.State.Values["many"]["find"].SelectedOptions) != 2 {
		t.Fatalf("submitted %d %v as %+v", status, out, c.View.State)
	}
	if len(c.ResponseURLs) != 1 || c.ResponseURLs[0].BlockID != "where" || c.ResponseURLs[0].ChannelID != "C0SITES" {
		t.Fatalf("response URLs %+v", c.ResponseURLs)
	}
	if err := slack.PostWebhook(c.ResponseURLs[0].ResponseURL, &slack.WebhookMessage{Text: "found", ResponseType: "in_channel"}); err != nil || b.messages("sites")[0].Text != "found" {
		t.Errorf("the response URL: %v", err)
	}
}

func TestSuggestionsSlackRefuses(t *testing.T) {
	b := open(t, workspace.Options{Limits: workspace.Limits{Off: true}})
	answer := `{"options":[{"text":{"type":"plain_text","text":""},"value":"x"}]}`
	view := suggesting(t, b, &answer, make(chan slack.InteractionCallback, 10))
	ask := map[string]any{"user": "bob", "view_id": view["id"], "block_id": "one", "action_id": "find", "value": "sho"}
	if out := b.ok("/workspace/suggest", ask); !strings.Contains(out["error"].(string), "/options/0/text") {
		t.Errorf("an option without a text: %v", out)
	}
	answer = `{"options":[]}`
	if out := b.ok("/workspace/suggest", ask); out["error"] != nil || len(out["options"].([]any)) != 0 {
		t.Errorf("nothing found: %v", out)
	}
	ask["action_id"] = "room"
	ask["block_id"] = "where"
	if status, out := b.call("/workspace/suggest", ask); status != http.StatusBadRequest {
		t.Errorf("a menu of channels asked the app: %v", out)
	}
	ask["user"] = "alice"
	if status, out := b.call("/workspace/suggest", ask); status != http.StatusNotFound {
		t.Errorf("alice typed into bob's modal: %v", out)
	}
}

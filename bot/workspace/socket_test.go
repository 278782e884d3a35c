package workspace_test

import (
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"github.com/distrobot/distrobot/bot/workspace"
)

// planBlocks is a message with a button, as the bot posts them.
func planBlocks() []slack.Block {
	text := slack.NewTextBlockObject(slack.MarkdownType, "Upgrade *3 sites*", false, false)
	button := slack.NewButtonBlockElement("plan.confirm", "P1 1", slack.NewTextBlockObject(slack.PlainTextType, "Confirm", true, false))
	return []slack.Block{slack.NewSectionBlock(text, nil, nil), slack.NewActionBlock("plan", button)}
}

// storyApp answers a command with a message, a click with an edit and a modal,
// and a submission with an error first.
func storyApp(api *slack.Client, socket *socketmode.Client, ev socketmode.Event) {
	switch data := ev.Data.(type) {
	case slack.SlashCommand:
		socket.Ack(*ev.Request, map[string]any{"response_type": "ephemeral", "text": "on it: " + data.Text})
		api.PostMessage(data.ChannelID, slack.MsgOptionText("Upgrade 3 sites?", false), slack.MsgOptionBlocks(planBlocks()...))
	case slack.InteractionCallback:
		if data.Type == slack.InteractionTypeViewSubmission {
			if data.View.State.Values["name"]["name"].Value == "bad" {
				socket.Ack(*ev.Request, slack.NewErrorsViewSubmissionResponse(map[string]string{"name": "taken"}))
				return
			}
			socket.Ack(*ev.Request)
			return
		}
		socket.Ack(*ev.Request)
		api.OpenView(data.TriggerID, nameModal())
		api.UpdateMessage(data.Channel.ID, data.Message.Timestamp, slack.MsgOptionText("Confirmed by <@"+data.User.ID+">", false),
			slack.MsgOptionBlocks(slack.NewDividerBlock()))
		slack.PostWebhook(data.ResponseURL, &slack.WebhookMessage{Text: "seen " + data.ActionCallback.BlockActions[0].Value})
	default:
		acknowledge(api, socket, ev)
	}
}

// nameModal asks for one line.
func nameModal() slack.ModalViewRequest {
	plain := func(text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.PlainTextType, text, true, false)
	}
	input := slack.NewInputBlock("name", plain("Name"), nil, slack.NewPlainTextInputBlockElement(nil, "name"))
	return slack.ModalViewRequest{Type: slack.VTModal, CallbackID: "add", Title: plain("Add"), Submit: plain("Add"),
		Close: plain("Cancel"), Blocks: slack.Blocks{BlockSet: []slack.Block{input}}}
}

func TestStoryOverSocketMode(t *testing.T) {
	b := open(t, noLimits())
	b.connect(storyApp)
	said := b.ok("/workspace/say", map[string]any{"user": "bob", "channel": "#sites", "text": "/distro upgrade shop"})
	response, _ := said["response"].(map[string]any)
	if response["text"] != "on it: upgrade shop" || response["response_type"] != "ephemeral" || said["error"] != nil {
		t.Fatalf("say answered %v", said)
	}
	eventually(t, "the plan is posted", func() bool { return len(b.messages("sites")) == 1 })
	plan := b.messages("sites")[0]
	clicked := b.ok("/workspace/click", map[string]any{"user": "bob", "channel": "sites", "ts": plan.TS, "action_id": "plan.confirm", "value": "P1 1"})
	if clicked["error"] != nil {
		t.Fatalf("click answered %v", clicked)
	}
	eventually(t, "the plan is edited", func() bool { return b.messages("sites")[0].Text == "Confirmed by <@U0BOB>" })
	eventually(t, "the response URL is used", func() bool { return len(b.state().Ephemerals["U0BOB"]) == 2 })
	eventually(t, "the modal is open", func() bool { return len(b.state().Views) == 1 })
	submitNames(t, b)
	after := b.messages("sites")[0]
	if after.Edits != 1 || !after.Edited || len(after.Blocks) != 1 {
		t.Errorf("after the click: %+v", after)
	}
	if c := b.state().Counters; c["posts"] != 1 || c["edits"] != 1 || c["unacknowledged"] != 0 || c["rejected"] != 0 {
		t.Errorf("counters: %v", c)
	}
}

// submitNames fills in the modal: nothing, something bad, something good.
func submitNames(t *testing.T, b *bench) {
	t.Helper()
	id := b.state().Views[0]["id"]
	submit := func(value string) map[string]any {
		return b.ok("/workspace/submit", map[string]any{"user": "bob", "view_id": id,
			"values": map[string]any{"name": map[string]any{"name": value}}})
	}
	empty := submit("")
	if text, _ := empty["errors"].(map[string]any)["name"].(string); !strings.Contains(text, "required") {
		t.Errorf("empty: %v", empty)
	}
	if bad := submit("bad"); bad["errors"].(map[string]any)["name"] != "taken" || len(b.state().Views) != 1 {
		t.Errorf("bad: %v", bad)
	}
	if good := submit("shop"); good["error"] != nil || good["errors"] != nil || len(b.state().Views) != 0 {
		t.Errorf("good: %v", good)
	}
}

func TestEventsOverSocketMode(t *testing.T) {
	b := open(t, noLimits())
	a := b.connect(acknowledge)
	inner := func() any {
		return a.await(t, socketmode.EventTypeEventsAPI).Data.(slackevents.EventsAPIEvent).InnerEvent.Data
	}
	b.ok("/workspace/say", map[string]any{"user": "alice", "channel": "sites", "text": "@distrobot list <!channel> & a@b"})
	if ev, ok := inner().(*slackevents.AppMentionEvent); !ok || ev.Text != "<@U0DISTROBOT> list &lt;!channel&gt; &amp; a@b" || ev.User != "U0ALICE" {
		t.Errorf("app_mention: %+v", ev)
	}
	b.ok("/workspace/say", map[string]any{"user": "carol", "channel": "@distrobot", "text": "help"})
	if ev, ok := inner().(*slackevents.MessageEvent); !ok || ev.ChannelType != "im" || ev.Channel != "D0CAROL" || ev.Text != "help" {
		t.Errorf("message.im: %+v", ev)
	}
	b.ok("/workspace/home", map[string]any{"user": "carol"})
	if ev, ok := inner().(*slackevents.AppHomeOpenedEvent); !ok || ev.User != "U0CAROL" || ev.Tab != "home" {
		t.Errorf("app_home_opened: %+v", ev)
	}
	b.ok("/workspace/say", map[string]any{"user": "alice", "channel": "general", "text": "/invite @distrobot"})
	if ev, ok := inner().(*slackevents.MemberJoinedChannelEvent); !ok || ev.User != "U0DISTROBOT" || ev.Channel != "C0GENERAL" || ev.Inviter != "U0ALICE" {
		t.Errorf("member_joined_channel: %+v", ev)
	}
}

func TestUnansweredCommandIsShownAsTimeout(t *testing.T) {
	o := noLimits()
	o.AckTimeout = 50_000_000 // 50 ms
	b := open(t, o)
	b.connect(nil)
	out := b.ok("/workspace/say", map[string]any{"user": "bob", "channel": "sites", "text": "/distro list"})
	if out["error"] != "operation_timeout" {
		t.Errorf("say answered %v", out)
	}
	eph := b.state().Ephemerals["U0BOB"]
	if len(eph) != 1 || !strings.Contains(eph[0].Text, "operation_timeout") || b.state().Counters["unacknowledged"] != 1 {
		t.Errorf("shown: %+v", eph)
	}
}

func TestNobodyConnected(t *testing.T) {
	b := open(t, workspace.Options{AckTimeout: 50_000_000})
	out := b.ok("/workspace/say", map[string]any{"user": "bob", "channel": "sites", "text": "/distro list"})
	if out["error"] != "dispatch_failed" {
		t.Errorf("say answered %v", out)
	}
}

package outside_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/bot"
	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// TestBotOnEmulate has the bot do on emulate all that it does with Slack's Web
// API, and looks there at what became of it.
func TestBotOnEmulate(t *testing.T) {
	t.Parallel()
	g := visit(t)
	namesOnEmulate(t, g)
	messagesOnEmulate(t, g)
	doubtOnEmulate(t, g)
	answersOnEmulate(t, g)
	viewsOnEmulate(t, g)
	homeOnEmulate(t, g)
	sentHaveSlacksTypes(t, g)
	for method, has := range emulated {
		worked := 0
		for _, c := range g.of(method) {
			if c.answer.OK {
				worked++
			} else if has {
				t.Errorf("the bot's %s %v is refused: %d %s", method, c.args, c.status, c.answer.Error)
			}
		}
		if has && elsewhere[method] && worked == 0 {
			t.Logf("%s is not called here", method)
			continue
		}
		if has != (worked > 0) {
			t.Errorf("%s worked %d times", method, worked)
		}
	}
}

func namesOnEmulate(t *testing.T, g *guest) {
	id, err := g.bot.Resolve(t.Context(), "#sites")
	if err != nil || id != g.sites {
		t.Errorf("#sites is %q, %v", id, err)
	}
	if err := g.bot.Joined(t.Context(), g.sites); err != nil {
		t.Errorf("in #sites: %v", err)
	}
	if err := g.bot.Joined(t.Context(), "#general"); err == nil {
		t.Error("the bot believes that it is in #general")
	}
	who, err := g.bot.Actor(t.Context(), "@bob")
	if err != nil || who.ID != g.bob || who.Team != g.team {
		t.Errorf("@bob is %+v, %v", who, err)
	}
	if role, err := g.bot.Roles().Role(t.Context(), fleet.Actor{ID: g.alice, Team: g.team}); role != fleet.Administrator || err != nil {
		t.Errorf("alice is %v, %v", role, err)
	}
	for channel, in := range map[string]bool{"#sites": true, "#random": false} {
		party, err := g.bot.Party(t.Context(), channel)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := g.bot.Members().Belongs(t.Context(), who, party); m.In != in || err != nil {
			t.Errorf("bob in %s: %+v, %v", channel, m, err)
		}
	}
	// emulate has no user groups: whether bob is in one cannot be told.
	if role, err := g.bot.Roles().Role(t.Context(), who); role != fleet.Reader || err == nil {
		t.Errorf("bob is %v, %v", role, err)
	}
}

// tableMessage is a message with most that the bot draws.
func tableMessage(text string) fleet.Message {
	return fleet.Message{Text: text, Title: "1.1.0 is out", Lines: []fleet.Line{fleet.Say(text), fleet.Item("one & <two>")},
		Table:   &fleet.Table{Header: []string{"Package", "From", "To"}, Rows: [][]string{{"core", "1.0.0", "1.1.0"}}},
		Buttons: []fleet.Button{{Action: fleet.ActBuild, Label: "Build 1.1.0", Value: "a/1", Style: fleet.Primary}}}
}

func messagesOnEmulate(t *testing.T, g *guest) {
	posted := g.shows("news:a/1", tableMessage("1.1.0 of a is out."), "")
	g.shows("log:a/1", fleet.Message{Text: "A line of the log."}, posted.TS)
	again := g.shows("news:a/1", tableMessage("1.2.0 of a is out."), "")
	there := g.must("conversations.replies", "channel", g.sites, "ts", posted.TS, "include_all_metadata", "true").Messages
	if len(there) != 2 || again.TS != posted.TS || there[0].Text != "1.2.0 of a is out." || there[0].Edited == nil || there[1].ThreadTS != posted.TS {
		t.Fatalf("emulate has %+v", there)
	}
	blocks := string(there[0].Blocks)
	for _, want := range []string{`"type":"header"`, `"type":"table"`, `"text":"1.1.0"`, `one & <two>`, `"style":"primary"`} {
		if !strings.Contains(blocks, want) {
			t.Errorf("%s is not in %s", want, blocks)
		}
	}
	if !strings.Contains(string(there[0].Metadata), "nonce") {
		t.Errorf("the edit has lost the metadata: %s", there[0].Metadata)
	}
}

// doubtOnEmulate loses the answer to a post: the bot finds the message by its
// metadata and does not post it twice.
func doubtOnEmulate(t *testing.T, g *guest) {
	before := len(g.of("chat.postMessage"))
	g.loseNext("chat.postMessage")
	lost := g.shows("news:b/1", fleet.Message{Text: "Posted once."}, "")
	g.loseNext("chat.postMessage")
	g.shows("log:b/1", fleet.Message{Text: "Replied once."}, lost.TS)
	there := g.must("conversations.replies", "channel", g.sites, "ts", lost.TS).Messages
	if n := len(g.of("chat.postMessage")) - before; n != 2 || len(there) != 2 || there[1].Text != "Replied once." {
		t.Errorf("%d posts for two messages; emulate has %+v", n, there)
	}
	if len(g.of("conversations.history")) == 0 || len(g.of("conversations.replies")) == 0 {
		t.Error("the bot did not look for what it had posted")
	}
}

func answersOnEmulate(t *testing.T, g *guest) {
	g.answerWith(commands.Reply{Public: true, Message: fleet.Message{Text: "Said to all."}})
	asked := g.must("chat.postMessage", "channel", g.sites, "text", "a question")
	g.event("Ev1", map[string]any{"type": "app_mention", "user": g.alice, "text": "<@U0DISTROBOT> list", "ts": asked.TS, "channel": g.sites, "event_ts": asked.TS})
	g.await("an answer in the thread", func() bool {
		there := g.must("conversations.replies", "channel", g.sites, "ts", asked.TS).Messages
		return len(there) == 2 && there[1].Text == "Said to all." && there[1].User == "U0DISTROBOT"
	})
	g.answerWith(commands.Reply{Message: fleet.Message{Text: "For alice alone."}})
	g.event("Ev2", map[string]any{"type": "app_mention", "user": g.alice, "text": "<@U0DISTROBOT> list", "ts": asked.TS, "channel": g.sites, "event_ts": asked.TS})
	g.await("a private answer", func() bool {
		calls := g.of("chat.postEphemeral")
		return len(calls) == 1 && calls[0].answer.OK && calls[0].args.Get("user") == g.alice
	})
	var dm struct{ ID string }
	if err := json.Unmarshal(g.must("conversations.open", "users", g.alice).Channel, &dm); err != nil || dm.ID == "" {
		t.Fatal(dm, err)
	}
	g.event("Ev3", map[string]any{"type": "message", "channel_type": "im", "user": g.alice, "text": "list", "ts": "1.000001", "channel": dm.ID, "event_ts": "1.000001"})
	g.await("an answer in the direct message", func() bool {
		there := g.must("conversations.history", "channel", dm.ID).Messages
		return len(there) == 1 && there[0].Text == "For alice alone."
	})
}

// block is a block with its elements, as far as a press needs it.
type block struct {
	BlockID  string `json:"block_id"`
	Elements []struct {
		Type     string
		ActionID string `json:"action_id"`
		Value    string
	}
}

// view is what emulate answers about a view.
type view struct {
	ID, Hash string
	Blocks   []block
}

// views waits until a method has worked n times and gives the last view.
func (g *guest) views(method string, n int) view {
	g.t.Helper()
	g.await(method, func() bool { return len(g.of(method)) == n })
	last := g.of(method)[n-1]
	var v view
	if err := json.Unmarshal(last.answer.View, &v); err != nil || !last.answer.OK || v.ID == "" {
		g.t.Fatalf("%s: %+v %v", method, last.answer, err)
	}
	return v
}

// press presses the first element of the last block, in a message or a view.
func (g *guest) press(in map[string]any, blocks []block) {
	g.t.Helper()
	last := blocks[len(blocks)-1]
	button := last.Elements[0]
	body := map[string]any{"type": "block_actions", "team": map[string]any{"id": g.team}, "user": map[string]any{"id": g.alice, "team_id": g.team},
		"api_app_id": "A0DISTROBOT", "trigger_id": g.must("views.generateTriggerId", "user_id", g.alice).TriggerID,
		"actions": []any{map[string]any{"type": button.Type, "action_id": button.ActionID, "block_id": last.BlockID, "value": button.Value, "action_ts": "1.000001"}}}
	maps.Copy(body, in)
	raw, err := json.Marshal(body)
	if err != nil {
		g.t.Fatal(err)
	}
	g.deliver("interactions", []byte(url.Values{"payload": {string(raw)}}.Encode()))
}

func viewsOnEmulate(t *testing.T, g *guest) {
	g.answerWith(commands.Reply{Message: fleet.Message{Text: "A form.", Form: &fleet.Form{Command: "add", Title: "Add", Submit: "Add",
		Inputs: []fleet.Input{{Name: "name", Label: "Name"}, {Name: "kind", Label: "Kind", Choices: []fleet.Choice{{Value: "x", Label: "X"}}}}}}})
	g.command("add")
	if v := g.views("views.open", 1); len(v.Blocks) != 2 {
		t.Errorf("the form is %+v", v)
	}
	sheet := func(page string) commands.Reply {
		return commands.Reply{Message: fleet.Message{Text: "All rows.", Sheet: &fleet.Sheet{Title: "All rows", Lines: []fleet.Line{fleet.Say(page)},
			Rows: []fleet.SheetRow{{Left: fleet.Say("core"), Right: fleet.Say("1 → 2")}}, Buttons: []fleet.Button{{Action: fleet.ActCompare, Label: "Next page", Value: "p 2"}}}}}
	}
	posted := g.shows("news:c/1", tableMessage("1.3.0 of a is out."), "")
	var there []block
	if err := json.Unmarshal(g.must("conversations.replies", "channel", g.sites, "ts", posted.TS).Messages[0].Blocks, &there); err != nil {
		t.Fatal(err)
	}
	g.answerWith(sheet("Page one"))
	g.press(map[string]any{"channel": map[string]any{"id": g.sites, "name": "sites"}, "message": map[string]any{"ts": posted.TS}, "response_url": g.url + "/response/press",
		"container": map[string]any{"type": "message", "message_ts": posted.TS, "channel_id": g.sites}}, there)
	opened := g.views("views.open", 2)
	g.answerWith(sheet("Page two"))
	g.press(map[string]any{"container": map[string]any{"type": "view", "view_id": opened.ID}, "view": map[string]any{"id": opened.ID, "type": "modal", "callback_id": "sheet", "hash": opened.Hash}}, opened.Blocks)
	turned := g.views("views.update", 1)
	if page := string(g.of("views.update")[0].answer.View); turned.ID != opened.ID || turned.Hash == opened.Hash || !strings.Contains(page, "Page two") {
		t.Errorf("turning %+v gave %+v", opened, turned)
	}
}

func homeOnEmulate(t *testing.T, g *guest) {
	g.event("Ev4", map[string]any{"type": "app_home_opened", "user": g.alice, "tab": "home", "channel": "D1", "event_ts": "1.000001"})
	g.views("views.publish", 1)
	link := g.of("chat.getPermalink")
	if len(link) != 1 || !strings.Contains(string(g.of("views.publish")[0].answer.View), link[0].answer.Permalink) {
		t.Errorf("the home has no link to the plan's message: %+v", link)
	}
}

// sentHaveSlacksTypes checks each message and view that the bot sent.
func sentHaveSlacksTypes(t *testing.T, g *guest) {
	modules := map[string]string{}
	for _, method := range bot.Methods() {
		for i, c := range g.of(method) {
			name := fmt.Sprintf("%s/%d", method, i)
			var sent struct{ View json.RawMessage }
			switch {
			case strings.HasPrefix(method, "views."):
				if err := json.Unmarshal(c.body, &sent); err != nil || sent.View == nil {
					t.Fatalf("%s was sent %s: %v", method, c.body, err)
				}
				modules[name] = module("slack.View", indented(t, sent.View))
			case c.args.Has("blocks"):
				text, err := json.Marshal(c.args.Get("text"))
				if err != nil {
					t.Fatal(err)
				}
				modules[name] = module("slack.Message", fmt.Appendf(nil, `{"text":%s,"blocks":%s}`, text, c.args.Get("blocks")))
			}
		}
	}
	if len(modules) < 12 {
		t.Errorf("only %d messages and views were sent", len(modules))
	}
	for name, faults := range fromNPM(t).compile(t, modules) {
		t.Errorf("%s: %s\n%s", name, strings.Join(faults, "\n"), modules[name])
	}
}

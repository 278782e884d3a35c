package bot

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// pagesOf is a desk that shows a long comparison in pages.
func pagesOf(n int) func(commands.Press) (commands.Reply, error) {
	return func(p commands.Press) (commands.Reply, error) {
		c := fleet.Comparison{From: "atrium-1.0.0", To: "atrium-1.1.0"}
		for i := range n {
			c.Rows = append(c.Rows, fleet.Row{Package: fmt.Sprintf("part_%03d <!channel>", i), Type: "module", From: "1.0", To: "1.1", Change: fleet.Upgraded})
		}
		page, what := 0, p.Value
		fmt.Sscanf(p.Value, "%d %s", &page, &what)
		m := fleet.Message{Text: "The fall-back.", Lines: []fleet.Line{fleet.Say("The fall-back.")}}
		m.Sheet = fleet.SheetOf(c, page, fleet.ActSheet, func(to int) string { return fmt.Sprintf("%d %s", to, what) })
		m.Sheet.Choose = &fleet.Select{Action: fleet.ActSheet, Label: "Compare for", Initial: "0 " + what,
			Choices: []fleet.Choice{{Value: "0 all", Label: "All sites"}, {Value: "0 one", Label: "one.example.org"}}}
		return commands.Reply{Message: m}, nil
	}
}

// TestSheet opens a comparison as a modal, turns its pages and chooses a site,
// all in one view; where no modal can be opened the answer is a message.
func TestSheet(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.desk.press = pagesOf(70)
		r.want("plan:p1", "C0SITES")
		r.desk.run = func(commands.Ask) (commands.Reply, error) {
			return commands.Reply{Public: true, Message: fleet.Message{Text: "A plan.", Buttons: []fleet.Button{{Action: fleet.ActCompare, Label: "Compare in full", Value: "all"}}}}, nil
		}
		r.say("alice", "sites", "/distro plan")
		m := r.shows("sites", "A plan.")
		r.click("alice", "sites", m.TS, fleet.ActCompare)
		view := func() string {
			if v := r.state().Views; len(v) == 1 {
				return toJSON(v[0])
			}
			return ""
		}
		r.eventually("a sheet", func() bool { return strings.Contains(view(), "part_029") })
		if v := view(); strings.Contains(v, "part_030") || strings.Contains(v, "<!channel>") || !strings.Contains(v, "Rows 1 to 30 of 70") {
			t.Fatalf("the first page: %s", v)
		}
		id := r.state().Views[0]["id"]
		r.call("/workspace/click", obj{"user": "alice", "view_id": id, "action_id": fleet.ActSheet, "value": "1 all"})
		r.eventually("the second page", func() bool { return strings.Contains(view(), "part_059") })
		r.call("/workspace/click", obj{"user": "alice", "view_id": id, "action_id": fleet.ActSheet + "#menu", "selected": "0 one"})
		r.eventually("the other site", func() bool { return strings.Contains(view(), "part_000") && strings.Contains(view(), "1 one") })
		if n := len(r.state().Views); n != 1 || r.state().Views[0]["id"] != id {
			t.Errorf("%d views", n)
		}
	})
}

// TestSheetFallsBack: what cannot be opened is said to the person in the channel.
func TestSheetFallsBack(t *testing.T) {
	r := newRig(t, rigOptions{idle: true})
	r.bot.disp.api = slack.New(r.ws.BotToken(), slack.OptionAPIURL(r.url+"/api/"),
		slack.OptionHTTPClient(&refuse{method: "views.open", code: "expired_trigger_id", next: r.bot.client}))
	r.start(r.bot)
	r.desk.press = pagesOf(3)
	r.desk.run = func(commands.Ask) (commands.Reply, error) {
		return commands.Reply{Public: true, Message: fleet.Message{Text: "A plan.", Buttons: []fleet.Button{{Action: fleet.ActCompare, Label: "Compare in full", Value: "all"}}}}, nil
	}
	r.say("alice", "sites", "/distro plan")
	m := r.shows("sites", "A plan.")
	r.click("alice", "sites", m.TS, fleet.ActCompare)
	r.private("U0ALICE", "The fall-back.")
}

// TestManyChoices: several options of a menu are handed on, joined by commas,
// and a form with all the menus it may have keeps Slack's limits.
func TestManyChoices(t *testing.T) {
	r := newRig(t, rigOptions{})
	p := fleet.Plan{ID: "01abc", Revision: 2, Title: "Upgrade 700 sites", Scope: fleet.Scope{Without: []fleet.URI{"s001.a-rather-long-name.sites.example.org"}}}
	for i := range 700 {
		p.Sites = append(p.Sites, fleet.PlanSite{URI: fleet.URI(fmt.Sprintf("s%03d.a-rather-long-name.sites.example.org", i)), Progress: fleet.SiteWaiting})
	}
	form := fleet.WithoutForm(p)
	r.desk.run = func(commands.Ask) (commands.Reply, error) {
		return commands.Reply{Message: fleet.Message{Text: "Choose.", Form: &form}}, nil
	}
	r.say("alice", "sites", "/distro choose")
	r.eventually("a form", func() bool { return len(r.state().Views) == 1 })
	view := r.state().Views[0]
	got := r.call("/workspace/submit", obj{"user": "alice", "view_id": view["id"], "values": obj{
		"in.sites.0": obj{"value": []string{"s001.a-rather-long-name.sites.example.org", "s002.a-rather-long-name.sites.example.org"}}}})
	if got["error"] != nil {
		t.Fatal(got)
	}
	r.eventually("a submission", func() bool { return len(r.desk.pressed()) == 1 })
	sent := r.desk.pressed()[0]
	if want := "s001.a-rather-long-name.sites.example.org,s002.a-rather-long-name.sites.example.org"; sent.Inputs["sites.0"] != want || sent.Inputs["sites.4"] != "" || sent.Value != "01abc|2" {
		t.Errorf("%+v", sent)
	}
	if v, err := formView(form, "C1"); err != nil || len(CheckView(v.Blocks.BlockSet)) > 0 {
		t.Errorf("%v %v", err, CheckView(v.Blocks.BlockSet))
	}
}

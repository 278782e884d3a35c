package bot

import (
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

func TestForm(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.desk.run = func(commands.Ask) (commands.Reply, error) {
			return commands.Reply{Message: fleet.Message{Text: "Add.", Form: &fleet.Form{Command: "add", Title: "Add a distribution", State: "s1",
				Intro: []fleet.Line{fleet.Say("What shall be tracked?")},
				Inputs: []fleet.Input{{Name: "name", Label: "Name", Hint: "short"}, {Name: "kind", Label: "Kind", Initial: "generic",
					Choices: []fleet.Choice{{Value: "generic", Label: "Generic"}, {Value: "drupal", Label: "Drupal"}}}}}}}, nil
		}
		r.say("alice", "sites", "/distro add")
		r.eventually("a form", func() bool { return len(r.state().Views) == 1 })
		view := r.state().Views[0]
		r.desk.press = func(p commands.Press) (commands.Reply, error) {
			if p.Inputs["name"] == "bad name" {
				return commands.Reply{Errors: map[string]string{"name": "A name has no spaces."}}, nil
			}
			return commands.Reply{Public: true, Message: fleet.Message{Text: "Added " + p.Inputs["name"] + "."}}, nil
		}
		values := func(name string) obj {
			return obj{"in.name": obj{"value": name}, "in.kind": obj{"value": "drupal"}}
		}
		got := r.call("/workspace/submit", obj{"user": "alice", "view_id": view["id"], "values": values("bad name")})
		if errs, _ := got["errors"].(obj); errs["in.name"] != "A name has no spaces." {
			t.Fatalf("errors: %v\n%s", got, r.log)
		}
		got = r.call("/workspace/submit", obj{"user": "alice", "view_id": view["id"], "values": values("atrium")})
		if got["errors"] != nil || got["error"] != nil {
			t.Fatalf("submit: %v", got)
		}
		r.shows("sites", "Added atrium.")
		p := r.desk.pressed()[1]
		if p.Command != "add" || p.Inputs["kind"] != "drupal" || p.Value != "s1" || p.Channel != "C0SITES" || p.ID == r.desk.pressed()[0].ID {
			t.Errorf("submitted %+v", p)
		}
	})
}

// TestFormFromAMention: a message gives no trigger, so a button opens the form.
func TestFormFromAMention(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.desk.run = func(commands.Ask) (commands.Reply, error) {
		return commands.Reply{Public: true, Message: fleet.Message{Text: "Add.", Form: &fleet.Form{Command: "add", Title: "Add", Inputs: []fleet.Input{{Name: "name", Label: "Name"}}}}}, nil
	}
	r.say("alice", "sites", "<@"+r.ws.BotUserID()+"> add")
	m := r.shows("sites", "press the button")
	r.click("bob", "sites", m.TS, fleet.ActAsk)
	r.eventually("a form", func() bool { return len(r.state().Views) == 1 })
	if asks := r.desk.asked(); asks[1].Text != "add" || asks[1].Who.ID != "U0BOB" {
		t.Errorf("the form is opened for the one who pressed: %+v", asks[1])
	}
}

// TestRedeliveredCommand: an envelope that comes again over a reconnect is
// acknowledged and not run again.
func TestRedeliveredCommand(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.say("alice", "sites", "/distro list")
	r.fault(obj{"kind": "redeliver", "count": 1})
	r.say("alice", "sites", "/distro platforms")
	if asks := r.desk.asked(); len(asks) != 2 || asks[1].Text != "platforms" {
		t.Errorf("asked %+v", asks)
	}
}

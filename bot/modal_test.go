package bot

import (
	"strings"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// places is a form whose inputs depend on each other; place is searched.
func places(f commands.Draft) (fleet.Form, error) {
	if f.Search != "" {
		in := fleet.Input{Name: f.Search}
		for _, v := range []string{"web1", "web2", "mail"} {
			if strings.Contains(v, f.Query) {
				in.Choices = append(in.Choices, fleet.Choice{Value: v, Label: v})
			}
		}
		return fleet.Form{Inputs: []fleet.Input{in}}, nil
	}
	form := fleet.Form{Command: "site create", Title: "Create a site", State: "s", Inputs: []fleet.Input{
		{Name: "uri", Label: "Address"},
		{Name: "how", Label: "How", Redraw: true, Choices: []fleet.Choice{{Value: "here", Label: "Here"}, {Value: "there", Label: "There"}}},
		{Name: "tags", Label: "Tags", Many: true, Optional: true, Initial: "a,c", Choices: []fleet.Choice{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}, {Value: "c", Label: "C"}}},
	}}
	if f.Inputs["how"] == "there" {
		form.Inputs = append(form.Inputs, fleet.Input{Name: "place", Label: "Place", Search: true, Optional: true})
	}
	return form, nil
}

// opened lets alice open the form of places, and gives its view.
func (r *rig) opened() obj {
	r.t.Helper()
	r.desk.draft = places
	r.desk.run = func(commands.Ask) (commands.Reply, error) {
		form, _ := places(commands.Draft{})
		return commands.Reply{Message: fleet.Message{Text: "Create.", Form: &form}}, nil
	}
	r.say("alice", "sites", "/distro site create")
	r.eventually("a form", func() bool { return len(r.state().Views) == 1 })
	return r.state().Views[0]
}

func (r *rig) view() string {
	if views := r.state().Views; len(views) > 0 {
		return toJSON(views[len(views)-1])
	}
	return ""
}

// TestFormIsDrawnAnew shows an input once another one asks for it, keeps what
// was typed, and searches.
func TestFormIsDrawnAnew(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		view := r.opened()
		r.call("/workspace/click", obj{"user": "alice", "view_id": view["id"], "block_id": "in.how", "action_id": "value", "selected": "there",
			"values": obj{"in.uri": obj{"value": "shop.example.org"}}})
		r.eventually("the place", func() bool { return strings.Contains(r.view(), `"in.place"`) })
		if !strings.Contains(r.view(), "shop.example.org") {
			t.Errorf("what was typed is lost:\n%s", r.view())
		}
		got := r.call("/workspace/suggest", obj{"user": "alice", "view_id": view["id"], "block_id": "in.place", "action_id": "value", "value": "web"})
		if options, _ := got["options"].([]any); len(options) != 2 {
			t.Fatalf("suggested: %v\n%s", got, r.log)
		}
		none := r.call("/workspace/suggest", obj{"user": "alice", "view_id": view["id"], "block_id": "in.place", "action_id": "value", "value": "nosuch"})
		if options, _ := none["options"].([]any); len(options) != 0 || none["error"] != nil {
			t.Fatalf("suggested: %v", none)
		}
		r.call("/workspace/suggest", obj{"user": "alice", "view_id": view["id"], "block_id": "in.place", "action_id": "value", "value": ""})
		got = r.call("/workspace/submit", obj{"user": "alice", "view_id": view["id"], "values": obj{"in.place": obj{"value": "web2"}, "in.tags": obj{"value": []string{"a", "b"}}}})
		if got["error"] != nil || got["errors"] != nil {
			t.Fatalf("submit: %v", got)
		}
		p := r.desk.pressed()[0]
		if p.Inputs["place"] != "web2" || p.Inputs["how"] != "there" || p.Inputs["uri"] != "shop.example.org" || p.Inputs["tags"] != "a,b" || p.Value != "s" {
			t.Errorf("submitted %+v", p)
		}
	})
}

// TestSlowForm goes on in the modal when it takes longer than Slack waits, and
// loses nothing of what was filled in.
func TestSlowForm(t *testing.T) {
	r := newRig(t, rigOptions{})
	view := r.opened()
	answer := make(chan commands.Reply)
	r.desk.press = func(commands.Press) (commands.Reply, error) { return <-answer, nil }
	submit := func() {
		t.Helper()
		got := r.call("/workspace/submit", obj{"user": "alice", "view_id": view["id"], "values": obj{"in.uri": obj{"value": "shop.example.org"}, "in.how": obj{"value": "there"}}})
		if got["error"] != nil || got["errors"] != nil {
			t.Fatalf("submit: %v", got)
		}
		if !strings.Contains(r.view(), "Working on it") {
			t.Fatalf("nothing says that it takes long:\n%s", r.view())
		}
	}
	submit()
	answer <- commands.Reply{Errors: map[string]string{"uri": "There is a site there already."}}
	r.eventually("the form again", func() bool { return strings.Contains(r.view(), "There is a site there already.") })
	if v := r.view(); !strings.Contains(v, `"initial_value": "shop.example.org"`) || !strings.Contains(v, `"in.place"`) {
		t.Errorf("what was filled in is lost:\n%s", v)
	}
	submit()
	answer <- commands.Reply{Message: fleet.Message{Text: "Site shop.example.org is being created.", Lines: []fleet.Line{fleet.Say("Site shop.example.org is being created.")}}}
	r.eventually("the answer", func() bool { return strings.Contains(r.view(), "is being created") })
}

// TestFormOfAForm goes on with the form that a form answers with.
func TestFormOfAForm(t *testing.T) {
	r := newRig(t, rigOptions{})
	view := r.opened()
	r.desk.press = func(commands.Press) (commands.Reply, error) {
		return commands.Reply{Message: fleet.Message{Text: "Edit.", Form: &fleet.Form{Command: "edit", Title: "Edit it", Inputs: []fleet.Input{{Name: "url", Label: "Repository"}}}}}, nil
	}
	r.call("/workspace/submit", obj{"user": "alice", "view_id": view["id"], "values": obj{"in.uri": obj{"value": "x"}, "in.how": obj{"value": "here"}}})
	if !strings.Contains(r.view(), "Edit it") {
		t.Errorf("not the next form:\n%s", r.view())
	}
}

// TestFormMetaIsBounded refuses to open what Slack would refuse.
func TestFormMetaIsBounded(t *testing.T) {
	if _, err := formView(fleet.Form{Command: "x", State: strings.Repeat("s", maxMeta)}, "C1"); err == nil {
		t.Error("too much private metadata is sent")
	}
}

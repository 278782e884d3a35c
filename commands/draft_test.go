package commands_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// draft draws a form with what was chosen so far.
func (w *world) draft(who fleet.Actor, command string, inputs map[string]string) fleet.Form {
	w.t.Helper()
	f, err := w.table.Draft(w.ctx, commands.Draft{Command: command, Who: who, Inputs: inputs})
	w.ok(err)
	return f
}

// names are the inputs of a form, in their order.
func names(f fleet.Form) string {
	var out []string
	for _, in := range f.Inputs {
		out = append(out, in.Name)
	}
	return strings.Join(out, " ")
}

func input(f fleet.Form, name string) fleet.Input {
	for _, in := range f.Inputs {
		if in.Name == name {
			return in
		}
	}
	return fleet.Input{}
}

// submitted fills a form in as it is drawn, with some values of one's own.
func (w *world) submitted(who fleet.Actor, f fleet.Form, own map[string]string) commands.Reply {
	w.t.Helper()
	inputs := map[string]string{}
	for _, in := range f.Inputs {
		inputs[in.Name] = in.Initial
	}
	for k, v := range own {
		inputs[k] = v
	}
	w.asked++
	r, err := w.table.Press(w.ctx, commands.Press{ID: fmt.Sprint("form-", w.asked), Command: f.Command, Value: f.State, Inputs: inputs, Who: who, Channel: "C1"})
	w.ok(err)
	w.carry()
	return r
}

// TestFormsFollowWhatIsChosen shows the inputs that matter with what was chosen,
// and takes what is filled in there.
func TestFormsFollowWhatIsChosen(t *testing.T) {
	w := newWorld(t)
	add := *w.ask(bob, "add").Message.Form
	for _, tt := range []struct {
		chosen    map[string]string
		has, lack string
	}{
		{nil, "name url follow tags source kind", "branch"},
		{map[string]string{"follow": "branch"}, "follow branch source kind", "tags"},
		{map[string]string{"follow": "versions", "source": "makefile"}, "follow versions source path kind", "branch"},
		{map[string]string{"follow": "nothing", "source": "composer"}, "follow source path kind", "versions"},
		{map[string]string{"follow": "x", "source": "x"}, "follow tags source kind", "path"},
	} {
		if got := names(w.draft(bob, "add", tt.chosen)); !strings.Contains(got, tt.has) || slices.Contains(strings.Fields(got), tt.lack) {
			t.Errorf("%v gives %s", tt.chosen, got)
		}
	}
	w.says(w.submitted(bob, add, map[string]string{"name": "atrium", "url": atriumURL, "tags": `1\.\d+\.\d+`}), "is being built")
	one := *w.ask(bob, "edit").Message.Form
	if names(one) != strings.Replace(names(add), "name", "name", 1) || input(one, "tags").Initial != `1\.\d+\.\d+` {
		t.Errorf("with one distribution edit asks %s, tags %q", names(one), input(one, "tags").Initial)
	}
	w.ask(bob, "add other --kind drupal")
	two := *w.ask(bob, "edit").Message.Form
	if names(two) != "name" || len(two.Inputs[0].Choices) != 2 || !two.Inputs[0].Redraw {
		t.Fatalf("edit asks %+v", two)
	}
	edit := w.draft(bob, "edit", map[string]string{"name": "other"})
	if input(edit, "kind").Initial != "drupal" || input(edit, "follow").Initial != "nothing" {
		t.Errorf("%+v", edit)
	}
	edit = w.draft(bob, "edit", map[string]string{"name": "atrium", "follow": "versions", "source": "makefile"})
	r := w.submitted(bob, edit, map[string]string{"versions": "^1", "path": "build/site.make"})
	w.says(r, "Distribution atrium is changed", "versions ^1", "makefile")
	if _, err := w.table.Draft(w.ctx, commands.Draft{Command: "add", Who: carol}); fleet.CodeOf(err) != fleet.Forbidden {
		t.Errorf("a reader's form: %v", err)
	}
}

// TestSiteCreateForm makes a site by its form, and tells what is wrong beside
// the input that it is about.
func TestSiteCreateForm(t *testing.T) {
	w := newWorld(t)
	w.says(w.ask(bob, "site create"), "There is no platform yet")
	w.atrium()
	f := *w.ask(bob, "SITE Create").Message.Form
	if names(f) != "uri on tags" || input(f, "on").Initial != "dist:atrium" {
		t.Fatalf("%+v", f)
	}
	for _, tt := range []struct{ input, value, want string }{
		{"uri", "not an address", "is not"}, {"uri", "a.example.org", "already"}, {"on", "dist:nosuch", "There is no"}, {"tags", "a/b", ""},
	} {
		r := w.submitted(bob, f, map[string]string{"uri": "d.example.org", tt.input: tt.value})
		if got := r.Errors[tt.input]; got == "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s=%q gives %v", tt.input, tt.value, r.Errors)
		}
	}
	w.says(w.submitted(carol, f, map[string]string{"uri": "d.example.org"}), "You may not do that")
	w.says(w.submitted(bob, f, map[string]string{"uri": "d.example.org", "tags": "staging, eu"}), "Site d.example.org is being created on atrium-1.0.0")
}

// TestManyDistributionsAreSearched: over a hundred are not listed in a form, but
// found while somebody types.
func TestManyDistributionsAreSearched(t *testing.T) {
	w := newWorld(t)
	for i := range fleet.MaxChoices + 5 {
		w.ask(bob, fmt.Sprintf("add family%03d", i))
	}
	in := w.ask(bob, "edit").Message.Form.Inputs[0]
	if !in.Search || len(in.Choices) > 0 {
		t.Fatalf("%+v", in)
	}
	for query, want := range map[string]int{"": fleet.MaxChoices, "FAMILY10": 5, "family007": 1, "nosuch": 0} {
		f, err := w.table.Draft(w.ctx, commands.Draft{Command: "edit", Who: bob, Search: "name", Query: query})
		w.ok(err)
		if n := len(f.Inputs[0].Choices); n != want {
			t.Errorf("%q finds %d", query, n)
		}
	}
	edit := w.draft(bob, "edit", map[string]string{"name": "family104"})
	if in := edit.Inputs[0]; !in.Search || in.Initial != "family104" || len(in.Choices) != 1 {
		t.Errorf("what is chosen cannot be shown: %+v", in)
	}
}

// TestPolicyForm sets policies by their form: each shows what its policy says, what
// is wrong is told beside the input, what stays as it was is not looked up again,
// and an emptied input says nothing any more.
func TestPolicyForm(t *testing.T) {
	w, g := governed(t)
	if r := w.ask(bob, "policy set"); r.Message.Form != nil {
		t.Error("a maintainer is shown the form")
	}
	f := *w.ask(alice, "policy set").Message.Form
	if input(f, "name").Initial != "*" || input(f, "need-reason").Initial != "default" {
		t.Fatalf("%+v", f.Inputs)
	}
	if r := w.submitted(alice, f, map[string]string{"confirm": "2 of @nosuch"}); r.Errors["confirm"] == "" {
		t.Errorf("a wrong group is not told beside its input: %+v", r)
	}
	if r := w.submitted(alice, f, map[string]string{"freeze": "@release, @nobody"}); r.Errors["freeze"] == "" {
		t.Errorf("a wrong name is not told beside its input: %+v", r)
	}
	f, err := w.table.Draft(w.ctx, commands.Draft{Command: "policy set", Who: alice, Chosen: "name", Inputs: map[string]string{"name": "atrium", "confirm": "of the other"}})
	w.ok(err)
	if !f.Fresh || input(f, "confirm").Initial != "" {
		t.Errorf("what was filled in for another policy stays: %+v", f)
	}
	w.says(w.submitted(alice, f, map[string]string{"name": "atrium", "confirm": "2 of @release, @client", "need-reason": "yes", "build": "@release"}), "The policy of atrium is changed, revision 1")
	g.away = errors.New("slack is away")
	f = *w.ask(alice, "policy set atrium").Message.Form
	if input(f, "confirm").Initial != "2 of @release, @client" || input(f, "need-reason").Initial != "yes" || input(f, "build").Initial != "@release" {
		t.Errorf("the form shows %+v", f.Inputs)
	}
	w.says(w.submitted(alice, f, map[string]string{"build": "", "need-reason": "default"}), "revision 2", "build | maintainers | roles", "A reason with each approval: no", "confirm | @release or @client")
	w.says(w.submitted(carol, f, nil), "You may not do that")
}

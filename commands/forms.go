package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// choices are the options of a select, labelled for people.
func choices(values ...string) []fleet.Choice {
	labels := map[string]string{
		"ask": "Ask first", "auto": "At once",
		"generic": "Generic", "drupal": "Drupal", "backdrop": "Backdrop", "wordpress": "WordPress", "yes": "Yes", "no": "No",
	}
	out := make([]fleet.Choice, len(values))
	for i, v := range values {
		out[i] = fleet.Choice{Value: v, Label: labels[v]}
	}
	return out
}

// addForm is what add opens when it is called bare, and again whenever something
// is chosen that other inputs depend on.
func (t *Table) addForm(_ context.Context, r Request) (fleet.Form, error) {
	name := fleet.Input{Name: "name", Label: "Name", Placeholder: "atrium", Hint: "Letters, digits, dots, dashes and underscores."}
	d := fleet.Distribution{Kind: fleet.AutoKind, Source: fleet.Source{Type: "git"}}
	return fleet.Form{
		Command: "add", Title: "Add a distribution", Submit: "Add",
		Intro:  []fleet.Line{fleet.Say("A distribution names the platforms of one family, so that the right one to upgrade to is known.")},
		Inputs: append([]fleet.Input{name}, distInputs(d, r.Opts)...),
	}, nil
}

// editForm is what edit opens when no option is given: for one distribution, or
// first for choosing it.
func (t *Table) editForm(ctx context.Context, r Request) (fleet.Form, error) {
	f := fleet.Form{Command: "edit", Title: "Edit a distribution", Submit: "Save"}
	name := r.Opts["name"]
	if len(r.Args) > 0 {
		name = r.Args[0]
		f.State = name
	} else {
		dists, err := t.distChoices(ctx)
		if err != nil {
			return f, err
		}
		if len(dists) == 0 {
			return f, fleet.Errorf(fleet.NotFound, "There is no distribution yet.").WithHint("Add one: %s add", fleet.Slash)
		}
		if len(dists) == 1 && name == "" {
			name = dists[0].Value
		}
		f.Inputs = []fleet.Input{picked(fleet.Input{Name: "name", Label: "Distribution", Placeholder: "Choose one", Initial: name, Redraw: true}, dists)}
	}
	if name == "" {
		f.Submit = "Continue"
		return f, nil
	}
	d, err := t.dist(ctx, name)
	if err != nil {
		return f, err
	}
	if f.State != "" {
		f.State = string(d.Name)
		f.Intro = []fleet.Line{fleet.Say("Distribution ", fleet.Bold(string(d.Name)))}
	}
	f.Inputs = append(f.Inputs, distInputs(d, r.Opts)...)
	return f, nil
}

// The choices of what is followed, and which input each has.
var follow = []fleet.Choice{{Value: "tags", Label: "Tags that match an expression"}, {Value: "versions", Label: "Versions in a range"},
	{Value: "branch", Label: "A branch"}, {Value: "nothing", Label: "Nothing; builds are asked for"}}

// sources are how a checkout becomes a platform.
var sources = []fleet.Choice{{Value: "git", Label: "The checkout as it is"}, {Value: "composer", Label: "Composer installs it"},
	{Value: "makefile", Label: "A drush makefile in it"}}

// distInputs are the inputs of a distribution's settings as they are now, with
// what was chosen since. Only the input of what is followed is there, and the
// path only where a source has one.
func distInputs(d fleet.Distribution, chosen map[string]string) []fleet.Input {
	now := map[string]string{"tags": d.Track.Tags, "versions": d.Track.Versions, "branch": d.Track.Branch, "nothing": ""}
	what := chosen["follow"]
	if _, known := now[what]; !known {
		what = followed(d)
	}
	source := chosen["source"]
	if source == "" {
		source = d.Source.Type
	}
	out := []fleet.Input{
		{Name: "url", Label: "Git repository", Placeholder: "https://git.example.org/atrium.git",
			Hint: "Leave it empty to assign platforms by hand.", Initial: d.URL, Optional: true},
		{Name: "follow", Label: "Follow", Initial: what, Choices: follow, Redraw: true},
	}
	out = append(out, map[string][]fleet.Input{
		"tags": {{Name: "tags", Label: "Tags that match", Placeholder: `1\.\d+\.\d+`, Hint: "A regular expression for the whole tag.", Initial: now["tags"], Optional: true}},
		"versions": {{Name: "versions", Label: "Versions in the range", Placeholder: "^10.2", Hint: "Such as ^10.2, ~1.4 or 7.x-3.*",
			Initial: now["versions"], Optional: true}},
		"branch": {{Name: "branch", Label: "Branch", Placeholder: "main", Initial: now["branch"], Optional: true}},
	}[what]...)
	out = append(out, fleet.Input{Name: "source", Label: "What becomes a platform", Initial: source, Choices: sources, Redraw: true})
	out = append(out, map[string][]fleet.Input{
		"composer": {{Name: "path", Label: "Directory of composer.json", Hint: "Leave it empty for the top of the repository.", Initial: pathOf(d, source), Optional: true}},
		"makefile": {{Name: "path", Label: "Path of the makefile", Placeholder: "build/site.make", Initial: pathOf(d, source)}},
	}[source]...)
	return append(append(out,
		fleet.Input{Name: "kind", Label: "Kind of site", Initial: string(d.Kind), Choices: kindChoices()},
		fleet.Input{Name: "build", Label: "Build new versions", Initial: orAsk(d.Policy.Build), Choices: choices("ask", "auto")},
		fleet.Input{Name: "target", Label: "Make a ready build the upgrade target", Initial: orAsk(d.Policy.Target), Choices: choices("ask", "auto")},
		fleet.Input{Name: "channel", Label: "Channel", Placeholder: "releases", Hint: "Leave it empty for the default channel.", Initial: d.Policy.Channel, Optional: true},
	), waveInputs(d.Policy)...)
}

// followed is the choice of what a distribution follows now.
func followed(d fleet.Distribution) string {
	switch {
	case d.Track.Versions != "":
		return "versions"
	case d.Track.Branch != "":
		return "branch"
	case d.Track.None() && d.Name != "":
		return "nothing"
	}
	return "tags"
}

func pathOf(d fleet.Distribution, source string) string {
	if d.Source.Type == source {
		return d.Source.Path
	}
	return ""
}

// joinInputs makes options of inputs that stand for parts of them: a source and
// its path, and the ways of following that were not chosen.
func joinInputs(opts, inputs map[string]string) {
	if path := strings.TrimSpace(inputs["path"]); path != "" && opts["source"] != "" && opts["source"] != "git" {
		opts["source"] += ":" + path
	}
	what := inputs["follow"]
	if slices.ContainsFunc(follow, func(c fleet.Choice) bool { return c.Value == what }) {
		for _, c := range follow {
			if c.Value != what && c.Value != "nothing" {
				opts[c.Value] = ""
			}
		}
	}
}

func kindChoices() []fleet.Choice {
	out := choices(kinds[:]...)
	for i := range out {
		if out[i].Value == string(fleet.AutoKind) {
			out[i].Label = "Find out when it is built"
		}
	}
	return out
}

func orAsk(a fleet.Auto) string {
	if a == fleet.Automatic {
		return "auto"
	}
	return "ask"
}

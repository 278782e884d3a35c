package commands

import (
	"context"

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

// addForm is what add opens when it is called bare. The input "name" is the
// command's argument; the others are its options.
func (t *Table) addForm(_ context.Context, _ Request) (fleet.Form, error) {
	name := fleet.Input{Name: "name", Label: "Name", Placeholder: "atrium", Hint: "Letters, digits, dots, dashes and underscores."}
	return fleet.Form{
		Command: "add", Title: "Add a distribution", Submit: "Add",
		Intro:  []fleet.Line{fleet.Say("A distribution names the platforms of one family, so that the right one to upgrade to is known.")},
		Inputs: append([]fleet.Input{name}, distInputs(fleet.Distribution{Kind: fleet.AutoKind, Source: fleet.Source{Type: "git"}})...),
	}, nil
}

// editForm is what edit opens when no option is given.
func editForm(d fleet.Distribution) fleet.Form {
	return fleet.Form{Command: "edit", Title: "Edit a distribution", Submit: "Save", State: string(d.Name),
		Intro: []fleet.Line{fleet.Say("Distribution ", fleet.Bold(string(d.Name)))}, Inputs: distInputs(d)}
}

// distInputs are the inputs of a distribution's settings, as they are now.
func distInputs(d fleet.Distribution) []fleet.Input {
	now := d.Source.Type
	if d.Source.Path != "" {
		now += ":" + d.Source.Path
	}
	return append([]fleet.Input{
		{Name: "url", Label: "Git repository", Placeholder: "https://git.example.org/atrium.git",
			Hint: "Leave it empty to assign platforms by hand.", Initial: d.URL, Optional: true},
		{Name: "tags", Label: "Follow tags that match", Placeholder: `1\.\d+\.\d+`,
			Hint: "A regular expression for the whole tag. Either this or a branch.", Initial: d.Track.Tags, Optional: true},
		{Name: "versions", Label: "Or follow versions in a range", Placeholder: "^10.2",
			Hint: "Such as ^10.2, ~1.4 or 7.x-3.*", Initial: d.Track.Versions, Optional: true},
		{Name: "branch", Label: "Follow a branch", Placeholder: "main", Initial: d.Track.Branch, Optional: true},
		{Name: "source", Label: "What becomes a platform", Placeholder: "git", Initial: now, Optional: true,
			Hint: "git is the checkout as it is. Or composer, composer:DIR, or makefile:PATH for a drush makefile in the repository."},
		{Name: "kind", Label: "Kind of site", Initial: string(d.Kind), Choices: choices(kinds[:]...)},
		{Name: "build", Label: "Build new versions", Initial: orAsk(d.Policy.Build), Choices: choices("ask", "auto")},
		{Name: "target", Label: "Make a ready build the upgrade target", Initial: orAsk(d.Policy.Target), Choices: choices("ask", "auto")},
		{Name: "channel", Label: "Channel", Placeholder: "releases", Hint: "Leave it empty for the default channel.", Initial: d.Policy.Channel, Optional: true},
	}, waveInputs(d.Policy)...)
}

func orAsk(a fleet.Auto) string {
	if a == fleet.Automatic {
		return "auto"
	}
	return "ask"
}

package bot

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// manyChoices draws a menu in which several options can be chosen; a person
// finds them by typing.
func manyChoices(in fleet.Input, hint *slack.TextBlockObject) *slack.MultiSelectBlockElement {
	el := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, hint, inputElem)
	chosen := strings.Split(in.Initial, ",")
	for _, c := range in.Choices {
		if len(el.Options) == fleet.MaxChoices || utf8.RuneCountInString(c.Value) > maxOption {
			continue // Slack's limits; what is left out can still be typed as a command
		}
		o := slack.NewOptionBlockObject(c.Value, plainObject(c.Label, maxLabel), nil)
		el.Options = append(el.Options, o)
		if slices.Contains(chosen, c.Value) {
			el.InitialOptions = append(el.InitialOptions, o)
		}
	}
	return el
}

// manyValues joins the options that were chosen.
func manyValues(options []slack.OptionBlockObject) string {
	var out []string
	for _, o := range options {
		out = append(out, o.Value)
	}
	return strings.Join(out, ",")
}

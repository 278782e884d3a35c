package commands

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
)

// newWhoami tells people who they are here; it is how an operator finds the
// ids for the settings.
func newWhoami(t *Table) Command {
	return Command{
		Verb: "whoami", Group: "More", Summary: "who you are here and what you may do", Help: []string{fleet.Slash + " whoami"}, Role: fleet.Nobody,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			text := "You are " + aRole(r.Role) + " here."
			if r.Role == fleet.Nobody {
				text = "You are not among the people who may use distrobot here."
			}
			return say(text, fleet.Say("Your id is ", fleet.Mono(r.Who.ID), ".")), nil
		},
	}
}

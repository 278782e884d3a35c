package commands

import "github.com/distrobot/distrobot/fleet"

// Unruled lists the buttons for more than readers that no policy rules.
func Unruled(t *Table) []string {
	var out []string
	for action, b := range t.presses() {
		if b.role > fleet.Reader && pressDemands()[action].of == nil {
			out = append(out, action)
		}
	}
	return out
}

// HasRight reports whether a policy rules a command.
func HasRight(name string) bool { return demands()[name].of != nil }

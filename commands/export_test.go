package commands

import (
	"maps"
	"slices"

	"github.com/distrobot/distrobot/fleet"
)

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

// Parse reads a line as Run does, up to the command's name, arguments and options.
func Parse(t *Table, line string) (string, []string, map[string]string, error) {
	tokens, err := lex(line, true)
	if err != nil {
		return "", nil, nil, err
	}
	cmd, rest, err := find(t.List(), tokens)
	if err != nil {
		return "", nil, nil, err
	}
	args, opts, err := cmd.split(rest)
	if err == nil {
		err = cmd.count(len(args))
	}
	return cmd.Name(), args, opts, err
}

// Values are the values of options, in the order of their names.
func Values(opts map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(opts)) {
		out = append(out, opts[name])
	}
	return out
}

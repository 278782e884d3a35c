package commands

import (
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// find finds the command that the words begin with, and gives the other words.
// Verbs are read in any case.
func find(list []Command, tokens []token) (Command, []token, error) {
	verb := strings.ToLower(tokens[0].text)
	var family []Command
	for _, c := range list {
		if c.Verb == verb {
			family = append(family, c)
		}
	}
	if len(family) == 0 {
		return Command{}, nil, unknownVerb(list, verb)
	}
	if len(tokens) > 1 && !tokens[1].quoted {
		for _, c := range family {
			if c.Sub != "" && strings.EqualFold(c.Sub, tokens[1].text) {
				return c, tokens[2:], nil
			}
		}
	}
	for _, c := range family {
		if c.Sub == "" {
			return c, tokens[1:], nil
		}
	}
	return Command{}, nil, unknownSub(family, tokens)
}

func unknownVerb(list []Command, verb string) error {
	var names []string
	for _, c := range list {
		if !slices.Contains(names, c.Verb) {
			names = append(names, c.Verb)
		}
	}
	e := fleet.Errorf(fleet.Invalid, "There is no command %q.", fleet.Clean(verb, 40))
	for _, c := range list {
		if c.Sub != "" && strings.EqualFold(c.Sub, verb) {
			return e.WithHint("Did you mean %q?", c.Verb+" "+c.Sub)
		}
	}
	if near := nearest(verb, names); near != "" {
		return e.WithHint("Did you mean %q? Type %s help for all commands.", near, fleet.Slash)
	}
	return e.WithHint("Type %s help for all commands.", fleet.Slash)
}

func unknownSub(family []Command, tokens []token) error {
	var names []string
	for _, c := range family {
		names = append(names, c.Sub)
	}
	verb := family[0].Verb
	if len(tokens) < 2 {
		return fleet.Errorf(fleet.Invalid, "What about the %s? Say one of: %s.", verb, strings.Join(names, ", ")).
			WithHint("For example: %s help %s", fleet.Slash, verb)
	}
	e := fleet.Errorf(fleet.Invalid, "There is no command %q.", fleet.Clean(verb+" "+tokens[1].text, 60))
	if near := nearest(strings.ToLower(tokens[1].text), names); near != "" {
		return e.WithHint("Did you mean %q?", verb+" "+near)
	}
	return e.WithHint("Say one of: %s.", strings.Join(names, ", "))
}

// split divides words into positional arguments and options: --name value,
// --name=value, and --switch; "--" ends the options.
func (c Command) split(tokens []token) ([]string, map[string]string, error) {
	args, opts := []string{}, map[string]string{}
	for i := 0; i < len(tokens); i++ {
		name, isOption := optionName(tokens[i])
		if !isOption {
			args = append(args, tokens[i].text)
			continue
		}
		if name == "" { // "--"
			for _, t := range tokens[i+1:] {
				args = append(args, t.text)
			}
			break
		}
		name, value, given := strings.Cut(name, "=")
		o, err := c.option(strings.ToLower(name))
		if err != nil {
			return nil, nil, err
		}
		switch {
		case o.Value == "" && given:
			return nil, nil, c.usage("The option --%s takes no value.", o.Name)
		case o.Value == "":
			value = "true"
		case !given:
			i++
			if i == len(tokens) {
				return nil, nil, c.usage("The option --%s needs a value: --%s %s.", o.Name, o.Name, o.Value)
			}
			if _, another := optionName(tokens[i]); another {
				return nil, nil, c.usage("The option --%s needs a value: --%s %s.", o.Name, o.Name, o.Value)
			}
			value = tokens[i].text
		}
		opts[o.Name] = value
	}
	return args, opts, nil
}

// optionName recognises an option, also when a keyboard made one long dash of
// the two short ones.
func optionName(t token) (string, bool) {
	if t.quoted {
		return "", false
	}
	for _, dash := range []string{"--", "—", "–"} {
		if rest, ok := strings.CutPrefix(t.text, dash); ok {
			return rest, true
		}
	}
	return "", false
}

// has reports whether the command has an option.
func (c Command) has(name string) bool {
	return slices.ContainsFunc(c.Options, func(o Option) bool { return o.Name == name })
}

func (c Command) option(name string) (Option, error) {
	var names []string
	for _, o := range c.Options {
		if o.Name == name {
			return o, nil
		}
		names = append(names, o.Name)
	}
	if near := nearest(name, names); near != "" {
		return Option{}, c.usage("There is no option --%s; did you mean --%s?", fleet.Clean(name, 40), near)
	}
	return Option{}, c.usage("There is no option --%s.", fleet.Clean(name, 40))
}

// count refuses too few and too many arguments.
func (c Command) count(n int) error {
	switch {
	case n < c.Min:
		return c.usage("Something is missing after %q.", c.Name())
	case c.Max >= 0 && n > c.Max:
		return c.usage("That is more than %q takes.", c.Name())
	}
	return nil
}

// usage is an error that shows how the command is typed.
func (c Command) usage(format string, args ...any) error {
	return fleet.Errorf(fleet.Invalid, format, args...).WithHint("Type: %s (for example: %s)", c.Usage(), c.Example())
}

// Example is a line to copy: the first of the command's help.
func (c Command) Example() string {
	for _, line := range c.Help {
		if strings.HasPrefix(line, fleet.Slash) {
			return line
		}
	}
	return ""
}

// Name is the verb, with its second word if it has one.
func (c Command) Name() string { return strings.TrimSpace(c.Verb + " " + c.Sub) }

// Usage is how the command is typed: "/distro build DIST [REF]".
func (c Command) Usage() string {
	return strings.TrimSpace(fleet.Slash + " " + c.Name() + " " + c.Args)
}

// nearest finds the word that was probably meant; "" if none is near.
func nearest(word string, words []string) string {
	word = strings.ToLower(word)
	best, limit := "", max(1, len(word)/3)+1
	for _, w := range words {
		low := strings.ToLower(w)
		if strings.HasPrefix(low, word) && len(word) >= 3 {
			return w
		}
		if d := distance(word, low); d < limit {
			best, limit = w, d
		}
	}
	return best
}

// distance counts insertions, deletions, replacements and swaps of neighbours.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 40 {
		return len(x)
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}

package commands

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// count, orDash and the others are small words of answers. Cells are never
// empty, because Slack refuses empty ones.
func count(n int) string { return strconv.Itoa(n) }

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

// areMany says "is 1 site" and "are 3 sites".
func areMany(n int, one, many string) string {
	if n == 1 {
		return "is 1 " + one
	}
	return fmt.Sprintf("are %d %s", n, many)
}

// lastPage bounds the numbers of pages that people may type.
const lastPage = 100_000

// pageOf reads the number of a page, from 1; "" is the first.
func pageOf(text string) (int, error) {
	if text == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > lastPage {
		return 0, fleet.Errorf(fleet.Invalid, "%q is not the number of a page.", fleet.Clean(text, 40))
	}
	return n, nil
}

// aRole says "a maintainer", "an administrator".
func aRole(r fleet.Role) string {
	if r == fleet.Administrator {
		return "an administrator"
	}
	return "a " + r.String()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// stamp is a moment in a cell or a field, which is shown in the reader's time zone.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return fleet.Moment(t)
}

// either says "a, b or c".
func either(words []string) string {
	if n := len(words) - 1; n > 0 {
		return strings.Join(words[:n], ", ") + " or " + words[n]
	}
	return strings.Join(words, "")
}

// commas divides "a, b,c" into its parts.
func commas(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// field is a labelled value of plain text; an empty one reads as a dash.
func field(label, value string) fleet.Field {
	return fleet.Field{Label: label, Value: fleet.Say(orDash(value))}
}

// room is a labelled channel.
func room(label, channel string) fleet.Field {
	if channel == "" {
		return field(label, "")
	}
	return fleet.Field{Label: label, Value: fleet.Say(fleet.In(channel))}
}

// mono is a labelled value in a fixed-width face.
func mono(label, value string) fleet.Field {
	if value == "" {
		return field(label, "")
	}
	return fleet.Field{Label: label, Value: fleet.Say(fleet.Mono(value))}
}

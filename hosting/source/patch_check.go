package source

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// hunk is the line before changed lines; it says how many there are.
var hunk = regexp.MustCompile(`^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@`)

// modes of git for what no project may contain.
var badMode = regexp.MustCompile(`^(?:new file mode|new mode|deleted file mode|old mode|index [0-9a-f.]+) (?:120000|160000)`)

// checkPatch refuses patches that would write outside of the project or make
// anything but ordinary files. The programs that apply them refuse most of that
// too; this does not depend on their versions.
func checkPatch(b []byte) error {
	found, oldLeft, newLeft := bytes.Contains(b, []byte("\nGIT binary patch")), 0, 0
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if oldLeft > 0 || newLeft > 0 { // content, whatever it looks like
			switch {
			case strings.HasPrefix(line, "-"):
				oldLeft--
			case strings.HasPrefix(line, "+"):
				newLeft--
			case !strings.HasPrefix(line, `\`):
				oldLeft, newLeft = oldLeft-1, newLeft-1
			}
			continue
		}
		if m := hunk.FindStringSubmatch(line); m != nil {
			found, oldLeft, newLeft = true, lines(m[1]), lines(m[2])
			continue
		}
		if badMode.MatchString(line) {
			return fleet.Errorf(fleet.Refused, "The patch makes a link or a submodule, which is not allowed.")
		}
		if err := checkHeader(line); err != nil {
			return err
		}
	}
	if !found {
		return fleet.Errorf(fleet.Refused, "This is not a patch.").WithHint("It may be a page with an error; look at it.")
	}
	return nil
}

// lines reads a count of a hunk; one that is left out is 1.
func lines(s string) int {
	if s == "" {
		return 1
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0 // too large to be true; what follows is read as headers
	}
	return n
}

// checkHeader looks at the names in a line outside of hunks.
func checkHeader(line string) error {
	if rest, ok := strings.CutPrefix(line, "diff --git "); ok {
		for _, name := range strings.Fields(rest) {
			if err := checkPatched(name); err != nil {
				return err
			}
		}
		return nil
	}
	for _, h := range []string{"--- ", "+++ ", "*** ", "rename from ", "rename to ", "copy from ", "copy to ", "Index: "} {
		if rest, ok := strings.CutPrefix(line, h); ok {
			name, _, _ := strings.Cut(rest, "\t")
			return checkPatched(name)
		}
	}
	return nil
}

// checkPatched looks at a name in a patch, with or without quotes.
func checkPatched(name string) error {
	name = strings.Trim(name, `" `)
	outside := strings.HasPrefix(name, "/") && name != "/dev/null" || strings.Contains(name, `\056`) || strings.Contains(name, `\057`)
	for part := range strings.SplitSeq(name, "/") {
		outside = outside || part == ".." || strings.EqualFold(part, ".git")
	}
	if outside {
		return fleet.Errorf(fleet.Refused, "The patch writes to %q, outside of its project.", fleet.Clean(name, 100))
	}
	return nil
}

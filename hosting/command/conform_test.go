package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/hosting/command"
)

// TestConformFindsWhatIsWrong runs the suite on programs that break the contract
// in one way each.
func TestConformFindsWhatIsWrong(t *testing.T) {
	const silent = `cat >/dev/null; echo '{"v":1,"result":{}}'`
	for _, c := range []struct{ name, breaks, want string }{
		{"a switch that does nothing", "switch) " + silent, "observe says"},
		{"a hold that does nothing", "hold) " + silent, "held false; it should be"},
		{"copies that are not made", "clone) " + silent, "check of generation 2"},
		{"late fences are taken", `switch|observe) sed 's/"fence":[0-9]*,/"fence":9999999999,/' | "$0.real" "$@"`, "lower than one seen before"},
		{"no list", "list) exit 1", "list fails"},
		{"talk on standard output", "create) echo hello; \"$0.real\" \"$@\"", "not one JSON document"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := example(t).Program
			at := filepath.Join(t.TempDir(), "backend")
			must(t, os.Symlink(p.Argv[0], at+".real"))
			must(t, os.WriteFile(at, []byte("#!/bin/sh\ncase $1 in\n"+c.breaks+" ;;\n*) exec \"$0.real\" \"$@\" ;;\nesac\n"), 0o755))
			p.Argv = []string{at}
			findings, err := command.Conform(t.Context(), p, func(string) {})
			must(t, err)
			if !strings.Contains(strings.Join(findings, "\n"), c.want) {
				t.Errorf("findings %q, want one with %q", findings, c.want)
			}
		})
	}
}

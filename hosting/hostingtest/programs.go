package hostingtest

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// argv makes programs of argument vectors.
func argv(commands ...[]string) func(hosting.Place) []hosting.Program {
	return func(hosting.Place) []hosting.Program {
		var out []hosting.Program
		for _, c := range commands {
			out = append(out, hosting.Program{Argv: c, Says: c[0]})
		}
		return out
	}
}

func testUpdate(t *testing.T, s *suite) {
	ctx := t.Context()
	one := s.publish("one")
	s.live(one, 1)
	c := generation(2, one, 2)
	s.make(c)
	before, err := s.b.Size(ctx, site, 1)
	s.ok(err)
	var said []string
	log := func(line string) { said = append(said, line) }
	s.ok(s.b.Run(ctx, c, argv(
		[]string{"sh", "-c", `echo "$SITE_URI $SITE_GENERATION"; env | grep -c SECRET || :; echo more >> data/log; echo x > "$SITE_ROOT/files/new.txt"`},
	), log))
	if len(said) != 3 || said[1] != string(site)+" 2" || said[2] != "0" {
		t.Errorf("output %q", said)
	}
	s.untouched(1)
	if after, err := s.b.Size(ctx, site, 2); err != nil || after.Bytes == before.Bytes {
		t.Errorf("the copy was not changed (%v)", err)
	}
	if a, err := s.b.Probe(ctx, site, "/files/new.txt"); err != nil || a.Status != 200 {
		t.Errorf("shared data is not seen by the live generation: %d %v", a.Status, err)
	}
	s.code(s.b.Run(ctx, c, argv([]string{"sh", "-c", "exit 3"}), log), fleet.Failed)
	s.code(s.b.Run(ctx, c, argv([]string{"no-such-program"}), log), fleet.Failed)
	if err := s.b.Run(ctx, c, argv([]string{"sh", "-c", "echo x > index.html"}), log); os.Geteuid() != 0 && err == nil {
		t.Error("a site wrote into its platform")
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.b.Run(gone, c, argv([]string{"sleep", "60"}), log); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled update: %v", err)
	}
}

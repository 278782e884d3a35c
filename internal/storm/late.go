package storm

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// late is a backend whose worker may stop for any time just before it changes
// the machine, and has not heard meanwhile that it must not: the worst moment to
// lose a task in. What it then tries must be refused by the machine itself, and
// is noted.
type late struct {
	hosting.Backend
	limit time.Duration
	notes *notebook
}

// stubborn bounds an act that heeds nobody.
const stubborn = 30 * time.Second

func (l late) act(ctx context.Context, what string, act func(context.Context) error) error {
	if l.limit > 0 {
		time.Sleep(rand.N(l.limit))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stubborn)
	defer cancel()
	err := act(ctx)
	if fleet.CodeOf(err) == fleet.Stale {
		l.notes.note(byMachine, what+": "+err.Error())
	}
	return err
}

func (l late) Lay(ctx context.Context, c hosting.Copy) error {
	return l.act(ctx, "lay", func(ctx context.Context) error { return l.Backend.Lay(ctx, c) })
}

func (l late) Fill(ctx context.Context, c hosting.Copy) (a hosting.Amount, err error) {
	err = l.act(ctx, "fill", func(ctx context.Context) error { a, err = l.Backend.Fill(ctx, c); return err })
	return a, err
}

func (l late) Run(ctx context.Context, c hosting.Copy, programs func(hosting.Place) []hosting.Program, log func(string)) error {
	return l.act(ctx, "run", func(ctx context.Context) error { return l.Backend.Run(ctx, c, programs, log) })
}

func (l late) Hold(ctx context.Context, c hosting.Copy) (at time.Time, err error) {
	err = l.act(ctx, "hold", func(ctx context.Context) error { at, err = l.Backend.Hold(ctx, c); return err })
	return at, err
}

func (l late) Switch(ctx context.Context, c hosting.Copy) error {
	return l.act(ctx, "switch", func(ctx context.Context) error { return l.Backend.Switch(ctx, c) })
}

func (l late) Release(ctx context.Context, c hosting.Copy) (d time.Duration, err error) {
	err = l.act(ctx, "release", func(ctx context.Context) error { d, err = l.Backend.Release(ctx, c); return err })
	return d, err
}

func (l late) Tidy(ctx context.Context, c hosting.Copy) error {
	return l.act(ctx, "tidy", func(ctx context.Context) error { return l.Backend.Tidy(ctx, c) })
}

// Who refused a writer that had lost its task.
const (
	byMachine = "machine" // the site's lock on the host
	byJournal = "journal" // the task's row
	byRow     = "row"     // the site's row
)

// A notebook outlives the workers that write into it: one line, by one write.
type notebook struct{ path string }

func (set Settings) notes() string { return filepath.Join(set.Data, "refusals") }

func (n *notebook) note(who, what string) {
	f, err := os.OpenFile(n.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return // a refusal that is not counted proves less, not more
	}
	defer f.Close()
	_, _ = fmt.Fprintf(f, "%s %s\n", who, strings.ReplaceAll(what, "\n", " "))
}

// count tells how often each of them has refused.
func (n *notebook) count() map[string]int {
	out := map[string]int{}
	b, _ := os.ReadFile(n.path) // none yet
	for line := range strings.Lines(string(b)) {
		who, _, _ := strings.Cut(line, " ")
		out[who]++
	}
	return out
}

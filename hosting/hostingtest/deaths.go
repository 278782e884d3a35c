package hostingtest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// dieAt works on a task and dies after its nth act on the machine: the act was
// done, its journal entry is never written. It reports whether it came to that.
func (w *fleetWorld) dieAt(ref fleet.TaskRef, n int) bool {
	w.Helper()
	ctx, die := context.WithCancel(context.Background())
	defer die()
	m := &mortal{Backend: w.backend}
	m.left.Store(int64(n))
	m.die = func() {
		w.store.Down(fleet.Errorf(fleet.Later, "The worker is dead."))
		die()
	}
	err := w.runnerOver("mortal", m).Run(ctx, ref, true)
	w.store.Down(nil)
	died := m.left.Load() <= 0
	if !died && err != nil {
		w.Fatal(err)
	}
	return died
}

// mortal dies after an act.
type mortal struct {
	hosting.Backend
	left atomic.Int64
	die  func()
}

func (m *mortal) after(err error) error {
	if m.left.Add(-1) == 0 {
		m.die()
	}
	return err
}

// Lay and all that follow are acts.
func (m *mortal) Lay(ctx context.Context, c hosting.Copy) error {
	return m.after(m.Backend.Lay(ctx, c))
}

// Fill is an act.
func (m *mortal) Fill(ctx context.Context, c hosting.Copy) (hosting.Amount, error) {
	a, err := m.Backend.Fill(ctx, c)
	return a, m.after(err)
}

// Run is an act.
func (m *mortal) Run(ctx context.Context, c hosting.Copy, programs func(hosting.Place) []hosting.Program, log func(string)) error {
	return m.after(m.Backend.Run(ctx, c, programs, log))
}

// Hold is an act.
func (m *mortal) Hold(ctx context.Context, c hosting.Copy) (time.Time, error) {
	at, err := m.Backend.Hold(ctx, c)
	return at, m.after(err)
}

// Drain is an act.
func (m *mortal) Drain(ctx context.Context, c hosting.Copy) error {
	return m.after(m.Backend.Drain(ctx, c))
}

// Switch is an act.
func (m *mortal) Switch(ctx context.Context, c hosting.Copy) error {
	return m.after(m.Backend.Switch(ctx, c))
}

// Release is an act.
func (m *mortal) Release(ctx context.Context, c hosting.Copy) (time.Duration, error) {
	d, err := m.Backend.Release(ctx, c)
	return d, m.after(err)
}

// Tidy is an act.
func (m *mortal) Tidy(ctx context.Context, c hosting.Copy) error {
	return m.after(m.Backend.Tidy(ctx, c))
}

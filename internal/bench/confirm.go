package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// confirm measures presses of Confirm on the whole program: three replicas of
// the bot over a real Redis that writes its file out before each reply, in the
// local workspace. 100 presses a second come on schedule whether or not earlier
// ones are answered, several people on each plan. The rows are the 99th
// percentiles, in milliseconds, of what the workspace waited for the
// acknowledgement, and of the time until the person saw what came of it.
func confirm() Measurement {
	return Measurement{Names: []string{"confirm-ack", "confirm-visible"}, Run: runConfirm}
}

const (
	confirmReplicas = 3
	confirmPeople   = 300 // a third of them are readers
	confirmPlans    = 64  // each moves one site
	confirmPresses  = 600
	confirmEvery    = 10 * time.Millisecond
)

func runConfirm(ctx context.Context, b *B) (rows []Row, err error) {
	began := time.Now()
	w, err := startConfirmWorld(ctx, b.Dir)
	if err != nil {
		return nil, err
	}
	defer w.end()
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, w.trouble())
		}
	}()
	if err := w.makeFleet(ctx); err != nil {
		return nil, err
	}
	plans, err := w.propose(ctx)
	if err != nil {
		return nil, err
	}
	w.worker.end() // what is confirmed waits: the hosting machine's load is not measured
	b.Note("confirm set-up of %d plans took %.1f s; load average %s", len(plans), time.Since(began).Seconds(), loadAverage())
	w.watch.forget()
	presses, err := w.pressAll(ctx, plans)
	if err != nil {
		return nil, err
	}
	if err := w.account(ctx, b, plans, presses); err != nil {
		return nil, err
	}
	ack := percentiles(presses, func(p *press) time.Duration { return p.ack })
	visible := percentiles(presses, func(p *press) time.Duration { return p.seen.Sub(p.due) })
	late := percentiles(presses, func(p *press) time.Duration { return p.late })
	b.Note("confirm-ack %s ms; load average %s", ack, loadAverage())
	b.Note("confirm-visible %s ms; the presses themselves came late by %s ms", visible, late)
	return []Row{
		{Name: "confirm-ack", Value: ms(ack.at(99)), Bound: 300},
		{Name: "confirm-visible", Value: ms(visible.at(99)), Bound: 500},
	}, nil
}

// sorted durations, for percentiles.
type sorted []time.Duration

func percentiles(presses []*press, of func(*press) time.Duration) sorted {
	var out sorted
	for _, p := range presses {
		out = append(out, of(p))
	}
	slices.Sort(out)
	return out
}

// at is the smallest value that p percent of all do not exceed.
func (s sorted) at(p int) time.Duration { return s[(len(s)*p+99)/100-1] }

// String gives the usual percentiles in milliseconds.
func (s sorted) String() string {
	return fmt.Sprintf("p50 %.0f, p90 %.0f, p99 %.0f, most %.0f", ms(s.at(50)), ms(s.at(90)), ms(s.at(99)), ms(s.at(100)))
}

// loadAverage tells how busy the machine is, which these rows depend on.
func loadAverage() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(raw)); err == nil && len(f) > 0 {
		return f[0]
	}
	return "unknown"
}

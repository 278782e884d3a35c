package bench

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/local"
)

func planOf(value string) fleet.PlanID {
	id, _, _ := strings.Cut(value, "|")
	return fleet.PlanID(id)
}

// arrived looks at every site, in the rows and on its host: the good ones are on
// the new platform, the broken ones on the old one, untouched, and pinned.
func (w *fleetWorld) arrived(ctx context.Context, id fleet.PlanID) error {
	p := fleet.Plan{ID: id}
	if err := fleet.One(ctx, w.store, &p, "plan "+string(id)); err != nil {
		return err
	}
	ends := map[fleet.SiteProgress]int{}
	for _, s := range p.Sites {
		ends[s.Progress]++
	}
	want := map[fleet.SiteProgress]int{fleet.SiteDone: w.f.sites - w.f.faults(), fleet.SiteBack: w.f.faults()}
	if !maps.Equal(ends, want) {
		return fmt.Errorf("the plan's sites ended as %v, not as %v", ends, want)
	}
	for i := range w.f.sites {
		if err := w.at(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (w *fleetWorld) at(ctx context.Context, i int) error {
	s := fleet.Site{URI: fleetURI(i)}
	if err := fleet.One(ctx, w.store, &s, "site "+string(s.URI)); err != nil {
		return err
	}
	live, err := (&local.Backend{Data: w.workers[i%fleetWorkers].data}).Live(ctx, s.URI)
	if err != nil {
		return err
	}
	on, generation := fleetTo, int64(2)
	if w.f.faulty(i) {
		on, generation = fleetFrom, 1
	}
	if s.Platform != on || live.Platform != on || s.Generation != generation || live.Generation != generation || (s.Pinned != "") != w.f.faulty(i) {
		return fmt.Errorf("site %s is on %s, generation %d (pinned: %q), and on its host on %s, generation %d; it should be on %s, generation %d",
			s.URI, s.Platform, s.Generation, s.Pinned, live.Platform, live.Generation, on, generation)
	}
	return nil
}

// sofar is what was used before the plan was confirmed.
type sofar struct {
	cpu   map[string]time.Duration
	edits int
	on    fleetPlan
}

// account fills in what the walk took.
func (w *fleetWorld) account(ctx context.Context, b *B, r *fleetResult, before sofar) error {
	now, err := w.used(ctx)
	if err != nil {
		return err
	}
	r.cpu = map[string]time.Duration{}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		r.cpu[name] = now[name] - before.cpu[name]
		b.Note("fleet-1000 CPU of %s: %.1f s", name, r.cpu[name].Seconds())
	}
	edits, err := w.edits()
	if err != nil {
		return err
	}
	r.edits = edits - before.edits
	kB, err := highWaterOf(fmt.Sprint(w.bot.cmd.Process.Pid))
	if err != nil {
		return err
	}
	r.memory = float64(kB) / 1024
	roots, lines := w.messages(before.on)
	if roots != 1 || r.edits == 0 {
		return fmt.Errorf("the plan has %d root messages with %d edits", roots, r.edits)
	}
	b.Note("fleet-1000 %d sites in %.0f s, %.1f a second; %d edits of one root message, %d lines in its thread; load average %s", r.sites,
		r.walking.Seconds(), float64(r.sites)/r.walking.Seconds(), r.edits, lines, loadAverage())
	return nil
}

// messages counts those that stand in the channel itself and name the plan, and
// the replies to its own.
func (w *fleetWorld) messages(on fleetPlan) (roots, lines int) {
	w.watch.mu.Lock()
	defer w.watch.mu.Unlock()
	for _, m := range w.watch.shown {
		switch {
		case m.ThreadTS == on.ts && m.TS != on.ts:
			lines++
		case (m.ThreadTS == "" || m.ThreadTS == m.TS) && m.Holds(string(on.id)):
			roots++
		}
	}
	return roots, lines
}

// edits is how many the workspace has taken.
func (w *fleetWorld) edits() (int, error) {
	s, err := w.chat.State()
	if err == nil && s.Counters.Rejected != 0 {
		err = fmt.Errorf("the workspace has refused %d calls", s.Counters.Rejected)
	}
	return s.Counters.Edits, err
}

// used is the CPU time of each program until now, without the programs that it
// has started itself.
func (w *fleetWorld) used(ctx context.Context) (map[string]time.Duration, error) {
	out := map[string]time.Duration{}
	var err error
	if out["redis"], err = redisCPU(ctx, w.socket); err != nil {
		return nil, err
	}
	for _, p := range append([]*program{w.bot}, w.workers...) {
		d, err := processCPU(p.cmd.Process.Pid)
		if err != nil {
			return nil, err
		}
		out[p.name+" "+lastDir(p.data)] = d
	}
	return out, nil
}

func lastDir(path string) string { return path[strings.LastIndexByte(path, os.PathSeparator)+1:] }

package fleet

import (
	"context"
	"errors"
	"sync"
	"time"
)

// DefaultHistory is how long tasks and plans that have ended are kept.
const DefaultHistory = 90 * 24 * time.Hour

// A Forgetter drops tasks and plans that ended long ago: the row, its places in
// indexes and a task's log go in one commit. What a site, a platform or a look
// still names stays. The audit record keeps who did what, for ever.
type Forgetter struct {
	Store Store
	Keep  time.Duration // since the end; 0 or less forgets nothing
	Every time.Duration // how often it looks; 0 means ten minutes

	mu   sync.Mutex
	last time.Time // when this process looked
}

// forgetBatch bounds how many rows are read at once.
const forgetBatch = 100

// Sweep drops what is old enough and returns how many rows. It may be called
// often.
func (f *Forgetter) Sweep(ctx context.Context) (int, error) {
	every := f.Every
	if every == 0 {
		every = 10 * time.Minute
	}
	f.mu.Lock()
	if f.Keep <= 0 || !f.last.IsZero() && time.Since(f.last) < every {
		f.mu.Unlock()
		return 0, nil
	}
	f.last = time.Now()
	f.mu.Unlock()
	hosts, err := hostsOf(ctx, f.Store)
	if err != nil {
		return 0, err
	}
	total, failures := 0, []error(nil)
	for _, h := range hosts {
		n, err := f.family(ctx, HostFamily(h), TasksOf(h), func(tx Tx, id string) (bool, error) { return f.task(ctx, tx, Task{Host: h, ID: TaskID(id)}) })
		total, failures = total+n, append(failures, err)
	}
	for _, fam := range PlanFamilies() {
		n, err := f.family(ctx, fam, PlansBy(fam), f.plan)
		total, failures = total+n, append(failures, err)
	}
	return total, errors.Join(failures...)
}

// family drops rows of one index, oldest first. drop says whether a row went; one
// that stays keeps no other from going.
func (f *Forgetter) family(ctx context.Context, fam Family, ix Index, drop func(Tx, string) (bool, error)) (int, error) {
	gone, stay := 0, 0
	for {
		var ids []string
		err := f.Store.Update(ctx, fam, func(tx Tx) (err error) {
			ids, err = tx.List(ix, Page{To: tx.Now().Add(-f.Keep).UnixMilli(), Offset: stay, Limit: forgetBatch})
			return err
		})
		if err != nil || len(ids) == 0 {
			return gone, err
		}
		for _, id := range ids {
			went := false
			err := f.Store.Update(ctx, fam, func(tx Tx) (err error) {
				went, err = drop(tx, id)
				return err
			})
			if err != nil && CodeOf(err) != Tampered {
				return gone, err
			}
			gone, stay = gone+bit(went), stay+bit(!went)
		}
	}
}

func (f *Forgetter) task(ctx context.Context, tx Tx, t Task) (bool, error) {
	found, err := tx.Get(&t)
	if err != nil || !found || !t.State.Final() || tx.Now().Sub(t.Ended) < f.Keep {
		return false, err
	}
	site, plat, look := Site{URI: URI(t.About)}, Platform{Name: PlatformName(t.About)}, Lookout{Distribution: DistName(t.About)}
	if _, err := f.Store.Read(ctx, &site, &plat, &look); err != nil {
		return false, err
	}
	if site.Lock.Task == t.ID || plat.Task == t.ID || look.Task == t.ID {
		return false, nil
	}
	tx.Delete(&t)
	return true, nil
}

func (f *Forgetter) plan(tx Tx, id string) (bool, error) {
	p := Plan{ID: PlanID(id)}
	found, err := tx.Get(&p)
	if err != nil || !found || !p.State.Final() || tx.Now().Sub(p.Ended) < f.Keep {
		return false, err
	}
	tx.Delete(&p)
	return true, nil
}

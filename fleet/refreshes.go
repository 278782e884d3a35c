package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Refreshes looks for newer packages of distributions whose repositories have
// not changed. A look is a task of kind TaskOutdated on a host that has the
// newest platform of the distribution; About is the distribution's name,
// ParamPlatform the platform whose lock is refreshed.
type Refreshes struct {
	Store   Store
	Default HostName      // preferred, if it has the platform
	ID      func() string // makes ULIDs in lower case
	// Every is how often a distribution is looked at; 0 only on request.
	Every time.Duration
}

// TaskOutdated looks for newer packages of a distribution.
const TaskOutdated TaskKind = "outdated"

// StepLook is the step of a look, and ResultFound what it says of its outcome
// in one sentence.
const (
	StepLook    = "look"
	ResultFound = "found"
)

// lookTime is how long a look that was ordered keeps others away: its task may
// wait for a worker, or have been lost with its host.
const lookTime = 6 * time.Hour

// sweepLooks bounds the looks that one sweep orders, so that a thousand
// distributions do not begin at once.
const sweepLooks = 20

// Sweep orders a look for every distribution whose time has come, each once
// over all replicas, and returns how many. One that cannot be looked at keeps
// no other from it.
func (rs *Refreshes) Sweep(ctx context.Context) (int, error) {
	if rs.Every <= 0 {
		return 0, nil
	}
	var due []string
	err := rs.Store.Update(ctx, Catalogue, func(tx Tx) (err error) {
		due, err = tx.List(Lookouts, Page{To: tx.Now().Add(-rs.Every).UnixMilli(), Limit: sweepLooks})
		return err
	})
	if err != nil {
		return 0, err
	}
	ordered, failures := 0, []error(nil)
	for _, name := range due {
		task, err := rs.order(ctx, look{dist: DistName(name), by: System("schedule"), due: rs.Every})
		if err != nil && !isAnswer(err) {
			failures = append(failures, fmt.Errorf("look for newer packages of %s: %w", name, err))
		}
		ordered += bit(task.Kind != "")
	}
	return ordered, errors.Join(failures...)
}

// Look orders a look now. One under way is returned instead. Refused for a
// distribution that has no lock to refresh.
func (rs *Refreshes) Look(ctx context.Context, d DistName, who Actor) (Task, error) {
	return rs.order(ctx, look{dist: d, by: who})
}

// A look is one that is to be ordered.
type look struct {
	dist DistName
	by   Actor
	due  time.Duration // by schedule: only if the last one is so old
}

// order orders a look, or gives the one under way to a person who asks.
func (rs *Refreshes) order(ctx context.Context, l look) (Task, error) {
	id := TaskID(idOr(rs.ID))
	var out Task
	err := rs.Store.Update(ctx, Catalogue, func(tx Tx) error {
		out = Task{}
		row := Lookout{Distribution: l.dist}
		found, err := tx.Get(&row)
		if err != nil {
			return err
		}
		d := Distribution{Name: l.dist}
		known, err := tx.Get(&d)
		switch {
		case err != nil:
			return err
		case !known && found:
			tx.Delete(&row)
			return nil
		case l.due > 0 && (!found || tx.Now().Sub(row.Looked) < l.due):
			return nil
		}
		base, err := lockedPlatform(tx, d)
		if err != nil && (l.due == 0 || !isAnswer(err)) {
			return err
		}
		if row.Task != "" && row.Base == base.Name && tx.Now().Sub(row.Looked) < lookTime {
			out.ID = row.Task
			return nil
		}
		row.Looked, row.Task, row.Base = tx.Now(), "", base.Name
		if base.Name != "" {
			out, row.Task = rs.task(tx, base, l.by, id), id
			tx.Emit(Effect{Task: &out})
		}
		tx.Put(&row)
		return nil
	})
	return out, err
}

// task is the look at a platform's lock.
func (rs *Refreshes) task(tx Tx, base Platform, by Actor, id TaskID) Task {
	hosts := make([]HostName, 0, len(base.Paths))
	for h := range base.Paths {
		hosts = append(hosts, h)
	}
	slices.Sort(hosts)
	host := hosts[0]
	if base.Paths[rs.Default] != "" {
		host = rs.Default
	}
	return Task{
		ID: id, Kind: TaskOutdated, Host: host, About: string(base.Distribution), By: by, State: TaskQueued, Created: tx.Now(),
		Params: map[string]string{ParamPlatform: string(base.Name), ParamDist: string(base.Distribution)},
		Shows:  SubjectOf(AboutTask, string(id)),
	}
}

// lockedPlatform finds the newest platform of a distribution that is ready on
// some host and was made from a lock in the way that new ones are.
func lockedPlatform(tx Tx, d Distribution) (Platform, error) {
	if d.URL == "" || !d.Source.Refreshable() {
		return Platform{}, Errorf(Refused, "Platforms of %s are not made from a lock that could be refreshed.", d.Name)
	}
	names, err := tx.List(PlatformsOf(d.Name), Page{Descending: true})
	if err != nil {
		return Platform{}, err
	}
	for _, name := range names {
		p := Platform{Name: PlatformName(name)}
		found, err := tx.Get(&p)
		if err != nil {
			return p, err
		}
		if found && p.State == PlatformReady && p.Source == d.Source && p.URL == d.URL && len(p.Paths) > 0 {
			return p, nil
		}
	}
	return Platform{}, Errorf(Refused, "%s has no ready platform yet whose packages could be looked at.", d.Name)
}

// watchLock begins the looks of a distribution with its first ready platform.
// What was offered on the grounds of an older platform is over.
func watchLock(tx Tx, p Platform) error {
	if p.Distribution == "" || p.URL == "" || !p.Source.Refreshable() {
		return nil
	}
	row := Lookout{Distribution: p.Distribution}
	found, err := tx.Get(&row)
	if err != nil {
		return err
	}
	if !found {
		row.Looked = tx.Now()
		tx.Put(&row)
		return nil
	}
	r, err := latestRefresh(tx, row)
	if err != nil || r == nil || r.State != RefreshOpen {
		return err
	}
	r.supersede(tx)
	return nil
}

// latestRefresh reads the refresh that was offered last; nil if none was.
func latestRefresh(tx Tx, row Lookout) (*Refresh, error) {
	if row.N == 0 {
		return nil, nil
	}
	r := Refresh{ID: RefreshID(row.Distribution, row.N)}
	found, err := tx.Get(&r)
	if err != nil || !found {
		return nil, err
	}
	return &r, nil
}

// supersede closes an offer that is open.
func (r *Refresh) supersede(tx Tx) {
	r.State = RefreshSuperseded
	tx.Put(r)
	tx.Emit(edited(SubjectOf(AboutRefresh, r.ID)))
}

// forgetLooks drops what is kept of a distribution's looks.
func forgetLooks(tx Tx, d DistName) error {
	row, file := Lookout{Distribution: d}, Lockfile{Owner: LockOfRefresh(d)}
	for _, rec := range []Record{&row, &file} {
		found, err := tx.Get(rec)
		if err != nil {
			return err
		}
		if found {
			tx.Delete(rec)
		}
	}
	return nil
}

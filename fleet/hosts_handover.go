package fleet

import (
	"context"
	"slices"
	"time"
)

// A Handover asks that what waits on a host be done elsewhere.
type Handover struct {
	From    HostName
	To      HostName // "": builds are given up on From; hosts that have the platform keep it
	EndHeld bool     // held tasks end as failed, for a host that will not return
	By      Actor
}

// HandedOver tells what became of the tasks of a host.
type HandedOver struct {
	Moved []Task // builds that the other host does, or nobody
	Ended []Task // held ones
	Stay  []Task // bound to the host by their sites' data, or under way there
}

// Handover gives the builds that wait on a host to another one. Only builds go:
// every other task works on sites, whose data are on the host. A build that was
// begun goes only if the host is silent and its lease is over; the fence of the
// task rises, so that a worker that wakes up later enters nothing more.
//
// It is several commits; after a crash, doing it again ends what was begun.
func (hs *Hosts) Handover(ctx context.Context, o Handover) (HandedOver, error) {
	var out HandedOver
	now, silent, err := hs.partners(ctx, o)
	if err != nil {
		return out, err
	}
	ids, err := hs.open(ctx, o.From)
	if err != nil {
		return out, err
	}
	tasks, err := readRows(ctx, hs.Store, ids, taskRowOf(o.From))
	if err != nil {
		return out, err
	}
	for _, t := range tasks {
		switch {
		case goesElsewhere(t, silent, now):
			if err := hs.giveBuild(ctx, t, o); err != nil {
				return out, err
			}
			err = hs.endTask(ctx, t, o, func(t Task, now time.Time) bool { return goesElsewhere(t, silent, now) })
			out.Moved = append(out.Moved, t)
		case t.State == TaskHeld && o.EndHeld:
			if err = hs.fenceSite(ctx, t); err == nil {
				err = hs.endTask(ctx, t, o, func(t Task, _ time.Time) bool { return t.State == TaskHeld })
			}
			out.Ended = append(out.Ended, t)
		default:
			out.Stay = append(out.Stay, t)
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// open lists the ids of a host's tasks that have not ended.
func (hs *Hosts) open(ctx context.Context, h HostName) ([]string, error) {
	due, err := hs.Store.List(ctx, TasksDue(h), Page{})
	if err != nil {
		return nil, err
	}
	held, err := hs.Store.List(ctx, TasksHeld(h), Page{})
	return append(due, held...), err
}

// partners checks both hosts, and tells whether the first one is silent.
func (hs *Hosts) partners(ctx context.Context, o Handover) (now time.Time, silent bool, err error) {
	now, hosts, err := hs.look(ctx)
	if err != nil {
		return now, false, err
	}
	find := func(name HostName) (Host, bool) {
		i := slices.IndexFunc(hosts, func(h Host) bool { return h.Name == name })
		if i < 0 {
			return Host{}, false
		}
		return hosts[i], true
	}
	from, known := find(o.From)
	if !known {
		return now, false, Errorf(NotFound, "There is no host %s.", o.From)
	}
	if o.To == o.From {
		return now, false, Errorf(Invalid, "A host cannot take over from itself.")
	}
	if to, known := find(o.To); o.To != "" && (!known || to.Silent(now, hs.limit()) || to.State != HostWorking) {
		return now, false, Errorf(Refused, "Host %s does not work now, so it can take over nothing.", o.To)
	}
	return now, from.Silent(now, hs.limit()) || from.State == HostStopped, nil
}

// goesElsewhere is the rule by which another host may do a task.
func goesElsewhere(t Task, silent bool, now time.Time) bool {
	if t.Kind != TaskBuild {
		return false
	}
	switch t.State {
	case TaskQueued:
		return silent || t.Begun.IsZero()
	case TaskRunning:
		return silent && !now.Before(t.Lease)
	}
	return t.State == TaskHeld && silent
}

// giveBuild orders a host's part of a build on another host, or takes it off the
// platform, in one commit.
func (hs *Hosts) giveBuild(ctx context.Context, t Task, o Handover) error {
	b := Builder{Store: hs.Store, ID: hs.ID}
	return hs.Store.Update(ctx, Catalogue, func(tx Tx) error {
		p := Platform{Name: PlatformName(t.About)}
		found, err := tx.Get(&p)
		if err != nil || !found || !slices.Contains(p.Hosts, o.From) || p.Paths[o.From] != "" || p.State == PlatformRetired || p.State == PlatformFailed {
			return err // it was done or removed meanwhile, or this was done before
		}
		before := p
		p.Hosts = slices.DeleteFunc(slices.Clone(p.Hosts), func(h HostName) bool { return h == o.From })
		if o.To != "" && p.Source.Type == SourceDirectory {
			return Errorf(Refused, "Platform %s is a directory on %s and cannot be made elsewhere.", p.Name, o.From)
		}
		if o.To != "" && !slices.Contains(p.Hosts, o.To) && p.Paths[o.To] == "" {
			p.Hosts = append(p.Hosts, o.To)
			next := Task{ID: t.ID + "-" + TaskID(fold(string(o.To))), Kind: TaskBuild, Host: o.To, About: t.About, Params: t.Params, By: o.By,
				State: TaskQueued, Created: tx.Now(), Shows: t.Shows, Channel: t.Channel, Needs: t.Needs}
			if p.Task == t.ID {
				p.Task = next.ID
			}
			tx.Emit(Effect{Task: &next})
		}
		tx.Emit(audited(tx, o.By, "platform.handover", string(p.Name), "from", string(o.From), "to", string(o.To)))
		if len(p.Hosts) == 0 {
			p.Hosts, p.State, p.Reason = []HostName{o.From}, PlatformFailed, "Its build on host "+string(o.From)+" was given up."
			return failed(tx, p)
		}
		p = p.settle()
		return b.settled(tx, before, &p)
	})
}

// fenceSite takes the lock of a site from a held task that is about to be ended:
// whoever held it can publish nothing any more.
func (hs *Hosts) fenceSite(ctx context.Context, t Task) error {
	uri, err := ParseURI(t.About)
	if err != nil || t.Kind == TaskBuild {
		return nil // not about a site
	}
	return hs.Store.Update(ctx, Catalogue, func(tx Tx) error {
		s := Site{URI: uri}
		found, err := tx.Get(&s)
		if err != nil || !found || s.Lock.Task != t.ID {
			return err
		}
		s.Lock = SiteLock{Fence: s.Lock.Fence + 1}
		if s.State == SiteCreating {
			s.State = SiteFailed
		} else {
			s.State = SiteLive
		}
		tx.Put(&s)
		return nil
	})
}

// endTask ends a task that its own host will not end, if it is still as the
// rule wants it. The fence rises: a worker that had it is stale.
func (hs *Hosts) endTask(ctx context.Context, t Task, o Handover, still func(Task, time.Time) bool) error {
	return hs.Store.Update(ctx, HostFamily(o.From), func(tx Tx) error {
		now := Task{ID: t.ID, Host: o.From}
		if found, err := tx.Get(&now); err != nil || !found || !still(now, tx.Now()) {
			return err
		}
		now.Fence++
		now.Owner, now.Lease, now.Ended = "", time.Time{}, tx.Now()
		if now.State == TaskHeld && t.Kind != TaskBuild {
			now.State, now.Reason = TaskFailed, "Ended by "+Clean(o.By.display(), 80)+" without its host."
		} else {
			now.State, now.Reason = TaskCancelled, "Handed over by "+Clean(o.By.display(), 80)+"."
		}
		tx.Put(&now)
		tx.Emit(edited(SubjectOf(AboutTask, string(t.ID))), audited(tx, o.By, "task."+string(now.State), string(t.ID), "about", t.About, "host", string(o.From)))
		if now.Shows != "" {
			tx.Emit(edited(now.Shows))
		}
		if now.Plan != "" {
			tx.Emit(Effect{Advance: now.Plan})
		}
		return nil
	})
}

package fleet

import (
	"cmp"
	"context"
	"time"
)

// ClaimSite is the rule by which a task takes a site's lock: nobody else holds
// it, and the site is as the claim says. The fence rises, also when the same
// task claims again: whoever held the lock before can publish nothing any more.
// A worker that has lost the task to another one, and has not heard of it yet,
// must not take the lock back: Stale.
// Errors: Conflict while another task holds it, Refused with the drift, Stale.
func ClaimSite(s Site, c SiteClaim, epoch int64, now time.Time) (Site, error) {
	if s.Lock.Held(c.Task, now) {
		return s, busyWith(s)
	}
	if s.Lock.Task == c.Task && c.Claim < s.Lock.Claim {
		return s, Errorf(Stale, "Site %s was taken over by a later claim of its task (%d, now %d).", s.URI, c.Claim, s.Lock.Claim)
	}
	if c.Generation != 0 && s.Generation != c.Generation {
		return s, Errorf(Refused, "Site %s has changed since: it is at generation %d now, not %d.", s.URI, s.Generation, c.Generation)
	}
	if c.Platform != "" && s.Platform != c.Platform {
		return s, Errorf(Refused, "Site %s is on platform %s now, not on %s.", s.URI, s.Platform, c.Platform)
	}
	if c.upgrades() && s.Pinned != "" {
		return s, Errorf(Refused, "Site %s is pinned: %s", s.URI, s.Pinned)
	}
	s.Lock = SiteLock{Task: c.Task, Claim: c.Claim, Fence: nextFence(s.Lock.Fence, epoch), Until: now.Add(c.Lease)}
	if s.State != SiteCreating {
		s.State = SiteMoving
	}
	return s, nil
}

// upgrades reports whether a claim is for an upgrade: only those name rules, or
// a target.
func (c SiteClaim) upgrades() bool { return c.Target != "" || c.Rules != 0 }

// stillRight refuses a claim whose distribution has another target or policy
// than the plan was confirmed for.
func stillRight(d Distribution, c SiteClaim) error {
	switch {
	case c.Target != "" && d.Target == "":
		return Errorf(Refused, "%s has no upgrade target any more.", d.Name)
	case c.upgrades() && d.Target != c.Target:
		return Errorf(Refused, "The upgrade target of %s is %s now, not %s.", d.Name, d.Target, cmp.Or(c.Target, "none"))
	case c.Rules != 0 && d.Rules != c.Rules:
		return Errorf(Refused, "The rules of %s have changed since this was confirmed.", d.Name)
	}
	return nil
}

// Claim takes the site's lock; it gives the site with its new fence. One
// commit, guarded by the site, its platform, the distribution and its freezes.
// Refused with the reason when the site drifted; Held while a freeze or a closed
// window holds the beginning of a move back; Conflict while another task holds
// it, or has let the lease of its lock run out without being over: its worker is
// away, or it waits for a person, and it will go on with the site as it left it.
func (ss *Sites) Claim(ctx context.Context, c SiteClaim) (Site, error) {
	var out Site
	if err := ss.ordered(ctx, c); err != nil {
		return out, err
	}
	err := ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		s, err := mustSite(tx, c.URI)
		if err != nil {
			return err
		}
		if c.upgrades() || c.Begins || c.Free != "" {
			if err := authorised(tx, s, c); err != nil {
				return err
			}
		}
		if over, err := ss.over(ctx, s.Lock.Task, c.Task); err != nil || !over {
			return orBusy(err, s)
		}
		epoch := Epoch{N: 1}
		if _, err := tx.Get(&epoch); err != nil {
			return err
		}
		if out, err = ClaimSite(s, c, epoch.N, tx.Now()); err != nil {
			return err
		}
		tx.Put(&out)
		return nil
	})
	return out, err
}

// over reports whether a task that holds a lock is nobody's, the claimer's, gone,
// or at its end. What is over stays so, so that it need not be guarded.
func (ss *Sites) over(ctx context.Context, holder, claimer TaskID) (bool, error) {
	if holder == "" || holder == claimer {
		return true, nil
	}
	t, err := (&Tasks{Store: ss.Store}).Find(ctx, holder)
	if CodeOf(err) == NotFound {
		return true, nil
	}
	return t.State.Final(), err
}

func orBusy(err error, s Site) error {
	if err != nil {
		return err
	}
	return busyWith(s)
}

// authorised asks whether the distribution of a site still lets a task move it,
// and lets it now.
func authorised(tx Tx, s Site, c SiteClaim) error {
	p, err := mustPlatform(tx, s.Platform)
	if err != nil {
		return err
	}
	if p.Distribution == "" && c.upgrades() {
		return Errorf(Refused, "Platform %s belongs to no distribution any more.", p.Name)
	}
	d := Distribution{}
	if p.Distribution != "" {
		if d, err = mustDist(tx, p.Distribution); err != nil {
			return err
		}
		if err := stillRight(d, c); err != nil {
			return err
		}
	}
	if c.Free != "" && !s.HasTag(c.Free) {
		return Errorf(Refused, "Nobody confirmed this, and site %s has the tag %s no more, which let it upgrade without that.", s.URI, c.Free)
	}
	if !c.Begins || s.Lock.Task == c.Task {
		return nil // it has begun already
	}
	return mayBegin(tx, d, s)
}

// mayBegin refuses with code Held while the site's move may not begin.
func mayBegin(tx Tx, d Distribution, s Site) error {
	freezes := []Freeze{{}}
	if d.Name != "" {
		freezes = append(freezes, Freeze{Distribution: d.Name})
	}
	for i := range freezes {
		if _, err := tx.Get(&freezes[i]); err != nil {
			return err
		}
	}
	if f := longest(freezes, tx.Now()); f != nil {
		return Errorf(Held, "%s", f.text())
	}
	w, err := siteWindow(d.Policy, s)
	if err != nil {
		return err
	}
	if open, at := w.Open(tx.Now()); !open {
		return Errorf(Held, "The maintenance window of %s opens %s.", s.URI, Moment(at))
	}
	return nil
}

// Renew prolongs the lock's lease; Stale when the fence is not the site's. A lock
// that was given back under this very fence needs none: a heartbeat that was on
// its way meanwhile must not take the holder for lost.
func (ss *Sites) Renew(ctx context.Context, uri URI, fence int64, lease time.Duration) error {
	return ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		s, err := mustSite(tx, uri)
		if err != nil {
			return err
		}
		if s.Lock.Fence != fence {
			return notYours(s, fence)
		}
		if s.Lock.Task == "" {
			return nil
		}
		s.Lock.Until = tx.Now().Add(lease)
		tx.Put(&s)
		return nil
	})
}

func notYours(s Site, fence int64) error {
	return Errorf(Stale, "Site %s was taken over (fence %d, now %d).", s.URI, fence, s.Lock.Fence)
}

// MoveSite is the rule that records where a task has brought a site. It may be
// entered again under the same fence; after the release only the same words.
func MoveSite(s Site, m SiteMove) (Site, error) {
	if s.Lock.Fence != m.Fence {
		return s, notYours(s, m.Fence)
	}
	next := s
	next.Platform, next.Generation, next.Previous, next.From = m.Platform, m.Generation, m.Previous, m.From
	next.KeptUntil, next.Pinned, next.State = m.KeptUntil, m.Pinned, SiteLive
	if m.Database != "" {
		next.Database = m.Database
	}
	if s.Lock.Task == "" {
		if next.Platform != s.Platform || next.Generation != s.Generation {
			return s, notYours(s, m.Fence)
		}
		return s, nil
	}
	if s.Lock.Task != m.Task {
		return s, notYours(s, m.Fence)
	}
	if m.Keep {
		next.State = SiteMoving
		return next, nil
	}
	next.Lock = SiteLock{Fence: m.Fence}
	return next, nil
}

// Move records where a site is now, under the fence, and releases the lock
// unless Keep. Calling it again with the same fence changes nothing.
func (ss *Sites) Move(ctx context.Context, m SiteMove) (Site, error) {
	var out Site
	err := ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		s, err := mustSite(tx, m.URI)
		if err != nil {
			return err
		}
		if out, err = MoveSite(s, m); err != nil || s.Lock.Task == "" {
			return err
		}
		tx.Put(&out)
		if out.Generation != s.Generation {
			tx.Emit(audited(tx, System("worker"), "site.moved", string(m.URI),
				"from", string(s.Platform), "to", string(out.Platform), "task", string(m.Task)))
		}
		if out.Pinned != "" && out.Pinned != s.Pinned {
			tx.Emit(audited(tx, System("worker"), "site.pinned", string(m.URI), "reason", out.Pinned))
		}
		return nil
	})
	return out, err
}

// Release gives the lock back, in state, under the fence. Releasing again
// changes nothing.
func (ss *Sites) Release(ctx context.Context, uri URI, fence int64, state SiteState) error {
	return ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		s, err := mustSite(tx, uri)
		if err != nil {
			return err
		}
		if s.Lock.Fence != fence {
			return notYours(s, fence)
		}
		if s.Lock.Task == "" {
			return nil
		}
		s.State, s.Lock = state, SiteLock{Fence: fence}
		tx.Put(&s)
		return nil
	})
}

// Removed drops the row of a removed site, guarded by the fence. Dropping it
// again changes nothing.
func (ss *Sites) Removed(ctx context.Context, uri URI, fence int64) error {
	return ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		s, facts, install := Site{URI: uri}, SiteFacts{URI: uri}, Install{URI: uri}
		found, err := tx.Get(&s)
		if err != nil || !found {
			return err
		}
		if s.Lock.Fence != fence {
			return notYours(s, fence)
		}
		if _, err := tx.Get(&facts); err != nil {
			return err
		}
		if chosen, err := tx.Get(&install); err != nil {
			return err
		} else if chosen {
			tx.Delete(&install)
		}
		tx.Delete(&facts)
		tx.Delete(&s)
		tx.Emit(audited(tx, System("worker"), "site.removed", string(uri), "platform", string(s.Platform)))
		return nil
	})
}

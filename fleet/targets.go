package fleet

import (
	"context"
)

// Targets decides which platform is right.
type Targets struct {
	Store Store
}

// Set makes a ready platform the target of its distribution, locks the others
// and unlocks it, in one commit; Review and Offer effects follow. Setting the
// target that is set already changes nothing.
func (t *Targets) Set(ctx context.Context, dist DistName, p PlatformName, who Actor) (Distribution, error) {
	var out Distribution
	err := t.Store.Update(ctx, Catalogue, func(tx Tx) error {
		d, err := mustDist(tx, dist)
		if err != nil {
			return err
		}
		if _, err := mustPlatform(tx, p); err != nil {
			return err
		}
		out = d
		if d.Target == p {
			return nil
		}
		all, err := getRows(tx, PlatformsOf(d.Name), platformRow)
		if err != nil {
			return err
		}
		var changed []Platform
		if out, changed, err = Retarget(d, all, p); err != nil {
			return err
		}
		for i := range changed {
			tx.Put(&changed[i])
		}
		tx.Put(&out)
		retargeted(tx, d, out, who)
		for _, x := range all {
			if x.Name == p || x.Name == d.Target {
				tx.Emit(shownAgain(x)...)
			}
		}
		return nil
	})
	return out, err
}

// retargeted emits what follows a new target.
func retargeted(tx Tx, before, after Distribution, who Actor) {
	tx.Emit(audited(tx, who, "target.set", string(after.Name), "platform", string(after.Target), "before", string(before.Target)),
		Effect{Review: after.Name}, Effect{Offer: after.Name})
}

// shownAgain brings the messages about a platform up to date.
func shownAgain(p Platform) []Effect {
	out := []Effect{edited(SubjectOf(AboutPlatform, string(p.Name)))}
	if p.News != "" {
		out = append(out, edited(SubjectOf(AboutNews, p.News)))
	}
	if p.Refresh != "" {
		out = append(out, edited(SubjectOf(AboutRefresh, p.Refresh)))
	}
	return out
}

// Clear removes the target; locks stay as they are.
func (t *Targets) Clear(ctx context.Context, dist DistName, who Actor) (Distribution, error) {
	var out Distribution
	err := t.Store.Update(ctx, Catalogue, func(tx Tx) error {
		d, err := mustDist(tx, dist)
		if err != nil {
			return err
		}
		out = d
		if d.Target == "" {
			return nil
		}
		out.Target = ""
		tx.Put(&out)
		tx.Emit(audited(tx, who, "target.cleared", string(d.Name), "before", string(d.Target)), Effect{Review: d.Name})
		return nil
	})
	return out, err
}

// Lock locks or unlocks a platform by hand; the target cannot be locked.
func (t *Targets) Lock(ctx context.Context, p PlatformName, locked bool, who Actor) (Platform, error) {
	var out Platform
	err := t.Store.Update(ctx, Catalogue, func(tx Tx) error {
		plat, err := mustPlatform(tx, p)
		if err != nil {
			return err
		}
		if out = plat; plat.Locked == locked {
			return nil
		}
		if err := mayLock(tx, plat, locked); err != nil {
			return err
		}
		out.Locked = locked
		tx.Put(&out)
		what := "platform.unlocked"
		if locked {
			what = "platform.locked"
		}
		tx.Emit(audited(tx, who, what, string(p)))
		tx.Emit(shownAgain(out)...)
		if out.Distribution != "" {
			tx.Emit(Effect{Review: out.Distribution})
		}
		return nil
	})
	return out, err
}

func mayLock(tx Tx, p Platform, locked bool) error {
	if p.State == PlatformRetired {
		return p.Accepts()
	}
	if !locked || p.Distribution == "" {
		return nil
	}
	d, err := mustDist(tx, p.Distribution)
	if err == nil && p.UpgradeTarget(d) {
		return Errorf(Refused, "Platform %s is the upgrade target of %s, which cannot be locked.", p.Name, d.Name).
			WithHint("Set another target first: %s target %s PLATFORM", Slash, d.Name)
	}
	return err
}

// Assign lets an existing platform join a distribution of its kind (or leave,
// when dist is empty); it is locked at once when there is a target.
func (t *Targets) Assign(ctx context.Context, p PlatformName, dist DistName, who Actor) (Platform, error) {
	var out Platform
	err := t.Store.Update(ctx, Catalogue, func(tx Tx) error {
		plat, err := mustPlatform(tx, p)
		if err != nil {
			return err
		}
		var to *Distribution
		if dist != "" {
			d, err := mustDist(tx, dist)
			if err != nil {
				return err
			}
			to = &d
		}
		if out = plat; to != nil && to.Name == plat.Distribution || to == nil && plat.Distribution == "" {
			return nil
		}
		if out, err = JoinPlatform(plat, to); err != nil {
			return err
		}
		if err := leave(tx, plat); err != nil {
			return err
		}
		tx.Put(&out)
		tx.Emit(audited(tx, who, "platform.assigned", string(p), "to", string(out.Distribution), "from", string(plat.Distribution)))
		if to != nil {
			joined(tx, *to)
		}
		return nil
	})
	return out, err
}

// leave takes a platform out of its distribution's membership; refused for
// the target.
func leave(tx Tx, p Platform) error {
	if p.Distribution == "" {
		return nil
	}
	d, err := mustDist(tx, p.Distribution)
	if err != nil {
		return err
	}
	if p.UpgradeTarget(d) {
		return Errorf(Refused, "Platform %s is the upgrade target of %s.", p.Name, d.Name).WithHint("Set another target first: %s target %s PLATFORM", Slash, d.Name)
	}
	d.Builds++
	tx.Put(&d)
	tx.Emit(Effect{Review: d.Name})
	return nil
}

func joined(tx Tx, d Distribution) {
	d.Builds++
	tx.Put(&d)
	if d.Target != "" {
		tx.Emit(Effect{Offer: d.Name})
	}
}

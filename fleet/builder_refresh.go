package fleet

// orderRefresh is the commit of a build with a refreshed lock: the same commit
// as the platform it is offered for, under a name of its own. An offer that was
// acted on already gives the platform it became, unless that failed.
func orderRefresh(tx Tx, o BuildOrder, ids []TaskID) (Platform, error) {
	r := Refresh{ID: o.Refresh}
	if err := must(tx, &r, "offer "+clip(o.Refresh, 60)); err != nil {
		return Platform{}, err
	}
	d, err := mustDist(tx, r.Distribution)
	if err != nil {
		return Platform{}, err
	}
	if r.State == RefreshSuperseded {
		return Platform{}, Errorf(Refused, "This offer was replaced by a newer look or build.").
			WithHint("Look again: %s check %s", Slash, d.Name)
	}
	before := Platform{Name: r.Platform}
	if r.Platform != "" {
		if found, err := tx.Get(&before); err != nil || found && before.State != PlatformFailed {
			return before, err
		}
	}
	base, err := mustPlatform(tx, r.Base)
	if err != nil {
		return Platform{}, err
	}
	o.Ref = r.Ref
	out, err := newPlatform(tx, d, o)
	if err != nil {
		return out, err
	}
	if before.State == PlatformFailed && len(before.Paths) == 0 {
		out.Name, out.Created = before.Name, before.Created
	}
	// The lock is of Base's source, which may have been edited since.
	out.Source, out.URL, out.Refresh, out.Refreshed, out.Task = base.Source, base.URL, r.ID, r.Lock, ids[0]
	if err := moveLock(tx, r, out); err != nil {
		return out, err
	}
	r.State, r.Platform, r.By = RefreshOrdered, out.Name, o.By
	d.Builds++
	tx.Put(&d)
	tx.Put(&r)
	tx.Put(&out)
	tx.Emit(edited(SubjectOf(AboutRefresh, r.ID)))
	return out, ordered(tx, out, o, ids)
}

// moveLock keeps the lock of an offer for its platform.
func moveLock(tx Tx, r Refresh, p Platform) error {
	to := Lockfile{Owner: LockOfPlatform(p.Name)}
	have, err := tx.Get(&to)
	if err != nil || have && to.Sum == r.Lock {
		return err
	}
	from := Lockfile{Owner: LockOfRefresh(r.Distribution)}
	if err := must(tx, &from, "lock of the offer "+r.ID); err != nil {
		return err
	}
	if from.Sum != r.Lock {
		return Errorf(Conflict, "The lock of this offer was replaced by that of a newer look.").
			WithHint("Look again: %s check %s", Slash, r.Distribution)
	}
	to.Sum, to.Data = from.Sum, from.Data
	tx.Put(&to)
	return nil
}

// dropLock forgets the lock of a platform that is retired.
func dropLock(tx Tx, p Platform) error {
	if p.Refreshed == "" {
		return nil
	}
	l := Lockfile{Owner: LockOfPlatform(p.Name)}
	if found, err := tx.Get(&l); err != nil || !found {
		return err
	}
	tx.Delete(&l)
	return nil
}

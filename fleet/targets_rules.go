package fleet

// Retarget is the rule of a new upgrade target: one of the distribution's own
// platforms, ready; it is unlocked and the others are locked, so that nothing
// new lands on what is not right any more. It gives the distribution and the
// platforms that have changed, in the order of all.
func Retarget(d Distribution, all []Platform, to PlatformName) (Distribution, []Platform, error) {
	if err := mayBeTarget(d, all, to); err != nil {
		return d, nil, err
	}
	d.Target = to
	var changed []Platform
	for _, p := range all {
		lock := p.Name != to && p.State != PlatformRetired
		if p.State == PlatformRetired || p.Locked == lock {
			continue
		}
		p.Locked = lock
		changed = append(changed, p)
	}
	return d, changed, nil
}

func mayBeTarget(d Distribution, all []Platform, to PlatformName) error {
	for _, p := range all {
		if p.Name != to {
			continue
		}
		if p.State != PlatformReady {
			p.Locked = false
			return p.Accepts()
		}
		return nil
	}
	return Errorf(Refused, "Platform %s does not belong to %s.", clip(string(to), 120), d.Name).
		WithHint("Assign it first: %s assign %s %s", Slash, clip(string(to), 120), d.Name)
}

// MovesTarget reports whether a platform that has just become ready becomes
// the target by itself: the policy says so, and it was ordered later than the
// present target, so that a slow build of an older version never takes the
// target back. A person may still set it by hand.
func MovesTarget(d Distribution, ready Platform, target *Platform) bool {
	if d.Policy.Target != Automatic || d.Target == ready.Name {
		return false
	}
	return d.Target == "" || target == nil || !ready.Created.Before(target.Created)
}

// JoinPlatform is the rule of a platform's new distribution, where nil means
// none. One that joins while there is a target is locked at once; one that
// leaves is free of the lock, which was its distribution's.
func JoinPlatform(p Platform, d *Distribution) (Platform, error) {
	if d == nil {
		p.Distribution, p.Locked = "", false
		return p, nil
	}
	if p.Kind != d.Kind && d.Kind != AutoKind {
		return p, Errorf(Refused, "Platform %s is of kind %s, and %s is of kind %s.", p.Name, p.Kind, d.Name, d.Kind)
	}
	if p.State == PlatformRetired {
		return p, p.Accepts()
	}
	p.Distribution = d.Name
	p.Locked = d.Target != "" && d.Target != p.Name
	return p, nil
}

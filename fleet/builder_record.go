package fleet

import (
	"context"
	"maps"
)

// Begin marks a platform as building or verifying. Stale when the build is
// over: the worker has nothing more to do.
func (b *Builder) Begin(ctx context.Context, p PlatformName, s PlatformState) error {
	return b.Store.Update(ctx, Catalogue, func(tx Tx) error {
		plat, err := mustPlatform(tx, p)
		if err != nil {
			return err
		}
		if plat.State == s {
			return nil
		}
		if plat.Finished() {
			return Errorf(Stale, "Platform %s is %s already.", p, plat.State)
		}
		plat.State = s
		tx.Put(&plat)
		tx.Emit(shownAgain(plat)...)
		return nil
	})
}

// Finished reports whether no build of p is under way.
func (p Platform) Finished() bool {
	return p.State == PlatformReady || p.State == PlatformFailed || p.State == PlatformRetired
}

// RecordBuild is the rule of one host's finished build. The platform is ready
// when every host that was asked has it, and failed when two hosts built
// different trees. Stale when the build was given up meanwhile.
func RecordBuild(p Platform, r BuildResult) (Platform, error) {
	if p.State == PlatformFailed || p.State == PlatformRetired {
		return p, Errorf(Stale, "Platform %s is %s.", p.Name, p.State)
	}
	if p.TreeDigest != "" && p.TreeDigest != r.TreeDigest {
		p.State = PlatformFailed
		p.Reason = "Host " + string(r.Host) + " built another tree of the same commit than the host before it."
		return p, nil
	}
	if p.Kind == AutoKind && r.Kind != "" {
		p.Kind = r.Kind
	}
	p.Paths, p.Took = maps.Clone(p.Paths), maps.Clone(p.Took)
	if p.Paths == nil {
		p.Paths = map[HostName]string{}
	}
	if p.Took == nil {
		p.Took = map[HostName]Duration{}
	}
	p.Paths[r.Host], p.Took[r.Host] = r.Path, Duration(r.Took.Milliseconds())
	p.TreeDigest, p.LockDigest = r.TreeDigest, r.LockDigest
	for _, h := range p.Hosts {
		if p.Paths[h] == "" {
			return p, nil
		}
	}
	p.State, p.Reason = PlatformReady, ""
	return p, nil
}

// Record records one host's finished build; when all hosts have it with the
// same digest, the platform is ready, the target moves if the policy says so,
// and an Offer follows. Recording the same again changes nothing.
func (b *Builder) Record(ctx context.Context, r BuildResult) (Platform, error) {
	var out Platform
	err := b.Store.Update(ctx, Catalogue, func(tx Tx) error {
		p, err := mustPlatform(tx, r.Platform)
		if err != nil {
			return err
		}
		if out = p; p.State == PlatformReady && p.Paths[r.Host] == r.Path && p.TreeDigest == r.TreeDigest {
			return nil
		}
		if out, err = RecordBuild(p, r); err != nil {
			return err
		}
		if err := putFacts(tx, r); err != nil {
			return err
		}
		switch {
		case out.State == PlatformFailed:
			return failed(tx, out)
		case out.State == PlatformReady && p.State != PlatformReady:
			out.Ready = tx.Now()
			return b.ready(tx, &out)
		}
		tx.Put(&out)
		tx.Emit(shownAgain(out)...)
		return nil
	})
	return out, err
}

func putFacts(tx Tx, r BuildResult) error {
	f := PlatformFacts{Platform: r.Platform}
	if _, err := tx.Get(&f); err != nil {
		return err
	}
	f = r.Facts
	f.Platform = r.Platform
	if f.At.IsZero() {
		f.At = tx.Now()
	}
	tx.Put(&f)
	return putSchema(tx, r)
}

// putSchema keeps what is known of database updates in a row of its own.
func putSchema(tx Tx, r BuildResult) error {
	if r.Facts.Code == nil {
		return nil
	}
	s := PlatformSchema{Platform: r.Platform}
	if _, err := tx.Get(&s); err != nil {
		return err
	}
	s.Code = *r.Facts.Code
	tx.Put(&s)
	return nil
}

// ready puts a platform that has just become ready, and moves the target.
func (b *Builder) ready(tx Tx, p *Platform) error {
	tx.Emit(audited(tx, p.By, "platform.built", string(p.Name), "commit", p.Ref.Commit, "tree", p.TreeDigest))
	if err := markNews(tx, *p, NewsBuilt); err != nil {
		return err
	}
	if p.Distribution != "" {
		if err := autoTarget(tx, p); err != nil {
			return err
		}
	}
	tx.Put(p)
	return watchLock(tx, *p)
}

// autoTarget makes p, which the caller puts, the target of its distribution
// and unlocks it, if MovesTarget says so.
func autoTarget(tx Tx, p *Platform) error {
	d, err := mustDist(tx, p.Distribution)
	if err != nil {
		return err
	}
	all, err := getRows(tx, PlatformsOf(d.Name), platformRow)
	if err != nil {
		return err
	}
	var target *Platform
	for i := range all {
		if all[i].Name == p.Name {
			all[i] = *p
		}
		if all[i].Name == d.Target {
			target = &all[i]
		}
	}
	if !MovesTarget(d, *p, target) {
		return nil
	}
	next, changed, err := Retarget(d, all, p.Name)
	if err != nil {
		return err
	}
	for i := range changed {
		if changed[i].Name != p.Name {
			tx.Put(&changed[i])
		}
	}
	p.Locked = false
	tx.Put(&next)
	retargeted(tx, d, next, System("policy"))
	if target != nil {
		tx.Emit(shownAgain(*target)...)
	}
	return nil
}

// Fail records a failed build with a reason for people; the announcement shows
// it with a Build button. A platform that is ready stays ready.
func (b *Builder) Fail(ctx context.Context, p PlatformName, host HostName, reason string) error {
	return b.Store.Update(ctx, Catalogue, func(tx Tx) error {
		plat, err := mustPlatform(tx, p)
		if err != nil {
			return err
		}
		if plat.Finished() {
			return nil
		}
		plat.State, plat.Reason = PlatformFailed, Clean(reason, 300)
		if len(plat.Hosts) > 1 {
			plat.Reason = "On " + string(host) + ": " + plat.Reason
		}
		return failed(tx, plat)
	})
}

func failed(tx Tx, p Platform) error {
	tx.Put(&p)
	tx.Emit(audited(tx, p.By, "platform.failed", string(p.Name), "reason", p.Reason))
	return markNews(tx, p, NewsFailed)
}

package fleet

import (
	"context"
	"maps"
	"slices"
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
		if plat.State == PlatformReady && plat.awaited() {
			return nil // a host gets it that did not have it; it is ready on the others
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

// awaited reports whether a host is still to build p.
func (p Platform) awaited() bool {
	return slices.ContainsFunc(p.Hosts, func(h HostName) bool { return p.Paths[h] == "" && p.Missing[h] == "" })
}

// Finished reports whether no build of p is under way.
func (p Platform) Finished() bool {
	return p.State == PlatformReady || p.State == PlatformFailed || p.State == PlatformRetired
}

// RecordBuild is the rule of one host's finished build. A host that built
// another tree than the hosts before it has failed: the platform is not offered
// there. Stale when the build was given up meanwhile.
func RecordBuild(p Platform, r BuildResult) (Platform, error) {
	if p.State == PlatformFailed || p.State == PlatformRetired {
		return p, Errorf(Stale, "Platform %s is %s.", p.Name, p.State)
	}
	if p.TreeDigest != "" && p.TreeDigest != r.TreeDigest {
		return MissBuild(p, r.Host, "Host "+string(r.Host)+" built another tree of the same commit than the host before it."), nil
	}
	if p.Kind == AutoKind && r.Kind != "" {
		p.Kind = r.Kind
	}
	p.Paths, p.Took, p.Missing = maps.Clone(p.Paths), maps.Clone(p.Took), maps.Clone(p.Missing)
	if p.Paths == nil {
		p.Paths = map[HostName]string{}
	}
	if p.Took == nil {
		p.Took = map[HostName]Duration{}
	}
	delete(p.Missing, r.Host)
	p.Paths[r.Host], p.Took[r.Host] = r.Path, Duration(r.Took.Milliseconds())
	p.TreeDigest, p.LockDigest = r.TreeDigest, r.LockDigest
	return p.settle(), nil
}

// MissBuild is the rule of one host's failed build: the platform is not offered
// there. It fails as a whole only if no host has it.
func MissBuild(p Platform, h HostName, reason string) Platform {
	if p.Paths[h] != "" || !slices.Contains(p.Hosts, h) {
		return p
	}
	p.Missing = maps.Clone(p.Missing)
	if p.Missing == nil {
		p.Missing = map[HostName]string{}
	}
	p.Missing[h] = reason
	p.Reason = reason
	if len(p.Hosts) > 1 {
		p.Reason = "On " + string(h) + ": " + reason
	}
	return p.settle()
}

// settle says where the whole platform stands after the builds of its hosts.
func (p Platform) settle() Platform {
	for _, h := range p.Hosts {
		if p.Paths[h] == "" && p.Missing[h] == "" {
			return p
		}
	}
	p.State = PlatformFailed
	if len(p.Paths) > 0 {
		p.State, p.Reason = PlatformReady, ""
	}
	return p
}

// Record records one host's finished build; when each host has it or failed, the
// platform is ready, the target moves if the policy says so, and an Offer
// follows. A host that gets a ready platform later is offered it, too. Recording
// the same again changes nothing.
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
		if out.Paths[r.Host] != "" {
			if err := putFacts(tx, r); err != nil {
				return err
			}
		}
		if p.State == PlatformReady && p.Distribution != "" {
			tx.Emit(Effect{Review: p.Distribution}, Effect{Offer: p.Distribution})
		}
		return b.settled(tx, p, &out)
	})
	if err == nil && out.Missing[r.Host] != "" {
		err = Errorf(Failed, "%s", out.Missing[r.Host]).WithHint("The hosts differ in what the build depends on, such as versions of tools.")
	}
	return out, err
}

// settled puts a platform after a rule, with what follows from its new state.
func (b *Builder) settled(tx Tx, before Platform, after *Platform) error {
	switch {
	case after.State == PlatformFailed && before.State != PlatformFailed:
		return failed(tx, *after)
	case after.State == PlatformReady && before.State != PlatformReady:
		after.Ready = tx.Now()
		return b.ready(tx, after)
	}
	tx.Put(after)
	tx.Emit(shownAgain(*after)...)
	return nil
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

// Fail records the failed build of one host with a reason for people. Hosts that
// have the platform keep it; if there is none, the announcement shows the reason
// with a Build button.
func (b *Builder) Fail(ctx context.Context, p PlatformName, host HostName, reason string) error {
	return b.Store.Update(ctx, Catalogue, func(tx Tx) error {
		plat, err := mustPlatform(tx, p)
		if err != nil {
			return err
		}
		if plat.State == PlatformFailed || plat.State == PlatformRetired || plat.Paths[host] != "" || !slices.Contains(plat.Hosts, host) {
			return nil
		}
		next := MissBuild(plat, host, Clean(reason, 300))
		if next.State != PlatformFailed {
			tx.Emit(audited(tx, plat.By, "platform.missing", string(p), "host", string(host), "reason", next.Missing[host]))
		}
		return b.settled(tx, plat, &next)
	})
}

func failed(tx Tx, p Platform) error {
	tx.Put(&p)
	tx.Emit(audited(tx, p.By, "platform.failed", string(p.Name), "reason", p.Reason))
	return markNews(tx, p, NewsFailed)
}

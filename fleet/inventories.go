package fleet

import (
	"context"
	"maps"
	"reflect"
	"slices"
)

// Inventories keeps the records in step with what hosts' own systems have.
// Workers call it.
type Inventories struct {
	Store Store
}

// A Taken is what came of a look at a host's own system.
type Taken struct {
	Stock   Stock
	Changes []string // what people did there since the last look, as parts of sentences
	// Unread are platforms whose facts must be read, for the first time or anew:
	// those that belong to a distribution or have sites.
	Unread []FoundPlatform
	// Locks are platforms whose lock must be carried over, with the wanted one.
	Locks []FoundPlatform
}

// Take looks at a host's own system by read and brings the records of its
// platforms and sites in step: nothing is done there, and nothing is done to a
// site. People are told in one message what was changed by other means.
//
// What is recorded is read before the system is: a row that changes meanwhile was
// changed by a task of ours, and is left for the next time.
func (x *Inventories) Take(ctx context.Context, host HostName, read func(context.Context) (Inventory, error)) (Taken, error) {
	var out Taken
	platforms, err := listRows(ctx, x.Store, AllPlatforms, platformRow)
	if err != nil {
		return out, err
	}
	sites, err := x.sites(ctx, host, platforms)
	if err != nil {
		return out, err
	}
	v, err := read(ctx)
	if err != nil {
		return out, err
	}
	if err := x.platforms(ctx, host, v, platforms, &out); err != nil {
		return out, err
	}
	if err := x.compareSites(ctx, v, sites, &out); err != nil {
		return out, err
	}
	return out, x.stock(ctx, host, v, sites, &out)
}

// sites reads the recorded sites of a host.
func (x *Inventories) sites(ctx context.Context, host HostName, platforms []Platform) ([]Site, error) {
	var out []Site
	for _, p := range platforms {
		if p.Paths[host] == "" && p.Missing[host] == "" {
			continue
		}
		on, err := listRows(ctx, x.Store, SitesOf(p.Name), siteRow)
		if err != nil {
			return nil, err
		}
		out = append(out, slices.DeleteFunc(on, func(s Site) bool { return s.Host != host })...)
	}
	return out, nil
}

func (x *Inventories) platforms(ctx context.Context, host HostName, v Inventory, have []Platform, out *Taken) error {
	recorded, found := map[PlatformName]Platform{}, map[PlatformName]*FoundPlatform{}
	for _, p := range have {
		recorded[p.Name] = p
	}
	for i, f := range v.Platforms {
		if CheckPlatformName(f.Name) != nil || found[f.Name] != nil {
			continue // it cannot be told apart here; its sites cannot be adopted
		}
		found[f.Name] = &v.Platforms[i]
	}
	for _, p := range have {
		if err := x.platform(ctx, sight{host, v.System, p, found[p.Name]}, out); err != nil {
			return err
		}
	}
	for _, f := range v.Platforms {
		if _, known := recorded[f.Name]; known || found[f.Name] == nil {
			continue
		}
		if err := x.platform(ctx, sight{host, v.System, Platform{}, found[f.Name]}, out); err != nil {
			return err
		}
		recorded[f.Name] = Platform{}
	}
	return nil
}

// A sight is one recorded platform beside what was found of it.
type sight struct {
	host   HostName
	system string
	before Platform // zero if it is not recorded
	found  *FoundPlatform
}

// platform brings one platform in step.
func (x *Inventories) platform(ctx context.Context, l sight, out *Taken) error {
	next, said := SeePlatform(l.before, l.found, l.host, l.system)
	if !reflect.DeepEqual(next, l.before) {
		stood := false
		err := x.Store.Update(ctx, Catalogue, func(tx Tx) (err error) {
			next, stood, err = x.put(tx, l, said != "")
			return err
		})
		if err != nil || !stood {
			return err
		}
		if said != "" {
			out.Changes = append(out.Changes, said)
		}
	}
	if l.found == nil || next.Paths[l.host] == "" || next.State != PlatformReady {
		return nil
	}
	if LockDue(next, *l.found, l.host) {
		due := *l.found
		due.Locked = next.Locked
		out.Locks = append(out.Locks, due)
	}
	return x.unread(ctx, l, next, out)
}

// put writes the next record of a platform, unless it has changed since it was
// read.
func (x *Inventories) put(tx Tx, l sight, tell bool) (Platform, bool, error) {
	p := Platform{Name: l.before.Name}
	if p.Name == "" {
		p.Name = l.found.Name
	}
	known, err := tx.Get(&p)
	if err != nil || known != (l.before.Name != "") || known && !reflect.DeepEqual(p, l.before) {
		return p, false, err
	}
	next, _ := SeePlatform(l.before, l.found, l.host, l.system)
	if !known {
		next.Created, next.Ready, next.By = tx.Now(), tx.Now(), System("inventory")
		all, err := getRows(tx, AllDistributions, distRow)
		if err != nil {
			return p, false, err
		}
		locked := next.Locked
		if err := join(tx, &next, joins(next, all)); err != nil {
			return p, false, err
		}
		next.Locked = next.Locked || locked
	}
	if next.State == PlatformRetired && l.before.State != PlatformRetired {
		if err := loseTarget(tx, next); err != nil {
			return p, false, err
		}
	}
	tx.Put(&next)
	if tell {
		tx.Emit(audited(tx, System("inventory"), "platform.seen", string(next.Name), "host", string(l.host), "state", string(next.State)))
		tx.Emit(shownAgain(next)...)
		if next.Distribution != "" {
			tx.Emit(Effect{Review: next.Distribution})
		}
	}
	return next, true, nil
}

// loseTarget takes a platform that is gone out of its distribution's target.
func loseTarget(tx Tx, p Platform) error {
	if p.Distribution == "" {
		return nil
	}
	d, err := mustDist(tx, p.Distribution)
	if err != nil || d.Target != p.Name {
		return err
	}
	d.Target = ""
	tx.Put(&d)
	tx.Emit(audited(tx, System("inventory"), "target.cleared", string(d.Name), "before", string(p.Name)))
	return nil
}

// unread asks for the facts of a platform that somebody may compare.
func (x *Inventories) unread(ctx context.Context, l sight, p Platform, out *Taken) error {
	if !l.found.Own || p.Seen[l.host].Facts == l.found.Digest {
		return nil
	}
	n, err := x.Store.Count(ctx, SitesOf(p.Name))
	if err == nil && (p.Distribution != "" || n[0] > 0) {
		out.Unread = append(out.Unread, *l.found)
	}
	return err
}

// compareSites marks the sites that were changed by other means.
func (x *Inventories) compareSites(ctx context.Context, v Inventory, have []Site, out *Taken) error {
	found, renamed := map[URI]*FoundSite{}, map[URI]URI{}
	for i, f := range v.Sites {
		found[f.URI] = &v.Sites[i]
		if f.Was != "" {
			renamed[f.Was] = f.URI
		}
	}
	for _, before := range have {
		next, said := SeeSite(before, found[before.URI], renamed[before.URI], v.System)
		if next.Pinned == before.Pinned {
			continue
		}
		stood := false
		err := x.Store.Update(ctx, Catalogue, func(tx Tx) error {
			s, err := mustSite(tx, before.URI)
			if stood = err == nil && reflect.DeepEqual(s, before); !stood {
				return ignoreGone(err)
			}
			tx.Put(&next)
			tx.Emit(audited(tx, System("inventory"), "site.drifted", string(s.URI), "pinned", next.Pinned))
			return nil
		})
		if err != nil {
			return err
		}
		if stood {
			out.Changes = append(out.Changes, said)
		}
	}
	return nil
}

func ignoreGone(err error) error {
	if CodeOf(err) == NotFound {
		return nil
	}
	return err
}

// Locked notes that the lock of a platform was carried over to a host's own
// system.
func (x *Inventories) Locked(ctx context.Context, host HostName, f FoundPlatform) error {
	return x.seen(ctx, host, f.Name, func(s *Seen) { s.Locked = f.Locked })
}

// Facts keeps what was read of a platform that a host's own system has.
func (x *Inventories) Facts(ctx context.Context, f FoundPlatform, r BuildResult) error {
	err := x.Store.Update(ctx, Catalogue, func(tx Tx) error {
		if err := putFacts(tx, r); err != nil {
			return err
		}
		p, err := mustPlatform(tx, r.Platform)
		if err != nil {
			return err
		}
		p.TreeDigest, p.LockDigest = r.TreeDigest, r.LockDigest
		tx.Put(&p)
		tx.Emit(shownAgain(p)...)
		return nil
	})
	if err != nil {
		return err
	}
	return x.seen(ctx, r.Host, f.Name, func(s *Seen) { s.Facts = f.Digest })
}

func (x *Inventories) seen(ctx context.Context, host HostName, name PlatformName, change func(*Seen)) error {
	return x.Store.Update(ctx, Catalogue, func(tx Tx) error {
		p, err := mustPlatform(tx, name)
		if err != nil {
			return err
		}
		seen, known := p.Seen[host]
		if !known {
			return nil
		}
		change(&seen)
		p.Seen = maps.Clone(p.Seen)
		p.Seen[host] = seen
		tx.Put(&p)
		return nil
	})
}

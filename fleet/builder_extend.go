package fleet

import (
	"context"
	"maps"
	"slices"
)

// An Extension asks for a platform on one host more.
type Extension struct {
	Platform PlatformName
	Host     HostName
	By       Actor
	Channel  string // where the build reports; "" is the default
}

// Extend orders a ready platform on a host that does not have it: of the same
// commit, and its tree must come out the same. It stays ready on the others
// meanwhile. A build under way there gives its task "". Errors: Refused when the
// platform cannot be built there.
func (b *Builder) Extend(ctx context.Context, e Extension) (TaskID, error) {
	id := TaskID(idOr(b.ID))
	var out TaskID
	err := b.Store.Update(ctx, Catalogue, func(tx Tx) error {
		p, err := mustPlatform(tx, e.Platform)
		if err != nil {
			return err
		}
		out = ""
		if p.Paths[e.Host] == "" && p.Missing[e.Host] == "" && slices.Contains(p.Hosts, e.Host) {
			return nil
		}
		if err := p.extends(e.Host); err != nil {
			return err
		}
		p = extend(tx, p, e, id)
		tx.Put(&p)
		out = id
		return nil
	})
	return out, err
}

// extends tells why p cannot be built on another host; nil if it can.
func (p Platform) extends(h HostName) error {
	switch {
	case p.Paths[h] != "":
		return Errorf(Refused, "Platform %s is on host %s already.", p.Name, h)
	case p.State != PlatformReady:
		return Errorf(Refused, "Platform %s is %s; only one that is ready can be built on another host.", p.Name, p.State)
	case p.URL == "":
		return Errorf(Refused, "Platform %s was taken from a directory; it cannot be built on host %s.", p.Name, h).
			WithHint("Copy the directory there, and take it under another name.")
	}
	return nil
}

// extend adds the host and emits its build. A worker of protocol 1 takes a ready
// platform for built everywhere, so the task needs one that knows better.
func extend(tx Tx, p Platform, e Extension, id TaskID) Platform {
	if !slices.Contains(p.Hosts, e.Host) {
		p.Hosts = append(slices.Clone(p.Hosts), e.Host)
	}
	p.Missing = maps.Clone(p.Missing)
	delete(p.Missing, e.Host)
	subject := SubjectOf(AboutTask, string(id))
	tx.Emit(shown(subject, e.Channel), Effect{Task: &Task{
		ID: id, Kind: TaskBuild, Host: e.Host, About: string(p.Name), By: e.By, State: TaskQueued, Created: tx.Now(),
		Params: map[string]string{ParamPlatform: string(p.Name), ParamDist: string(p.Distribution)},
		Shows:  subject, Channel: e.Channel, Needs: 2,
	}}, audited(tx, e.By, "platform.extended", string(p.Name), "host", string(e.Host)))
	return p
}

// Spread orders the target of each distribution on hosts that have sites of it
// and do not have the target, so that their upgrades can be offered; it returns
// how many builds that were. A host where the build has failed is left alone
// until a person orders it.
func (b *Builder) Spread(ctx context.Context) (int, error) {
	hosts, err := b.Store.List(ctx, AllHosts, Page{Limit: 2})
	if err != nil || len(hosts) < 2 {
		return 0, err
	}
	c := Catalog{Store: b.Store}
	dists, err := c.Distributions(ctx)
	if err != nil {
		return 0, err
	}
	ordered := 0
	for _, d := range dists {
		if d.Target == "" {
			continue
		}
		n, err := b.spread(ctx, d)
		if err != nil {
			return ordered, err
		}
		ordered += n
	}
	return ordered, nil
}

func (b *Builder) spread(ctx context.Context, d Distribution) (int, error) {
	plats, err := (&Catalog{Store: b.Store}).Platforms(ctx, d.Name)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(plats, func(p Platform) bool { return p.Name == d.Target })
	if i < 0 || plats[i].State != PlatformReady || plats[i].URL == "" {
		return 0, nil
	}
	target := plats[i]
	ordered := 0
	want, err := hostsInUse(ctx, b.Store, plats, func(h HostName) bool {
		return target.Paths[h] == "" && !slices.Contains(target.Hosts, h)
	})
	for _, h := range want {
		if _, err := b.Extend(ctx, Extension{Platform: target.Name, Host: h, By: System("policy"), Channel: d.Policy.Channel}); err != nil {
			return ordered, err
		}
		ordered++
	}
	return ordered, err
}

// hostsInUse gives the hosts that sites of platforms are on, as far as they are
// asked for, in order. The sites of a platform are read only if it is on several
// hosts and one of them is asked for.
func hostsInUse(ctx context.Context, s Store, plats []Platform, asked func(HostName) bool) ([]HostName, error) {
	found := map[HostName]bool{}
	for _, p := range plats {
		unsure := slices.Collect(func(yield func(HostName) bool) {
			for h := range p.Paths {
				if asked(h) && !found[h] && !yield(h) {
					return
				}
			}
		})
		if len(unsure) == 0 {
			continue
		}
		counts, err := s.Count(ctx, SitesOf(p.Name))
		if err != nil {
			return nil, err
		}
		if counts[0] == 0 {
			continue
		}
		if len(p.Paths) == 1 {
			found[unsure[0]] = true
			continue
		}
		sites, err := listRows(ctx, s, SitesOf(p.Name), siteRow)
		if err != nil {
			return nil, err
		}
		for _, x := range sites {
			if asked(x.Host) {
				found[x.Host] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

package fleet

import (
	"context"
	"slices"
)

// Retire orders the deletion of a platform's trees; refused while it has
// sites, keeps the way back of one, or is a target. It locks the platform
// first, so that nothing new lands on it between the look and the deed. Params
// of its tasks: "what" is "platform", "platform", "path".
func (b *Builder) Retire(ctx context.Context, p PlatformName, who Actor) (Task, error) {
	targets := Targets{Store: b.Store}
	plat, err := (&Catalog{Store: b.Store}).Platform(ctx, p)
	if err != nil {
		return Task{}, err
	}
	if !plat.Finished() {
		return Task{}, plat.Accepts()
	}
	if plat.State != PlatformRetired {
		if plat, err = targets.Lock(ctx, p, true, who); err != nil {
			return Task{}, err
		}
	}
	if err := b.unused(ctx, plat); err != nil {
		return Task{}, err
	}
	tasks := b.retireTasks(plat, who)
	err = b.Store.Update(ctx, Catalogue, func(tx Tx) error {
		now, err := mustPlatform(tx, p)
		if err != nil {
			return err
		}
		if now.State != PlatformRetired && !now.Locked {
			return Errorf(Conflict, "Platform %s was unlocked meanwhile.", p)
		}
		on, err := tx.List(SitesOf(p), Page{Limit: 1})
		if err != nil || len(on) > 0 {
			return orRefused(err, "Platform %s still has sites, for example %s.", p, first(on))
		}
		if err := dropLock(tx, now); err != nil {
			return err
		}
		Last(tx, Lasting{Authorises: true})
		now.State = PlatformRetired
		tx.Put(&now)
		tx.Emit(audited(tx, who, "platform.retired", string(p)))
		tx.Emit(shownAgain(now)...)
		for i := range tasks {
			tasks[i].Created = tx.Now()
			tx.Emit(Effect{Task: &tasks[i]})
		}
		return nil
	})
	if err != nil || len(tasks) == 0 {
		return Task{}, err
	}
	return tasks[0], nil
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// unused refuses platforms that a site needs: to run, or to return to.
func (b *Builder) unused(ctx context.Context, p Platform) error {
	sites, total, err := (&Catalog{Store: b.Store}).Sites(ctx, SiteQuery{Platform: p.Name, Limit: 1})
	if err != nil {
		return err
	}
	if total > 0 {
		return Errorf(Refused, "Platform %s still has %s, for example %s.", p.Name, Plural(total, "site", "sites"), sites[0].URI)
	}
	plans, err := openPlans(ctx, b.Store)
	if err != nil {
		return err
	}
	for _, o := range plans {
		if o.To == p.Name {
			return Errorf(Refused, "A plan is open that leads to %s: %s", p.Name, o.Title).WithHint("Cancel it first.")
		}
	}
	all, _, err := (&Catalog{Store: b.Store}).Sites(ctx, SiteQuery{Distribution: p.Distribution, Limit: 1 << 30})
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(all, func(s Site) bool { return s.From == p.Name && s.Previous > 0 }); i >= 0 {
		return Errorf(Refused, "Site %s can still be rolled back to platform %s.", all[i].URI, p.Name).
			WithHint("Wait until its old copy is deleted.")
	}
	return nil
}

func (b *Builder) retireTasks(p Platform, who Actor) []Task {
	hosts := slices.Clone(p.Hosts)
	for h := range p.Paths {
		if !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	slices.Sort(hosts)
	var out []Task
	for _, h := range hosts {
		id := TaskID(idOr(b.ID))
		out = append(out, Task{
			ID: id, Kind: TaskRetire, Host: h, About: string(p.Name), By: who, State: TaskQueued,
			Params: map[string]string{ParamWhat: WhatPlatform, ParamPlatform: string(p.Name), ParamPath: p.Paths[h]},
			Shows:  SubjectOf(AboutTask, string(id)),
		})
	}
	return out
}

// Retired records that a host's tree is gone.
func (b *Builder) Retired(ctx context.Context, p PlatformName, host HostName) error {
	return b.Store.Update(ctx, Catalogue, func(tx Tx) error {
		plat, err := mustPlatform(tx, p)
		if err != nil || plat.Paths[host] == "" {
			return err
		}
		left := map[HostName]string{}
		for h, path := range plat.Paths {
			if h != host {
				left[h] = path
			}
		}
		plat.Paths = left
		tx.Put(&plat)
		tx.Emit(shownAgain(plat)...)
		return nil
	})
}

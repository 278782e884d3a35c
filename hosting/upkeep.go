package hosting

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// An Upkeep orders what a host's sites need from time to time: old copies whose
// time is over go, and backups are made as the distribution's policy says. It
// only orders tasks; one that is ordered twice finds its work done. Make one
// with its fields.
type Upkeep struct {
	Worker *Worker
	Orders orderer // *fleet.Sites
	Tasks  tasker  // *fleet.Tasks
	Log    *slog.Logger
}

// An orderer is what Upkeep needs of fleet.Sites.
type orderer interface {
	Order(ctx context.Context, o fleet.SiteOrder, who fleet.Actor) (fleet.Task, error)
	Backups(ctx context.Context, uri fleet.URI) ([]fleet.Backup, error)
}

// A tasker is what Upkeep needs of fleet.Tasks.
type tasker interface {
	Order(ctx context.Context, t fleet.Task) error
}

// Due orders what is due at now. A site that cannot be read is left for the
// next time.
func (u Upkeep) Due(ctx context.Context, now time.Time) error {
	all, err := u.Worker.Backend.All(ctx)
	if err != nil {
		u.Log.Warn("some sites cannot be read; nothing is done for them", "err", err)
	}
	for _, r := range all {
		if err := u.site(ctx, r.URI, now); err != nil {
			if fleet.CodeOf(err) == fleet.Later || ctx.Err() != nil {
				return err
			}
			u.Log.Warn("the upkeep of a site failed", "site", r.URI, "err", err)
		}
	}
	return u.left(ctx, now)
}

// left orders that closed copies go whose time is over. A task is named by the
// move, so that it is ordered once.
func (u Upkeep) left(ctx context.Context, now time.Time) error {
	b, ok := u.Worker.Backend.(Mobile)
	if !ok {
		return nil
	}
	all, err := b.Left(ctx)
	if err != nil {
		u.Log.Warn("what sites left here that have moved cannot all be read", "err", err)
	}
	for _, l := range all {
		if now.Before(l.Until) {
			continue
		}
		err := u.Tasks.Order(ctx, fleet.Task{
			ID: l.Task + "-left", Kind: fleet.TaskRetire, Host: u.Worker.Host, About: string(l.URI), By: fleet.System("upkeep"),
			Params: map[string]string{fleet.ParamWhat: fleet.WhatLeft, fleet.ParamID: string(l.Task)},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (u Upkeep) site(ctx context.Context, uri fleet.URI, now time.Time) error {
	s := fleet.Site{URI: uri}
	found, err := u.Worker.Store.Read(ctx, &s)
	if err != nil || !found[0] || s.State != fleet.SiteLive || s.Host != u.Worker.Host {
		return err // not recorded, or at work
	}
	if s.Previous != 0 && !s.KeptUntil.IsZero() && now.After(s.KeptUntil) {
		_, err := u.Orders.Order(ctx, fleet.SiteOrder{URI: uri, Kind: fleet.TaskRetire, Params: map[string]string{
			fleet.ParamWhat: fleet.WhatGeneration, fleet.ParamGeneration: strconv.FormatInt(s.Previous, 10),
		}}, fleet.System("upkeep"))
		return err
	}
	return u.backup(ctx, s, now)
}

func (u Upkeep) backup(ctx context.Context, s fleet.Site, now time.Time) error {
	p := fleet.Platform{Name: s.Platform}
	if err := fleet.One(ctx, u.Worker.Store, &p, "platform "+string(s.Platform)); err != nil || p.Distribution == "" {
		return err
	}
	d := fleet.Distribution{Name: p.Distribution}
	if err := fleet.One(ctx, u.Worker.Store, &d, "distribution "+string(d.Name)); err != nil || d.Policy.Backup <= 0 {
		return err
	}
	all, err := u.Orders.Backups(ctx, s.URI)
	if err != nil {
		return err
	}
	if len(all) > 0 && now.Sub(all[0].At) < time.Duration(d.Policy.Backup)*time.Hour {
		return nil
	}
	kept := orDefault(d.Policy.Backups, fleet.DefaultBackups)
	_, err = u.Orders.Order(ctx, fleet.SiteOrder{URI: s.URI, Kind: fleet.TaskArchive, Params: map[string]string{
		fleet.ParamBackup: fleet.BackupName(now), fleet.ParamKept: strconv.Itoa(kept),
	}}, fleet.System("upkeep"))
	return err
}

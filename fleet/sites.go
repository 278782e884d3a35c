package fleet

import (
	"context"
	"maps"
)

// Sites keeps sites, their locks and their moves. Workers call it.
type Sites struct {
	Store Store
	ID    func() string // makes ULIDs in lower case; nil means NewID
}

// A NewSite asks for a site on a platform, or on the target of a distribution.
type NewSite struct {
	URI          URI
	Distribution DistName
	Platform     PlatformName // empty: the distribution's target
	Host         HostName     // empty: the platform's only host
	Tags         []string
	Source       URI     // copy the data of this site, which is on the same host; "" for a fresh one
	Install      Install // what it is installed with; zero values leave it to the host
	Channel      string
	Quiet        bool // nothing is posted: whoever orders it tells what came of it
}

// Create records a new site in state creating and orders its create task, on a
// platform, or on the target of a distribution. The task's Params: "platform".
// Errors: Exists; Refused when the platform takes no new sites, with the reason.
func (ss *Sites) Create(ctx context.Context, n NewSite, who Actor) (Site, Task, error) {
	uri, err := ParseURI(string(n.URI))
	if err != nil {
		return Site{}, Task{}, err
	}
	tags, err := EditTags(nil, n.Tags, nil)
	if err != nil {
		return Site{}, Task{}, err
	}
	if err := CheckInstall(n.Install); err != nil {
		return Site{}, Task{}, err
	}
	n.Install.URI = uri
	id, taskID := idOr(ss.ID), TaskID(idOr(ss.ID))
	var site Site
	var task Task
	err = ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		p, host, err := landing(tx, n)
		if err != nil {
			return err
		}
		site = Site{URI: uri}
		found, err := tx.Get(&site)
		if err != nil {
			return err
		}
		if found {
			return Errorf(Exists, "There is a site %s already, on %s.", site.URI, site.Platform)
		}
		kind, params := TaskCreate, map[string]string{ParamPlatform: string(p.Name)}
		if n.Source != "" {
			from, err := mustSite(tx, n.Source)
			if err != nil {
				return err
			}
			if from.Host != host || from.Kind != p.Kind || from.State == SiteCreating || from.State == SiteFailed {
				return Errorf(Refused, "Site %s cannot be cloned onto %s on %s: it is of kind %s on host %s, in state %s.", from.URI, p.Name, host, from.Kind, from.Host, from.State)
			}
			kind, params[ParamSource] = TaskClone, string(from.URI)
		}
		if err := keepInstall(tx, host, n.Install); err != nil {
			return err
		}
		maps.Copy(params, n.Install.Values())
		site = Site{URI: uri, ID: id, Tags: tags, Platform: p.Name, Host: host, Kind: p.Kind, State: SiteCreating, Created: tx.Now()}
		Last(tx, Lasting{Authorises: true})
		tx.Put(&site)
		task = Task{
			ID: taskID, Kind: kind, Host: host, About: string(uri), By: who, State: TaskQueued, Created: tx.Now(), Urgent: true,
			Params: params,
			Shows:  SubjectOf(AboutTask, string(taskID)), Channel: n.Channel,
		}
		if !n.Quiet {
			tx.Emit(shown(task.Shows, n.Channel))
		}
		tx.Emit(Effect{Task: &task}, audited(tx, who, "site.created", string(uri), "platform", string(p.Name)))
		return nil
	})
	return site, task, err
}

// landing finds the platform and host of a new site. The target of a
// distribution takes sites although its other platforms are locked.
func landing(tx Tx, n NewSite) (Platform, HostName, error) {
	name := n.Platform
	if n.Distribution != "" {
		d, err := mustDist(tx, n.Distribution)
		if err != nil {
			return Platform{}, "", err
		}
		if name == "" {
			name = d.Target
		}
		if name == "" {
			return Platform{}, "", Errorf(Refused, "%s has no upgrade target yet.", d.Name).WithHint("Name a platform, or set the target first: %s target %s PLATFORM", Slash, d.Name)
		}
	}
	if name == "" {
		return Platform{}, "", Errorf(Invalid, "A site needs a platform or a distribution.")
	}
	p, err := mustPlatform(tx, name)
	if err != nil {
		return p, "", err
	}
	if n.Distribution != "" && fold(string(p.Distribution)) != fold(string(n.Distribution)) {
		return p, "", Errorf(Invalid, "Platform %s does not belong to %s.", p.Name, n.Distribution)
	}
	if err := p.Accepts(); err != nil {
		return p, "", err
	}
	host, err := p.hostFor(n.Host)
	return p, host, err
}

// hostFor gives the host a new site goes to: the one named, or the only one.
func (p Platform) hostFor(want HostName) (HostName, error) {
	if want != "" {
		if p.Paths[want] == "" {
			return "", Errorf(Refused, "Platform %s is not on host %s.", p.Name, want).
				WithHint("Build it there first: %s build %s --host %s", Slash, p.Name, want)
		}
		return want, nil
	}
	if len(p.Paths) != 1 {
		return "", Errorf(Invalid, "Platform %s is on %s.", p.Name, Plural(len(p.Paths), "host", "hosts")).WithHint("Name the host with --host.")
	}
	for h := range p.Paths {
		want = h
	}
	return want, nil
}

// Adopt records a site that is live on a host already, on any ready platform:
// locks are for what is new. The fence found on the host is kept in s.Lock.
func (ss *Sites) Adopt(ctx context.Context, s Site, who Actor) (Site, error) {
	if _, err := ParseURI(string(s.URI)); err != nil {
		return Site{}, err
	}
	if s.ID == "" {
		s.ID = idOr(ss.ID)
	}
	out := s
	err := ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		p, err := mustPlatform(tx, s.Platform)
		if err != nil {
			return err
		}
		p.Locked = false
		if err := p.Accepts(); err != nil {
			return err
		}
		if p.Paths[s.Host] == "" {
			return Errorf(Refused, "Platform %s is not on host %s.", p.Name, s.Host)
		}
		have := Site{URI: s.URI}
		found, err := tx.Get(&have)
		if err != nil {
			return err
		}
		if found {
			next, changed, err := Readopt(have, s, tx.Now())
			if out = next; err != nil || !changed {
				return err
			}
			tx.Put(&out)
			tx.Emit(audited(tx, who, "site.readopted", string(s.URI), "from", string(have.Platform), "to", string(out.Platform)))
			return nil
		}
		out = s
		out.Kind, out.State, out.Created = p.Kind, SiteLive, tx.Now()
		out.Lock = SiteLock{Fence: s.Lock.Fence}
		tx.Put(&out)
		tx.Emit(audited(tx, who, "site.adopted", string(s.URI), "platform", string(p.Name)))
		return nil
	})
	return out, err
}

// Remove orders the removal of a site; the row goes when the task ends
// (Removed). Params of the task: "what" is "site", "id", "platform". Refused
// while a task works on the site.
func (ss *Sites) Remove(ctx context.Context, uri URI, who Actor) (Task, error) {
	id := TaskID(idOr(ss.ID))
	var task Task
	err := ss.Store.Update(ctx, Catalogue, func(tx Tx) error {
		s, err := mustSite(tx, uri)
		if err != nil {
			return err
		}
		if s.Lock.Held(id, tx.Now()) {
			return busyWith(s)
		}
		Last(tx, Lasting{Authorises: true})
		task = Task{
			ID: id, Kind: TaskRetire, Host: s.Host, About: string(uri), By: who, State: TaskQueued, Created: tx.Now(),
			Params: map[string]string{ParamWhat: WhatSite, ParamID: s.ID, ParamPlatform: string(s.Platform)},
			Shows:  SubjectOf(AboutTask, string(id)),
		}
		tx.Emit(Effect{Task: &task}, audited(tx, who, "site.removal", string(uri)))
		return nil
	})
	return task, err
}

func busyWith(s Site) error {
	return Errorf(Conflict, "Site %s is being worked on by task %s.", s.URI, s.Lock.Task).WithHint("Try again when it has ended.")
}

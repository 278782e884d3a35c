package fleet

import (
	"context"
	"slices"
	"time"
)

// Builder orders builds and records their results.
//
// A build task is of kind TaskBuild, About is the platform's name; its recipe
// reads everything else from the Platform's row. Params repeat "platform" and
// "dist" for people who read tasks.
type Builder struct {
	Store   Store
	Default HostName      // where platforms are built when no site says otherwise
	ID      func() string // makes ULIDs in lower case
}

// Build records a queued platform and orders its build tasks. The announcement
// it came from is marked; one that was acted on already gives the platform it
// became, and one that was replaced is Refused. A build of the same commit
// under way is returned instead of a second one; a failed one is built again
// under its name.
func (b *Builder) Build(ctx context.Context, o BuildOrder) (Platform, error) {
	if o.Ref.Commit == "" && o.Refresh == "" {
		return Platform{}, Errorf(Invalid, "A build needs a commit.").WithHint("Name a tag or a branch.")
	}
	if err := b.findHosts(ctx, &o); err != nil {
		return Platform{}, err
	}
	ids := make([]TaskID, len(o.Hosts))
	for i := range ids {
		ids[i] = TaskID(idOr(b.ID))
	}
	var out Platform
	rule := order
	if o.Refresh != "" {
		rule = orderRefresh
	}
	err := b.Store.Update(ctx, Catalogue, func(tx Tx) (err error) {
		out, err = rule(tx, o, ids)
		return err
	})
	return out, err
}

// order is the commit of Build.
func order(tx Tx, o BuildOrder, ids []TaskID) (Platform, error) {
	d, err := mustDist(tx, o.Distribution)
	if err != nil {
		return Platform{}, err
	}
	if d.URL == "" {
		return Platform{}, Errorf(Refused, "%s has no repository to build from.", d.Name).
			WithHint("Add one: %s edit %s --url URL", Slash, d.Name)
	}
	if have, err := actedOn(tx, o); err != nil || have.Name != "" {
		return have, err
	}
	pressed := o.News != ""
	if !pressed {
		if o.News, err = announcedAs(tx, d, o.Ref); err != nil {
			return Platform{}, err
		}
	}
	all, err := getRows(tx, PlatformsOf(d.Name), platformRow)
	if err != nil {
		return Platform{}, err
	}
	again, found := sameBuild(all, o.Ref)
	if found && again.State != PlatformFailed {
		return again, nil
	}
	out, err := newPlatform(tx, d, o)
	if err != nil {
		return out, err
	}
	if found {
		out.Name, out.Created = again.Name, again.Created
	}
	out.Task = ids[0]
	d.Builds++
	tx.Put(&d)
	tx.Put(&out)
	if !pressed && !o.Quiet {
		tx.Emit(shown(SubjectOf(AboutPlatform, string(out.Name)), o.Channel))
	}
	return out, ordered(tx, out, o, ids)
}

// actedOn gives the platform that the order's announcement has become already;
// its Name is empty if the order is the first for what is announced.
func actedOn(tx Tx, o BuildOrder) (Platform, error) {
	a := Announcement{ID: o.News}
	if o.News == "" {
		return Platform{}, nil
	}
	if found, err := tx.Get(&a); err != nil || !found {
		return Platform{}, err
	}
	switch {
	case a.State == NewsSuperseded:
		return Platform{}, Errorf(Refused, "A newer announcement has replaced this one.").WithHint("Build that one instead.")
	case a.To.Commit != o.Ref.Commit:
		return Platform{}, Errorf(Refused, "%s was announced meanwhile.", Clean(a.To.Short(), 60)).WithHint("Look at the announcement as it is now, and press Build again.")
	case a.State != NewsBuilding && a.State != NewsBuilt:
		return Platform{}, nil
	}
	p := Platform{Name: a.Platform}
	found, err := tx.Get(&p)
	if err != nil || !found || p.State == PlatformFailed {
		return Platform{}, err
	}
	return p, nil
}

// announcedAs finds the announcement of a ref that nobody has acted on: a build
// that was ordered by command is what it waits for. "" if there is none.
func announcedAs(tx Tx, d Distribution, r Ref) (string, error) {
	if d.News == 0 {
		return "", nil
	}
	a := Announcement{ID: NewsID(d.Name, d.News)}
	found, err := tx.Get(&a)
	if err != nil || !found || !a.Open() || a.To.Name != r.Name || a.To.Commit != r.Commit {
		return "", err
	}
	return a.ID, nil
}

// sameBuild finds a build of the same ref and commit that is under way, or one
// that failed before any host had it.
func sameBuild(all []Platform, r Ref) (Platform, bool) {
	for _, p := range slices.Backward(all) {
		if p.Ref.Commit != r.Commit || p.Ref.Name != r.Name || p.Refreshed != "" {
			continue
		}
		switch p.State {
		case PlatformQueued, PlatformBuilding, PlatformVerifying:
			return p, true
		case PlatformFailed:
			return p, len(p.Paths) == 0
		}
	}
	return Platform{}, false
}

// newPlatform makes the row of a build, under the first name that is free.
// While its distribution has a target it is locked: it is not the target yet.
func newPlatform(tx Tx, d Distribution, o BuildOrder) (Platform, error) {
	p := Platform{
		Distribution: d.Name, Kind: d.Kind, Source: d.Source, URL: d.URL, Ref: o.Ref,
		State: PlatformQueued, Locked: d.Target != "", Hosts: o.Hosts,
		Created: tx.Now(), By: o.By, News: o.News,
	}
	for nth := 1; ; nth++ {
		have := Platform{Name: NameFor(d.Name, o.Ref, tx.Now(), nth)}
		found, err := tx.Get(&have)
		if err != nil {
			return p, err
		}
		if !found {
			p.Name = have.Name
			return p, nil
		}
	}
}

// ordered emits a build's tasks and notices, and marks its announcement.
func ordered(tx Tx, p Platform, o BuildOrder, ids []TaskID) error {
	shows := SubjectOf(AboutPlatform, string(p.Name))
	if p.News != "" {
		shows = SubjectOf(AboutNews, p.News)
		if err := markNews(tx, p, NewsBuilding); err != nil {
			return err
		}
	}
	if p.Refresh != "" {
		shows = SubjectOf(AboutRefresh, p.Refresh)
	}
	for i, h := range o.Hosts {
		tx.Emit(Effect{Task: &Task{
			ID: ids[i], Kind: TaskBuild, Host: h, About: string(p.Name), By: o.By,
			Params: map[string]string{ParamPlatform: string(p.Name), ParamDist: string(p.Distribution)},
			State:  TaskQueued, Created: tx.Now(), Shows: shows,
		}})
	}
	tx.Emit(audited(tx, o.By, "platform.ordered", string(p.Name), "commit", p.Ref.Commit, "ref", p.Ref.Name))
	return nil
}

// markNews brings the announcement a platform was built from up to date.
func markNews(tx Tx, p Platform, s NewsState) error {
	if p.News == "" {
		tx.Emit(shownAgain(p)...)
		return nil
	}
	a := Announcement{ID: p.News}
	found, err := tx.Get(&a)
	if err != nil {
		return err
	}
	if found {
		a.State, a.Platform, a.Until = s, p.Name, time.Time{}
		if s == NewsBuilding {
			a.By = p.By
		}
		tx.Put(&a)
		tx.Emit(edited(SubjectOf(AboutNews, a.ID)))
	}
	tx.Emit(edited(SubjectOf(AboutPlatform, string(p.Name))))
	return nil
}

// findHosts fills in where to build: on the hosts that have sites of the
// distribution, or else on the default host.
func (b *Builder) findHosts(ctx context.Context, o *BuildOrder) error {
	if len(o.Hosts) > 0 {
		return nil
	}
	plats, err := (&Catalog{Store: b.Store}).Platforms(ctx, o.Distribution)
	if err != nil {
		return err
	}
	o.Hosts, err = hostsInUse(ctx, b.Store, plats, func(HostName) bool { return true })
	if err != nil {
		return err
	}
	if len(o.Hosts) == 0 {
		h, err := b.fallback(ctx)
		if err != nil {
			return err
		}
		o.Hosts = []HostName{h}
	}
	return nil
}

// fallback is where a platform is built that no site needs anywhere: on the
// default host, or if that has never had a worker, on the first one that works.
func (b *Builder) fallback(ctx context.Context) (HostName, error) {
	hosts, err := listRows(ctx, b.Store, AllHosts, hostRow)
	if err != nil {
		return "", err
	}
	first := b.Default
	if first == "" {
		first = LocalHost
	}
	if slices.ContainsFunc(hosts, func(h Host) bool { return h.Name == first }) {
		return first, nil
	}
	if i := slices.IndexFunc(hosts, func(h Host) bool { return h.State == HostWorking }); i >= 0 {
		return hosts[i].Name, nil
	}
	return first, nil
}

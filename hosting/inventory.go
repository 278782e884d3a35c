package hosting

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// An Inventoried backend drives a system that people also change by its own
// means, such as Aegir's front end.
type Inventoried interface {
	// Inventory reads all of it.
	Inventory(ctx context.Context) (fleet.Inventory, error)
	// Renew has the system look at platforms again whose package data is old, so
	// that what is compared is true.
	Renew(ctx context.Context, platforms []fleet.PlatformName, log func(string)) error
	// Lock carries the lock of a platform over.
	Lock(ctx context.Context, p fleet.PlatformName, locked bool, log func(string)) error
	// Reread forgets what is kept here of the code of a platform that the system
	// had before, so that Tree gives it as it is now.
	Reread(ctx context.Context, p fleet.PlatformName) error
	// Follow takes what people did to a site there for true: its record is as the
	// system has it afterwards. Without a site, all of them.
	Follow(ctx context.Context, only fleet.URI, log func(string)) error
}

// An inventoryKeeper is what workers need of fleet.Inventories.
type inventoryKeeper interface {
	Take(ctx context.Context, host fleet.HostName, read func(context.Context) (fleet.Inventory, error)) (fleet.Taken, error)
	Locked(ctx context.Context, host fleet.HostName, f fleet.FoundPlatform) error
	Facts(ctx context.Context, f fleet.FoundPlatform, r fleet.BuildResult) error
}

// TakeStock brings the records in step with what this host's own system has: on a
// schedule, before each plan, and when sites are adopted. A backend without such a
// system has nothing to do. One look at a time; another waits for it.
func (w *Worker) TakeStock(ctx context.Context, log func(string)) error {
	system, ok := w.Backend.(Inventoried)
	if !ok || w.Inventories == nil {
		return nil
	}
	w.stock.Lock()
	defer w.stock.Unlock()
	t, err := w.Inventories.Take(ctx, w.Host, system.Inventory)
	if err != nil {
		return err
	}
	for _, change := range t.Changes {
		log("Changed by other means: " + change + ".")
	}
	for _, f := range t.Locks {
		if err := system.Lock(ctx, f.Name, f.Locked, log); err != nil {
			log("The lock of " + string(f.Name) + " was not carried over: " + Sentence(err))
			continue // the next look tries again
		}
		if err := w.Inventories.Locked(ctx, w.Host, f); err != nil {
			return err
		}
	}
	for _, f := range t.Unread {
		if err := w.readFound(ctx, system, f); err != nil {
			if ctx.Err() != nil || fleet.CodeOf(err) == fleet.Later {
				return err
			}
			log("What platform " + string(f.Name) + " is made of cannot be read: " + Sentence(err))
		}
	}
	return nil
}

// readFound reads the facts of a platform that somebody else has built.
func (w *Worker) readFound(ctx context.Context, system Inventoried, f fleet.FoundPlatform) error {
	if err := system.Reread(ctx, f.Name); err != nil {
		return err
	}
	t, err := w.tree(ctx, f.Name)
	if err != nil {
		return err
	}
	r, err := w.survey(ctx, fleet.Platform{Name: f.Name, Kind: f.Kind}, t)
	if err != nil {
		return err
	}
	return w.Inventories.Facts(ctx, f, r)
}

// renew has a host's own system look again at the platforms that sites of a plan
// are on, and the one they are to go to, and takes what it finds.
func (w *Worker) renew(ctx context.Context, s *job.Scope, sites []fleet.URI) error {
	system, ok := w.Backend.(Inventoried)
	if !ok {
		return nil
	}
	named := map[fleet.PlatformName]bool{fleet.PlatformName(s.Param(fleet.ParamPlatform)): true}
	for _, uri := range sites {
		site := fleet.Site{URI: uri}
		if _, err := w.Store.Read(ctx, &site); err != nil {
			return err
		}
		named[site.Platform] = true
	}
	delete(named, "")
	var platforms []fleet.PlatformName
	for p := range named {
		platforms = append(platforms, p)
	}
	log := func(line string) { s.Log("%s", line) }
	if err := system.Renew(ctx, platforms, log); err != nil {
		return err
	}
	return w.TakeStock(ctx, log)
}

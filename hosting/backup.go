package hosting

import (
	"context"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// archive backs a site up while visitors go on.
func (w *Worker) archive() job.Recipe {
	return job.Recipe{Beat: w.beat, Ended: w.ended, Steps: []job.Step{
		{Name: "backup", Title: "back the site up and prove it", Do: w.backup, Repeatable: true, Limit: 6 * time.Hour},
	}}
}

func (w *Worker) backup(ctx context.Context, s *job.Scope) error {
	site, err := w.claimWhenFree(ctx, s, fleet.SiteClaim{})
	if err != nil {
		return refused(err)
	}
	c := Copy{URI: site.URI, ID: site.ID, Generation: site.Generation, Backup: s.Param(fleet.ParamBackup), Fence: site.Lock.Fence, Task: s.Task.ID}
	a, gone, err := w.Backend.Backup(ctx, c, int(number(s.Param(fleet.ParamKept))))
	if err != nil {
		return err
	}
	s.Keep("bytes", strconv.FormatInt(a.Bytes, 10))
	return patient(ctx, func() error {
		return w.Sites.BackedUp(ctx, fleet.Backup{
			URI: site.URI, Name: c.Backup, Host: w.Host, Platform: site.Platform, Generation: site.Generation,
			Bytes: a.Bytes, By: s.Task.By, Task: s.Task.ID,
		}, gone)
	})
}

// restore gives a site the data of a backup, in a generation of its own: the
// data it has now is kept for the way back as after a move. The platform stays,
// and the updates run, since the backup may be older than it.
func (w *Worker) restore() job.Recipe {
	r := w.migrate(fleet.Task{})
	r.Steps[0].Do = w.preflightRestore
	return r
}

func (w *Worker) preflightRestore(ctx context.Context, s *job.Scope) error {
	site, err := w.claimWhenFree(ctx, s, fleet.SiteClaim{Generation: number(s.Param(fleet.ParamGeneration))})
	if err != nil {
		return refused(err)
	}
	if err := w.agrees(ctx, site); err != nil {
		return refused(err)
	}
	r, err := w.Backend.BackedUp(ctx, Copy{URI: site.URI, Backup: s.Param(fleet.ParamBackup)})
	if err != nil {
		return refused(err)
	}
	if r.Kind != site.Kind {
		return job.Stop("The backup is of a site of kind %s; %s is of kind %s now.", r.Kind, site.URI, site.Kind)
	}
	if err := w.serves(ctx, site.Platform); err != nil {
		return refused(err)
	}
	if err := w.room(ctx, site); err != nil {
		return refused(err)
	}
	w.keepStart(s, site, site.Platform, site.Generation)
	return w.keepBaseline(ctx, s, site)
}

// login makes an address that logs somebody in once. Who asked takes it out of
// the journal, see fleet.Tasks.Take.
func (w *Worker) login() job.Recipe {
	return job.Recipe{Beat: w.beat, Ended: w.ended, Steps: []job.Step{
		{Name: fleet.StepLogin, Title: "make an address", Repeatable: true, Limit: 2 * time.Minute, Do: func(ctx context.Context, s *job.Scope) error {
			site, err := w.claimWhenFree(ctx, s, fleet.SiteClaim{})
			if err != nil {
				return refused(err)
			}
			r, err := w.Backend.Live(ctx, site.URI)
			if err != nil {
				return refused(err)
			}
			c, err := w.liveCopy(ctx, r)
			if err != nil {
				return refused(err)
			}
			c.Fence, c.Task = site.Lock.Fence, s.Task.ID
			url, err := w.Backend.Login(ctx, c)
			s.Keep(fleet.ResultLink, url)
			return err
		}},
	}}
}

// clone makes a new site with the data of another one of this host.
func (w *Worker) clone() job.Recipe {
	r := w.create()
	for i := range r.Steps {
		switch r.Steps[i].Name {
		case "copy":
			r.Steps[i].Title, r.Steps[i].Limit = "copy the other site's data", 2*time.Hour
		case "install":
			r.Steps[i].Title, r.Steps[i].Do = "give it its new address", w.afresh("install", w.next, w.rename)
		}
	}
	return r
}

// rename brings copied data up to the platform and tells it its new address.
func (w *Worker) rename(ctx context.Context, s *job.Scope, c Copy) error {
	if err := w.update(ctx, s, c); err != nil || c.App.Rename == nil {
		return err
	}
	return w.Backend.Run(ctx, c, func(p Place) []Program { return c.App.Rename(p, string(c.Source)) }, func(line string) { s.Log("%s", line) })
}

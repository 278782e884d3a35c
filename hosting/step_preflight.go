package hosting

import (
	"context"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// minRoom is what must be free on the disk beyond a site's own data, in bytes.
const minRoom = 64 << 20

// preflightMigrate takes the site's lock if everything is as the plan said, and
// journals what later steps start from. Whatever it refuses, nothing was done:
// there is no way back to walk and the site is not pinned.
func (w *Worker) preflightMigrate(ctx context.Context, s *job.Scope) error {
	rules, _ := strconv.ParseInt(s.Param(fleet.ParamRules), 10, 64)
	site, err := w.claimWhenFree(ctx, s, fleet.SiteClaim{
		Generation: number(s.Param(fleet.ParamGeneration)),
		Platform:   fleet.PlatformName(s.Param(fleet.ParamFrom)),
		Plan:       s.Task.Plan,
		Target:     fleet.PlatformName(s.Param(fleet.ParamTarget)),
		Rules:      rules,
		Free:       s.Param(fleet.ParamFree),
		Begins:     true,
	})
	if err != nil {
		return refused(err)
	}
	if err := w.agrees(ctx, site); err != nil {
		return refused(err)
	}
	to := fleet.PlatformName(s.Param(fleet.ParamPlatform))
	if site.Platform == to {
		return job.Stop("Site %s is on platform %s already.", site.URI, to)
	}
	if err := w.serves(ctx, to); err != nil {
		return refused(err)
	}
	if err := w.room(ctx, site); err != nil {
		return refused(err)
	}
	w.keepStart(s, site, to, site.Generation)
	return w.keepBaseline(ctx, s, site)
}

// claimWhenFree waits while another task, such as a rehearsal of this very move,
// works on the site. The step's limit ends it.
func (w *Worker) claimWhenFree(ctx context.Context, s *job.Scope, want fleet.SiteClaim) (fleet.Site, error) {
	for said := false; ; said = true {
		site, err := w.claim(ctx, s, want)
		if fleet.CodeOf(err) != fleet.Conflict || ctx.Err() != nil {
			return site, err
		}
		if !said {
			s.Log("Waiting: %s", Sentence(err))
		}
		select {
		case <-ctx.Done():
			return site, err
		case <-time.After(checkPause):
		}
	}
}

// preflightRollback is the same for a return to the kept generation.
func (w *Worker) preflightRollback(ctx context.Context, s *job.Scope) error {
	site, err := w.claim(ctx, s, fleet.SiteClaim{
		Generation: number(s.Param(fleet.ParamGeneration)),
		Platform:   fleet.PlatformName(s.Param(fleet.ParamFrom)),
		Plan:       s.Task.Plan,
	})
	if err != nil {
		return refused(err)
	}
	if err := w.agrees(ctx, site); err != nil {
		return refused(err)
	}
	back := site.Previous
	if want := number(s.Param(fleet.ParamBack)); back == 0 || want != 0 && want != back {
		return job.Stop("Site %s has no old copy to return to.", site.URI)
	}
	if _, err := w.tree(ctx, site.From); err != nil {
		return refused(err)
	}
	w.keepStart(s, site, site.From, back)
	return nil
}

// preflightCreate makes sure that nothing is in the new site's place.
func (w *Worker) preflightCreate(ctx context.Context, s *job.Scope) error {
	site, err := w.claim(ctx, s, fleet.SiteClaim{})
	if err != nil {
		return refused(err)
	}
	r, err := w.Backend.Live(ctx, site.URI)
	if err == nil && r.Task != s.Task.ID {
		return job.Stop("There is a site %s on this host already. Adopt it instead.", site.URI)
	}
	if err != nil && fleet.CodeOf(err) != fleet.NotFound {
		return refused(err)
	}
	to := fleet.PlatformName(s.Param(fleet.ParamPlatform))
	if err := w.serves(ctx, to); err != nil {
		return refused(err)
	}
	if err := w.room(ctx, site); err != nil {
		return refused(err)
	}
	if err := w.makeWay(ctx, site.URI); err != nil {
		return refused(err)
	}
	w.keepStart(s, site, to, 0)
	return nil
}

// agrees refuses to act on a site of which the storage knows less than the host:
// the storage was emptied or restored from a backup since, or a failover lost
// what it had been told.
func (w *Worker) agrees(ctx context.Context, site fleet.Site) error {
	r, err := w.Backend.Live(ctx, site.URI)
	if err != nil {
		return err
	}
	if r.Generation == site.Generation && r.Fence <= site.Lock.Fence {
		return nil
	}
	return fleet.Errorf(fleet.Refused, "Site %s is at generation %d on host %s (fence %d); the storage says generation %d (fence %d).",
		site.URI, r.Generation, w.Host, r.Fence, site.Generation, site.Lock.Fence).
		WithHint("The storage is behind the host. Read the host's sites again: %s site adopt %s", fleet.Slash, site.URI)
}

// serves refuses a platform that is not on this host, or whose kind of site
// cannot be hosted.
func (w *Worker) serves(ctx context.Context, name fleet.PlatformName) error {
	t, err := w.tree(ctx, name)
	if err != nil {
		return err
	}
	p := fleet.Platform{Name: name}
	err = patient(ctx, func() error { return fleet.One(ctx, w.Store, &p, "platform "+string(name)) })
	if err != nil {
		return err
	}
	app := w.kindOf(p.Kind).App(t)
	if err := w.Backend.Able(app); err != nil || !app.PHP {
		return err
	}
	facts := fleet.PlatformFacts{Platform: name}
	if err := patient(ctx, func() error { _, err := w.Store.Read(ctx, &facts); return err }); err != nil {
		return err
	}
	return fleet.RunsOn(facts.PHP, w.Backend.PHP(ctx))
}

// keepStart journals what the task starts from; start reads it.
func (w *Worker) keepStart(s *job.Scope, site fleet.Site, to fleet.PlatformName, data int64) {
	hours := number(s.Param(fleet.ParamKeep))
	if hours <= 0 {
		hours = fleet.DefaultKeep
	}
	s.Keep("from", string(site.Platform))
	s.Keep("to", string(to))
	s.Keep("generation", strconv.FormatInt(site.Generation, 10))
	s.Keep("data", strconv.FormatInt(data, 10))
	s.Keep("kept_until", s.Now.Add(time.Duration(hours)*time.Hour).UTC().Format(time.RFC3339))
}

// keepBaseline journals how the site answers before anything is done to it.
func (w *Worker) keepBaseline(ctx context.Context, s *job.Scope, site fleet.Site) error {
	tree, err := w.tree(ctx, site.Platform)
	if err != nil {
		return refused(err)
	}
	a, err := w.Backend.Probe(ctx, site.URI, w.kindOf(site.Kind).App(tree).Check.Path)
	if err != nil {
		s.Log("The site does not answer before the move: %s", Sentence(err))
	}
	s.Keep("status", strconv.Itoa(a.Status))
	return nil
}

// room refuses when the disk could not hold another copy of the site.
func (w *Worker) room(ctx context.Context, site fleet.Site) error {
	size, err := w.Backend.Size(ctx, site.URI, site.Generation)
	if err != nil {
		return err
	}
	free, err := w.Backend.Room(ctx)
	if err != nil {
		return err
	}
	if need := size.Bytes + minRoom; free < need {
		return fleet.Errorf(fleet.Refused, "The disk is full on %s: %d MB are free and the site needs %d MB.", w.Host, free>>20, need>>20).
			WithHint("Free some space there, then try again.")
	}
	return nil
}

// refused ends a task that has not begun to act. An error that may pass (the
// store is away) or that says that the task is not ours stays what it is.
func refused(err error) error {
	switch fleet.CodeOf(err) {
	case fleet.Stale, fleet.Later, fleet.Held, "":
		return err
	}
	return job.Stop("%s", Sentence(err))
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

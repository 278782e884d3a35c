package hosting

// The steps of the host that a site leaves.

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// assumedRate is at how many bytes a second data is thought to go from host to
// host while nothing was measured: an ordinary disk and network, not a quick one.
const assumedRate = 20 << 20

// besides is what visitors wait for on top of their data: the checks and the
// updates of an ordinary site.
const besides = 10 * time.Second

// lookAtMove tells what a move would do; it changes nothing.
func (w *Worker) lookAtMove(ctx context.Context, s *job.Scope) error {
	b, err := w.mobile()
	if err != nil {
		return refused(err)
	}
	r, err := w.Backend.Live(ctx, fleet.URI(s.Task.About))
	if err != nil {
		return refused(err)
	}
	c, err := w.liveCopy(ctx, r)
	if err != nil {
		return refused(err)
	}
	before, held, err := b.Weigh(ctx, c)
	if err != nil {
		return err
	}
	to, p := fleet.Host{Name: fleet.HostName(s.Param(fleet.ParamTo))}, fleet.Platform{Name: r.Platform}
	if _, err := w.Store.Read(ctx, &to, &p); err != nil {
		return err
	}
	if need := before.Bytes + 2*held.Bytes + minRoom; to.Free >= 0 && to.Free < need {
		return job.Stop("Host %s has %d MB free and the site needs %d MB there.", to.Name, to.Free>>20, need>>20)
	}
	s.Keep(fleet.ResultSaid, moveOffer(r, p, to, [2]Amount{before, held}))
	return nil
}

// moveOffer is what people are told before they confirm.
func moveOffer(r Record, p fleet.Platform, to fleet.Host, size [2]Amount) string {
	platform := fmt.Sprintf("Its platform %s is on %s already.", p.Name, to.Name)
	if p.Paths[to.Name] == "" {
		platform = fmt.Sprintf("Its platform %s is built on %s first, and must come out the same.", p.Name, to.Name)
	}
	rate, how := to.Rate, "measured there last"
	if rate <= 0 {
		rate, how = assumedRate, "assumed, since nothing was moved there yet"
	}
	wait := time.Duration(float64(size[1].Bytes)/float64(rate)*float64(time.Second)) + besides
	return fmt.Sprintf("It can be moved, with %s of data. %s Visitors go on while %s of shared files are sent; then they wait for %s and the checks, about %s at %d MB/s (%s)",
		sizeText(size[0].Bytes+size[1].Bytes), platform, sizeText(size[0].Bytes), sizeText(size[1].Bytes), wait.Round(time.Second), max(rate>>20, 1), how)
}

// sizeText is an amount of data for people.
func sizeText(n int64) string {
	switch {
	case n < 1<<20:
		return fmt.Sprintf("%d kB", (n+1023)>>10)
	case n < 10<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d MB", n>>20)
}

// awaitPlatform waits for the build that was ordered with the move. The site is
// nobody's meanwhile.
func (w *Worker) awaitPlatform(ctx context.Context, s *job.Scope) error {
	p, to := fleet.Platform{Name: fleet.PlatformName(s.Param(fleet.ParamPlatform))}, fleet.HostName(s.Param(fleet.ParamTo))
	for said := false; ; said = true {
		err := patient(ctx, func() error { return fleet.One(ctx, w.Store, &p, "platform "+string(p.Name)) })
		switch {
		case err != nil:
			return refused(err)
		case p.Paths[to] != "":
			return nil
		case p.State != fleet.PlatformReady || !p.Awaits(to):
			return job.Stop("Platform %s could not be built on host %s: %s", p.Name, to, orDefault(fleet.Clean(p.Missing[to], 200), "nothing builds it there."))
		}
		if !said {
			s.Log("Waiting for platform %s on host %s.", p.Name, to)
		}
		timer := time.NewTimer(checkPause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}

// preflightMove takes the site's lock and begins the move.
func (w *Worker) preflightMove(ctx context.Context, s *job.Scope) error {
	b, err := w.mobile()
	if err != nil {
		return refused(err)
	}
	site, err := w.claimWhenFree(ctx, s, fleet.SiteClaim{
		Generation: number(s.Param(fleet.ParamGeneration)), Platform: fleet.PlatformName(s.Param(fleet.ParamPlatform)), Begins: true,
	})
	if err != nil {
		return refused(err)
	}
	if err := w.agrees(ctx, site); err != nil {
		return refused(err)
	}
	first, last, err := b.Weigh(ctx, Copy{URI: site.URI, Generation: site.Generation})
	if err != nil {
		return refused(err)
	}
	free, err := w.Backend.Room(ctx)
	if err != nil {
		return refused(err)
	}
	if need := first.Bytes + last.Bytes + minRoom; free < need {
		return job.Stop("The disk is full on %s: %d MB are free and packing the site may need %d MB.", w.Host, free>>20, need>>20)
	}
	w.keepStart(s, site, site.Platform, site.Generation)
	return refused(patient(ctx, func() error {
		return w.Transits.Begin(ctx, fleet.Transit{
			URI: site.URI, From: w.Host, To: fleet.HostName(s.Param(fleet.ParamTo)), Platform: site.Platform, Generation: site.Generation,
			Database: site.Database, Send: s.Task.ID, By: s.Task.By, KeptUntil: keptUntil(s),
		})
	}))
}

// keptUntil is how long the copy is kept that the site leaves, as keepStart has
// just journaled it.
func keptUntil(s *job.Scope) time.Time {
	at, _ := time.Parse(time.RFC3339, s.Result["kept_until"])
	return at
}

// offer packs the first or the last part, and lets the other host fetch it.
func (w *Worker) offer(last bool) func(context.Context, *job.Scope) error {
	return func(ctx context.Context, s *job.Scope) error {
		b, err := w.mobile()
		if err != nil {
			return err
		}
		site, err := w.claim(ctx, s, fleet.SiteClaim{})
		if err != nil {
			return err
		}
		r, err := w.Backend.Live(ctx, site.URI)
		if err != nil {
			return err
		}
		c, err := w.liveCopy(ctx, r)
		if err != nil {
			return err
		}
		c.Fence, c.Task = site.Lock.Fence, s.Task.ID
		parts, err := b.Pack(ctx, c, last)
		if err != nil {
			return err
		}
		s.Keep("bytes", strconv.FormatInt(fleet.TransitBytes(parts), 10))
		s.Log("%s are packed.", sizeText(fleet.TransitBytes(parts)))
		to := fleet.TransitCopying
		if last {
			to = fleet.TransitHeld
		}
		return patient(ctx, func() error {
			return w.Transits.Step(ctx, fleet.TransitStep{URI: site.URI, Task: s.Task.ID, To: to, Parts: parts}, s.Task)
		})
	}
}

func (w *Worker) awaitReady(ctx context.Context, s *job.Scope) error {
	return w.awaitTransit(ctx, s, func(m fleet.Transit) bool {
		return m.State == fleet.TransitReady || m.State == fleet.TransitHeld || m.Taken()
	})
}

// awaitTaken waits for the commit that makes the site the other host's. Whatever
// keeps that from happening ends the move by a commit of its own: of the two only
// one comes to be.
func (w *Worker) awaitTaken(ctx context.Context, s *job.Scope) error {
	err := w.awaitTransit(ctx, s, fleet.Transit.Taken)
	if err == nil || ctx.Err() != nil || fleet.CodeOf(err) == fleet.Stale {
		return err
	}
	failed := patient(ctx, func() error {
		return w.Transits.Fail(ctx, fleet.URI(s.Task.About), s.Task.ID, Sentence(err))
	})
	if m, _, readErr := w.Transits.Of(ctx, fleet.URI(s.Task.About)); failed != nil && readErr == nil && m.Send == s.Task.ID && m.Taken() {
		return nil
	}
	return err
}

// closeCopy closes what is another host's now.
func (w *Worker) closeCopy(ctx context.Context, s *job.Scope) error {
	if err := w.closed(ctx, s); err != nil {
		if ctx.Err() != nil || fleet.CodeOf(err) == fleet.Stale {
			return err
		}
		return job.Ask("The site is on host %s now, but its copy here could not be closed: %s", s.Param(fleet.ParamTo), Sentence(err))
	}
	return nil
}

func (w *Worker) closed(ctx context.Context, s *job.Scope) error {
	b, err := w.mobile()
	if err != nil {
		return err
	}
	m, err := w.transit(ctx, s)
	if err != nil {
		return err
	}
	c := Copy{URI: m.URI, Generation: m.Generation, Fence: m.Closing, Task: s.Task.ID}
	if err := b.Leave(ctx, c, Left{URI: m.URI, To: m.To, Task: s.Task.ID, At: m.Ended, Until: m.KeptUntil}); err != nil {
		return err
	}
	if !m.Held.IsZero() {
		s.Keep("window_ms", strconv.FormatInt(max(m.Ended.Sub(m.Held).Milliseconds(), 1), 10))
	}
	s.Keep(fleet.ResultSaid, fmt.Sprintf("%s is on host %s now, with %s of data. The closed copy here is kept until %s",
		m.URI, m.To, sizeText(fleet.TransitBytes(m.First)+fleet.TransitBytes(m.Last)), fleet.Moment(m.KeptUntil)))
	return patient(ctx, func() error {
		return w.Transits.Step(ctx, fleet.TransitStep{URI: m.URI, Task: s.Task.ID, To: fleet.TransitOver}, s.Task)
	})
}

// reopen lets visitors in again, if the site is still this host's.
func (w *Worker) reopen(ctx context.Context, s *job.Scope) error {
	if _, ok := startOf(s); !ok {
		return nil
	}
	m, err := w.transit(ctx, s)
	switch {
	case err != nil && fleet.CodeOf(err) != fleet.Conflict:
		return err
	case err == nil && m.Taken():
		return w.closeCopy(ctx, s)
	}
	return w.backRelease(ctx, s)
}

// beatMove renews the site's lock as long as it is this task's: the other host
// takes it in the commit that makes the site its own.
func (w *Worker) beatMove(ctx context.Context, s *job.Scope) error {
	err := w.beat(ctx, s)
	if fleet.CodeOf(err) != fleet.Stale {
		return err
	}
	m, _, readErr := w.Transits.Of(ctx, fleet.URI(s.Task.About))
	if readErr == nil && m.Send == s.Task.ID && m.Taken() {
		return nil
	}
	return err
}

// endedMove says that a move which ended here without effect is over, deletes the
// parcels and gives the lock back.
func (w *Worker) endedMove(ctx context.Context, s *job.Scope, to fleet.TaskState, reason string) error {
	if to == fleet.TaskHeld || s.Param(fleet.ParamDry) != "" {
		return nil
	}
	if to != fleet.TaskDone {
		if s.Task.Reason == "" {
			s.Task.Reason = reason
		}
		if err := w.stopMove(ctx, s); err != nil {
			return err
		}
	}
	w.discharge(ctx, s)
	return w.ended(ctx, s, to, reason)
}

// discharge deletes a task's parcels. What stays is deleted by the upkeep.
func (w *Worker) discharge(ctx context.Context, s *job.Scope) {
	b, err := w.mobile()
	if err == nil {
		err = b.Discharge(ctx, s.Task.ID)
	}
	if err != nil {
		s.Log("What was packed could not be deleted: %s", Sentence(err))
	}
}

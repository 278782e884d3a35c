package hosting

import (
	"context"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// A transitKeeper is what recipes need of fleet.Transits.
type transitKeeper interface {
	Of(ctx context.Context, uri fleet.URI) (fleet.Transit, bool, error)
	Begin(ctx context.Context, m fleet.Transit) error
	Step(ctx context.Context, c fleet.TransitStep, send fleet.Task) error
	Fail(ctx context.Context, uri fleet.URI, task fleet.TaskID, reason string) error
	Fence(ctx context.Context, t fleet.TransitClaim) (fleet.Transit, fleet.Site, error)
	Take(ctx context.Context, t fleet.TransitClaim) (fleet.Site, error)
}

// Steps of moves between hosts that others read.
const (
	stepTake  = "take"
	stepClose = "close"
)

// move is the part that a site's host has in its move to another one. The other
// part, receive, is a task of its own there; see fleet.Transit for what they know
// of each other. Most of the data is sent while visitors go on. Until the other
// host has taken the site over in the catalogue, whatever fails here or there
// leads back to letting visitors in, with nothing lost; afterwards there is only
// the way on.
func (w *Worker) move(t fleet.Task) job.Recipe {
	if t.Params[fleet.ParamDry] != "" {
		return job.Recipe{Steps: []job.Step{
			{Name: "look", Title: "look at the site", Do: w.lookAtMove, Repeatable: true, Limit: 30 * time.Minute},
		}}
	}
	return job.Recipe{
		Steps: []job.Step{
			{Name: "platform", Title: "wait for its platform on the other host", Do: w.awaitPlatform, Repeatable: true, Interrupt: true, Limit: 6 * time.Hour},
			{Name: stepPreflight, Title: "check the site", Do: w.preflightMove, Repeatable: true, Limit: 30 * time.Minute},
			{Name: "first", Title: "make a first copy while visitors go on", Do: w.offer(false), Repeatable: true, Limit: 12 * time.Hour},
			{Name: "ready", Title: "wait until the other host has it", Do: w.awaitReady, Repeatable: true, Interrupt: true, Limit: 12 * time.Hour},
			{Name: stepHold, Title: "ask visitors to wait", Do: w.hold, Repeatable: true, Limit: time.Minute},
			{Name: "drain", Title: "wait for visitors to finish", Do: w.drain, Repeatable: true, Limit: 2 * time.Minute},
			{Name: "last", Title: "copy what has changed", Do: w.offer(true), Repeatable: true, Limit: 2 * time.Hour},
			{Name: stepTake, Title: "wait until the other host has taken the site over", Do: w.awaitTaken, Repeatable: true, Limit: 24 * time.Hour},
			{Name: stepClose, Title: "close the copy here", Do: w.closeCopy, Repeatable: true, Limit: 10 * time.Minute},
		},
		Back: []job.Step{
			{Name: "back-fail", Title: "stop the other host", Do: w.stopMove, Repeatable: true, Limit: time.Minute},
			{Name: "back-release", Title: "let visitors in again", Do: w.reopen, Repeatable: true, Limit: time.Minute},
		},
		Last:  stepHold,
		Beat:  w.beatMove,
		Ended: w.endedMove,
	}
}

// receive is the part of the host that a site comes to. Nothing of it is of any
// effect before "take": until then the copy is nobody's, and a failure deletes it.
func (w *Worker) receive() job.Recipe {
	return job.Recipe{
		Steps: []job.Step{
			{Name: stepPreflight, Title: "check this host", Do: w.preflightReceive, Repeatable: true, Limit: 10 * time.Minute},
			{Name: "first", Title: "fetch the first copy", Do: w.fetchFirst, Repeatable: true, Limit: 12 * time.Hour},
			{Name: "unpack", Title: "lay it out", Do: w.unpack, Repeatable: true, Limit: 6 * time.Hour},
			{Name: "prepare", Title: "prepare the site", Do: w.lay(w.arriving), Repeatable: true, Limit: 10 * time.Minute},
			{Name: "ready", Title: "wait for what has changed", Do: w.awaitLast, Repeatable: true, Limit: 12 * time.Hour},
			{Name: "last", Title: "fetch what has changed", Do: w.fetchLast, Repeatable: true, Limit: 2 * time.Hour},
			{Name: "copy", Title: "put the data in", Do: w.fill(w.arriving), Repeatable: true, Limit: 2 * time.Hour},
			{Name: "update", Title: "run the updates", Do: w.afresh("update", w.arriving, w.update), Repeatable: true, Limit: 6 * time.Hour},
			{Name: "check", Title: "check the site", Do: w.check(w.arriving), Repeatable: true, Limit: 5 * time.Minute},
			{Name: stepTake, Title: "take the site over", Do: w.takeSite, Publishes: true, Repeatable: true, Limit: 5 * time.Minute},
			{Name: "switch", Title: "let visitors in", Do: w.taken(w.switchArrived), Publishes: true, Repeatable: true, Limit: 5 * time.Minute},
			{Name: "soak", Title: "watch the site", Do: w.taken(w.watchArrived), Repeatable: true, Limit: 10 * time.Minute},
			{Name: "record", Title: "record the site", Do: w.taken(w.recordArrived), Repeatable: true, Limit: 10 * time.Minute},
		},
		Back: []job.Step{
			{Name: "back-fail", Title: "tell the other host", Do: w.stopMove, Repeatable: true, Limit: time.Minute},
			{Name: "back-remove", Title: "take the copy away again", Do: w.dropArrived, Repeatable: true, Limit: w.atLeast(10 * time.Minute)},
		},
		Beat:  w.beat,
		Ended: w.endedReceive,
	}
}

// mobile gives the backend as one whose sites can move.
func (w *Worker) mobile() (Mobile, error) {
	if b, ok := w.Backend.(Mobile); ok {
		return b, nil
	}
	return nil, fleet.Errorf(fleet.Refused, "Host %s is driven by the backend %s, whose sites distrobot does not move to other hosts.", w.Host, w.Backend.Name())
}

// transit gives the move that a task is part of. Errors: Conflict when it is
// another task's by now.
func (w *Worker) transit(ctx context.Context, s *job.Scope) (fleet.Transit, error) {
	var m fleet.Transit
	var found bool
	uri := fleet.URI(s.Task.About)
	err := patient(ctx, func() (err error) { m, found, err = w.Transits.Of(ctx, uri); return err })
	if err == nil && (!found || m.Send != s.Task.ID && m.Receive != s.Task.ID) {
		err = fleet.Errorf(fleet.Conflict, "Nothing is known of a move of %s by task %s.", uri, s.Task.ID)
	}
	return m, err
}

// awaitTransit looks at a move until it is as wanted. It fails with the move, and
// when the task on the other host cannot come to anything any more.
func (w *Worker) awaitTransit(ctx context.Context, s *job.Scope, reached func(fleet.Transit) bool) error {
	for looks := 0; ; looks++ {
		m, err := w.transit(ctx, s)
		switch {
		case err != nil:
			return err
		case reached(m):
			return nil
		case m.State == fleet.TransitFailed:
			return fleet.Errorf(fleet.Failed, "The move to host %s came to nothing: %s", m.To, m.Reason)
		}
		if looks%8 == 2 {
			if err := w.otherLives(ctx, s, m); err != nil {
				return err
			}
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

// otherGone is how long the lease of the other host's task may be over while
// visitors wait: its worker is dead, and nobody has taken the task up.
const otherGone = time.Minute

// otherLives fails when the other host's task has ended, or asks a person: the
// site is not kept waiting for an answer. While visitors wait, a worker that is
// not heard of counts as well.
func (w *Worker) otherLives(ctx context.Context, s *job.Scope, m fleet.Transit) error {
	t := fleet.Task{ID: m.Receive, Host: m.To}
	if s.Task.ID == m.Receive {
		t = fleet.Task{ID: m.Send, Host: m.From}
	}
	var found []bool
	err := patient(ctx, func() (err error) { found, err = w.Store.Read(ctx, &t); return err })
	if err != nil || !found[0] {
		return err // its order is on its way
	}
	switch {
	case t.State.Final() || t.State == fleet.TaskHeld && s.Task.ID == m.Send:
		return fleet.Errorf(fleet.Failed, "The task %s of host %s is %s: %s", t.ID, t.Host, t.State, fleet.Clean(t.Reason, 200))
	case m.State == fleet.TransitHeld && s.Task.ID == m.Send:
		return w.otherHeard(ctx, t)
	}
	return nil
}

// otherHeard compares the lease of a task with the clock that it was given by.
func (w *Worker) otherHeard(ctx context.Context, t fleet.Task) error {
	silent := false
	err := patient(ctx, func() error {
		return w.Store.Update(ctx, fleet.HostFamily(t.Host), func(tx fleet.Tx) error {
			silent = t.State == fleet.TaskRunning && tx.Now().Sub(t.Lease) > orDefault(w.Patience, otherGone)
			return nil
		})
	})
	if err == nil && silent {
		err = fleet.Errorf(fleet.Failed, "Nothing was heard of host %s for too long while visitors waited.", t.Host)
	}
	return err
}

// stopMove ends a move without effect, so that the other host goes back, too.
// Once the site is the other host's, or this one's, there is nothing to stop.
func (w *Worker) stopMove(ctx context.Context, s *job.Scope) error {
	err := patient(ctx, func() error {
		return w.Transits.Fail(ctx, fleet.URI(s.Task.About), s.Task.ID, fleet.Clean(s.Task.Reason, 300))
	})
	switch fleet.CodeOf(err) {
	case fleet.Conflict, fleet.NotFound: // taken, or never begun
		return nil
	}
	return err
}

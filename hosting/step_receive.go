package hosting

// The steps of the host that a site comes to.

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/internal/transfer"
)

// arrives gives the move and the site, with a fence for this very claim of the
// task: a worker that resumes it fences off the one that had it before.
func (w *Worker) arrives(ctx context.Context, s *job.Scope) (fleet.Transit, fleet.Site, error) {
	var m fleet.Transit
	var site fleet.Site
	err := patient(ctx, func() (err error) {
		m, site, err = w.Transits.Fence(ctx, fleet.TransitClaim{URI: fleet.URI(s.Task.About), Task: s.Task.ID, Claim: s.Fence})
		return err
	})
	return m, site, err
}

// arriving describes the generation that the site will have here. Once it is this
// host's, the site's own fence guards it.
func (w *Worker) arriving(ctx context.Context, s *job.Scope) (Copy, error) {
	m, site, err := w.arrives(ctx, s)
	if err != nil {
		return Copy{}, err
	}
	fence := m.Fence
	if m.Taken() {
		if site, err = w.claim(ctx, s, fleet.SiteClaim{}); err != nil {
			return Copy{}, err
		}
		fence = site.Lock.Fence
	}
	p := fleet.Platform{Name: m.Platform}
	err = patient(ctx, func() error { return fleet.One(ctx, w.Store, &p, "platform "+string(p.Name)) })
	if err != nil {
		return Copy{}, err
	}
	t, err := w.tree(ctx, p.Name)
	if err != nil {
		return Copy{}, err
	}
	return Copy{
		URI: site.URI, Aliases: aliases(site), ID: site.ID, Kind: p.Kind, Distribution: p.Distribution, Platform: p.Name, Commit: p.Ref.Commit,
		Tree: t, App: w.kindOf(p.Kind).App(t), Generation: m.Generation + 1, Arrives: true, Pinned: site.Pinned,
		Fence: fence, Task: s.Task.ID, Log: lines(s),
	}, nil
}

// preflightReceive checks what only this host can tell: whether it has the
// platform, can host its kind, has room, and nothing of that address.
func (w *Worker) preflightReceive(ctx context.Context, s *job.Scope) error {
	if _, err := w.mobile(); err != nil {
		return err
	}
	m, site, err := w.arrives(ctx, s)
	if err != nil {
		return err
	}
	if m.Taken() {
		return nil
	}
	if _, err := w.Backend.Live(ctx, site.URI); fleet.CodeOf(err) != fleet.NotFound {
		if err == nil {
			err = fleet.Errorf(fleet.Exists, "There is a site %s on host %s already.", site.URI, w.Host)
		}
		return err
	}
	if err := w.serves(ctx, m.Platform); err != nil {
		return err
	}
	free, err := w.Backend.Room(ctx)
	if err != nil {
		return err
	}
	if need := 3*fleet.TransitBytes(m.First) + minRoom; free < need {
		return fleet.Errorf(fleet.Refused, "The disk is full on %s: %d MB are free and the site needs %d MB.", w.Host, free>>20, need>>20)
	}
	return nil
}

func (w *Worker) fetchFirst(ctx context.Context, s *job.Scope) error {
	return w.fetchParcels(ctx, s, func(m fleet.Transit) []fleet.TransitPart { return m.First })
}

func (w *Worker) fetchLast(ctx context.Context, s *job.Scope) error {
	return w.fetchParcels(ctx, s, func(m fleet.Transit) []fleet.TransitPart { return m.Last })
}

// fetchParcels brings parcels here. An attempt that breaks off goes on where it was, as
// long as the move goes on: the other worker may have restarted, and then has
// another certificate.
func (w *Worker) fetchParcels(ctx context.Context, s *job.Scope, which func(fleet.Transit) []fleet.TransitPart) error {
	b, err := w.mobile()
	if err != nil {
		return err
	}
	begun, bytes := time.Now(), int64(0)
	for i := 0; ; i++ {
		m, _, err := w.arrives(ctx, s)
		if err != nil {
			return err
		}
		if m.State == fleet.TransitFailed {
			return fleet.Errorf(fleet.Failed, "The move from host %s came to nothing: %s", m.From, m.Reason)
		}
		if i < len(which(m)) {
			if err := w.fetchPart(ctx, s, b, m, which(m)[i]); err != nil {
				return err
			}
			bytes += which(m)[i].Bytes
			continue
		}
		took := time.Since(begun)
		s.Keep("bytes", strconv.FormatInt(bytes, 10))
		s.Log("%s were fetched in %s.", sizeText(bytes), took.Round(10*time.Millisecond))
		if bytes > 1<<20 && took > 0 && w.Measured != nil {
			w.Measured(int64(float64(bytes) / took.Seconds()))
		}
		return nil
	}
}

// fetchPart fetches one parcel, patiently.
func (w *Worker) fetchPart(ctx context.Context, s *job.Scope, b Mobile, m fleet.Transit, p fleet.TransitPart) error {
	file, err := b.Parcel(s.Task.ID, p.Name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return Explain("fetch the site", err)
	}
	want := transfer.Want{Item: transfer.Item{Place: string(m.Send), Name: p.Name, Digest: p.Digest}, Bytes: p.Bytes, File: file,
		Progress: func(n int64) { s.Log("%s: %s of %s", p.Name, sizeText(n), sizeText(p.Bytes)) }}
	for said := ""; ; {
		from := fleet.Host{Name: m.From}
		if err := patient(ctx, func() error { _, err := w.Store.Read(ctx, &from); return err }); err != nil {
			return err
		}
		err := w.Client.Fetch(ctx, transfer.Remote{Address: from.Door.Address, Print: from.Door.Print}, want)
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case errors.Is(err, transfer.ErrContent):
			return fleet.Errorf(fleet.Failed, "What came from host %s is not what was packed there.", m.From).Because(err)
		case Explain("", err) != nil && fleet.CodeOf(Explain("fetch the site", err)) != "":
			return Explain("fetch the site", err) // this machine's own fault
		}
		if text := fleet.Clean(err.Error(), 200); text != said {
			said = text
			s.Log("Host %s does not give %s now: %s. Trying again.", m.From, p.Name, text)
		}
		if err := w.pause(ctx, s); err != nil {
			return err
		}
	}
}

// pause waits a moment and fails when the move has.
func (w *Worker) pause(ctx context.Context, s *job.Scope) error {
	begun := time.Now()
	return w.awaitTransit(ctx, s, func(m fleet.Transit) bool { return m.Open() && time.Since(begun) > 4*checkPause })
}

// unpack makes the site's place here.
func (w *Worker) unpack(ctx context.Context, s *job.Scope) error {
	b, err := w.mobile()
	if err != nil {
		return err
	}
	m, _, err := w.arrives(ctx, s)
	if err != nil {
		return err
	}
	c, err := w.arriving(ctx, s)
	if err != nil {
		return err
	}
	return b.Unpack(ctx, c, m.Database)
}

// awaitLast says that the first copy is here, and waits for the last one.
func (w *Worker) awaitLast(ctx context.Context, s *job.Scope) error {
	err := patient(ctx, func() error {
		return w.Transits.Step(ctx, fleet.TransitStep{URI: fleet.URI(s.Task.About), Task: s.Task.ID, To: fleet.TransitReady}, s.Task)
	})
	if err != nil {
		return err
	}
	return w.awaitTransit(ctx, s, func(m fleet.Transit) bool { return m.State == fleet.TransitHeld || m.Taken() })
}

// takeSite makes the site this host's in the catalogue.
func (w *Worker) takeSite(ctx context.Context, s *job.Scope) error {
	c, err := w.arriving(ctx, s)
	if err != nil {
		return err
	}
	b, err := w.mobile()
	if err != nil {
		return err
	}
	r, err := b.Laid(ctx, c)
	if err != nil {
		return err
	}
	return patient(ctx, func() error {
		_, err := w.Transits.Take(ctx, fleet.TransitClaim{
			URI: c.URI, Task: s.Task.ID, Claim: s.Fence, Lease: orDefault(w.Lease, defaultLease), Database: r.Database.text(),
		})
		return err
	})
}

// taken makes a step of what follows the taking over: the site is nowhere else
// any more, so a fault is a person's, and never leads back.
func (w *Worker) taken(do func(context.Context, *job.Scope, Copy) error) func(context.Context, *job.Scope) error {
	return func(ctx context.Context, s *job.Scope) error {
		c, err := w.arriving(ctx, s)
		if err == nil {
			err = do(ctx, s, c)
		}
		if err == nil || ctx.Err() != nil || fleet.CodeOf(err) == fleet.Stale {
			return err
		}
		s.Log("After the site was taken over: %v", err)
		return job.Ask("The site is this host's now, but the task could not go on: %s", Sentence(err))
	}
}

func (w *Worker) switchArrived(ctx context.Context, _ *job.Scope, c Copy) error {
	return w.Backend.Switch(ctx, c)
}

// watchArrived asks the site as visitors will. There is no switching back: the way
// back is a move, which loses nothing.
func (w *Worker) watchArrived(ctx context.Context, s *job.Scope, c Copy) error {
	bad := w.watch(ctx, c)
	if bad == nil || ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m, err := w.transit(ctx, s)
	if err != nil {
		return err
	}
	s.Log("The site answers badly: %s", Sentence(bad))
	return w.raise(ctx, s, fleet.Alarm{
		ID: "moved/" + string(s.Task.ID), Title: string(c.URI) + " answers badly since it came to host " + string(w.Host),
		Text: Sentence(bad) + " To bring it back with all that was written since: " + fleet.Slash + " site move " + string(c.URI) + " " + string(m.From),
		Tone: fleet.Bad, About: string(c.URI), Channel: s.Task.Channel,
	})
}

// recordArrived gives the lock back.
func (w *Worker) recordArrived(ctx context.Context, s *job.Scope, c Copy) error {
	if err := w.Backend.Tidy(ctx, c); err != nil {
		s.Log("What earlier attempts left could not be deleted: %s", Sentence(err))
	}
	return w.recordCopy(ctx, s, c, c.Pinned)
}

// dropArrived deletes a copy that came to nothing. If the site is this host's
// already, the rest of the way on is walked instead.
func (w *Worker) dropArrived(ctx context.Context, s *job.Scope) error {
	m, err := w.transit(ctx, s)
	if err != nil {
		if fleet.CodeOf(err) == fleet.Conflict {
			return nil
		}
		return err
	}
	c, err := w.arriving(ctx, s)
	switch {
	case err != nil && m.Taken():
		return err
	case err != nil:
		m, site, err := w.arrives(ctx, s)
		if err != nil {
			return err
		}
		c = Copy{URI: site.URI, ID: site.ID, Generation: m.Generation + 1, Fence: m.Fence, Task: s.Task.ID}
	case m.Taken():
		if err := w.Backend.Switch(ctx, c); err != nil {
			return err
		}
		return w.recordArrived(ctx, s, c)
	}
	if _, err := w.Backend.Live(ctx, c.URI); fleet.CodeOf(err) != fleet.NotFound {
		return nil // another one of that address, which was here before
	}
	return w.Backend.Remove(ctx, c)
}

// endedReceive deletes the parcels, and tells the other host if nothing came of it.
func (w *Worker) endedReceive(ctx context.Context, s *job.Scope, to fleet.TaskState, reason string) error {
	if to == fleet.TaskHeld {
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

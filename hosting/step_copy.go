package hosting

import (
	"context"
	"strconv"

	"github.com/distrobot/distrobot/internal/job"
)

// copyOf says which copy a step works on: the next generation, or a rehearsal.
type copyOf func(ctx context.Context, s *job.Scope) (Copy, error)

// lay makes a copy without its data.
func (w *Worker) lay(of copyOf) func(context.Context, *job.Scope) error {
	return func(ctx context.Context, s *job.Scope) error {
		c, err := of(ctx, s)
		if err != nil {
			return err
		}
		return w.Backend.Lay(ctx, c)
	}
}

// fill copies the data; of a new site, what the platform ships.
func (w *Worker) fill(of copyOf) func(context.Context, *job.Scope) error {
	return func(ctx context.Context, s *job.Scope) error {
		c, err := of(ctx, s)
		if err != nil {
			return err
		}
		a, err := w.Backend.Fill(ctx, c)
		if err != nil {
			return err
		}
		s.Keep("files", strconv.Itoa(a.Files))
		s.Keep("bytes", strconv.FormatInt(a.Bytes, 10))
		return nil
	}
}

// take moves the kept data into the new generation.
func (w *Worker) take(ctx context.Context, s *job.Scope) error {
	c, err := w.next(ctx, s)
	if err != nil {
		return err
	}
	return w.Backend.Take(ctx, c)
}

// update brings copied data up to the new platform, install makes a new site's
// first.
func (w *Worker) update(ctx context.Context, s *job.Scope, c Copy) error {
	return w.Backend.Run(ctx, c, c.App.Update, func(line string) { s.Log("%s", line) })
}

func (w *Worker) install(ctx context.Context, s *job.Scope, c Copy) error {
	return w.Backend.Run(ctx, c, c.App.Install, func(line string) { s.Log("%s", line) })
}

// afresh is a step of foreign programs. Nobody can tell how far an earlier
// attempt got, so a repetition begins with a fresh copy of the data: that is
// what makes such a step repeatable.
func (w *Worker) afresh(step string, of copyOf, do func(context.Context, *job.Scope, Copy) error) func(context.Context, *job.Scope) error {
	return func(ctx context.Context, s *job.Scope) error {
		c, err := of(ctx, s)
		if err != nil {
			return err
		}
		if rec, _ := s.Task.Step(step); rec.Attempts > 1 {
			s.Log("Copying the data again, because an earlier attempt was interrupted.")
			if _, err := w.Backend.Fill(ctx, c); err != nil {
				return err
			}
		}
		return do(ctx, s, c)
	}
}

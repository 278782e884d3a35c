package hosting

import (
	"context"
	"strconv"

	"github.com/distrobot/distrobot/internal/job"
)

// lay makes the new generation without its data.
func (w *Worker) lay(ctx context.Context, s *job.Scope) error {
	c, err := w.next(ctx, s)
	if err != nil {
		return err
	}
	return w.Backend.Lay(ctx, c)
}

// fill copies the data; of a new site, what the platform ships.
func (w *Worker) fill(ctx context.Context, s *job.Scope) error {
	c, err := w.next(ctx, s)
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

// take moves the kept data into the new generation.
func (w *Worker) take(ctx context.Context, s *job.Scope) error {
	c, err := w.next(ctx, s)
	if err != nil {
		return err
	}
	return w.Backend.Take(ctx, c)
}

// update brings the copied data up to the new platform. Nobody can tell how far
// an earlier attempt got, so a repetition begins with a fresh copy: that is what
// makes a step of foreign programs repeatable.
func (w *Worker) update(ctx context.Context, s *job.Scope) error {
	c, err := w.next(ctx, s)
	if err != nil {
		return err
	}
	if rec, _ := s.Task.Step("update"); rec.Attempts > 1 && c.App.Update != nil {
		s.Log("Copying the data again, because an earlier attempt was interrupted.")
		if _, err := w.Backend.Fill(ctx, c); err != nil {
			return err
		}
	}
	return w.Backend.Run(ctx, c, c.App.Update, func(line string) { s.Log("%s", line) })
}

// install makes the first data of a new site, which may be repeated for the same
// reason.
func (w *Worker) install(ctx context.Context, s *job.Scope) error {
	c, err := w.next(ctx, s)
	if err != nil {
		return err
	}
	if rec, _ := s.Task.Step("install"); rec.Attempts > 1 && c.App.Install != nil {
		if _, err := w.Backend.Fill(ctx, c); err != nil {
			return err
		}
	}
	return w.Backend.Run(ctx, c, c.App.Install, func(line string) { s.Log("%s", line) })
}

package local

import (
	"context"
	"errors"

	"github.com/distrobot/distrobot/hosting"
)

// Cron implements hosting.Copies. It enters the site as a visitor does: nothing
// begins while the site is held, and a hold waits for what has begun.
func (b *Backend) Cron(ctx context.Context, c hosting.Copy) error {
	s := b.site(c.URI)
	lock, err := (&handler{backend: b, uri: c.URI, held: s.held}).enter()
	if errors.Is(err, errHeld) || c.App.Cron == nil {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	if n, err := s.live(); err != nil || n != c.Generation {
		return err // moved since
	}
	p, err := b.place(s, c)
	if err != nil {
		return err
	}
	for _, program := range c.App.Cron(p) {
		x := execution{Program: program, log: func(string) {}, lock: lock}
		if err := b.program(ctx, s, p, x); err != nil {
			return hosting.Explain("run the site's cron", err)
		}
	}
	return nil
}

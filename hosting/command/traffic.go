package command

import (
	"context"
	"errors"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// Able implements hosting.Traffic: the program knows what it hosts.
func (b *Backend) Able(hosting.App) error { return nil }

// PHP implements hosting.Traffic: nobody here knows.
func (b *Backend) PHP(context.Context) string { return "" }

// Serve implements hosting.Traffic.
func (b *Backend) Serve(_ context.Context, c hosting.Copy) error {
	if len(c.Aliases) > 0 {
		return refused("change the addresses of sites")
	}
	return nil
}

// Hold implements hosting.Traffic. Its begin is noted before the program is
// called: rather a window that is told a little too long.
func (b *Backend) Hold(ctx context.Context, c hosting.Copy) (time.Time, error) {
	at, err := b.Records.Hold(ctx, c)
	if err != nil {
		return at, err
	}
	return at, b.settle(ctx, c, Hold, func(o Observed) bool { return o.Held })
}

// Drain implements hosting.Traffic: hold has returned when nobody was inside.
func (b *Backend) Drain(context.Context, hosting.Copy) error { return nil }

// Switch implements hosting.Traffic. The record follows the program; if this
// process dies in between, Live sees to it.
func (b *Backend) Switch(ctx context.Context, c hosting.Copy) error {
	if err := b.settle(ctx, c, Switch, func(o Observed) bool { return o.Generation == c.Generation }); err != nil {
		return err
	}
	return b.Records.Switch(ctx, c)
}

// Release implements hosting.Traffic.
func (b *Backend) Release(ctx context.Context, c hosting.Copy) (time.Duration, error) {
	if err := b.settle(ctx, c, Release, func(o Observed) bool { return !o.Held }); err != nil {
		return 0, err
	}
	return b.Records.Release(ctx, c)
}

// settle calls the program, and asks what is true if it cannot tell.
func (b *Backend) settle(ctx context.Context, c hosting.Copy, v Verb, done func(Observed) bool) error {
	err := b.act(ctx, c, v, nil)
	var u *errUnknown
	if !errors.As(err, &u) {
		return err
	}
	o, seen := b.observe(ctx, c)
	if seen == nil && done(o) {
		return nil
	}
	return held(err)
}

// Written implements hosting.Traffic: nobody can tell, so that no task ever goes
// back by itself once visitors were let in.
func (b *Backend) Written(context.Context, hosting.Copy) (hosting.Written, error) {
	return hosting.Written{}, nil
}

// Check implements hosting.Traffic.
func (b *Backend) Check(ctx context.Context, c hosting.Copy, path string) (hosting.Answer, error) {
	r := b.request(c, Check)
	r.Params = map[string]any{"path": path}
	var p Page
	if err := b.Program.do(ctx, call{verb: Check, request: r, log: c.Log}, &p); err != nil {
		return hosting.Answer{}, err
	}
	return p.answer(), nil
}

// Probe implements hosting.Traffic, at the address that the program tells.
func (b *Backend) Probe(ctx context.Context, uri fleet.URI, path string) (hosting.Answer, error) {
	o, err := b.observe(ctx, hosting.Copy{URI: uri})
	if err != nil {
		return hosting.Answer{}, err
	}
	return hosting.Visit(ctx, o.URL, uri, path)
}

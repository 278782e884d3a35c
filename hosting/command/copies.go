package command

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// Lay implements hosting.Copies: it writes the record; the copy is made by Fill.
func (b *Backend) Lay(ctx context.Context, c hosting.Copy) error {
	if err := able(c); err != nil {
		return err
	}
	return b.Records.Note(ctx, c)
}

// able refuses what the contract has no verb for.
func able(c hosting.Copy) error {
	switch {
	case c.Backup != "":
		return refused("restore backups")
	case c.Source != "":
		return refused("clone sites under another address")
	case c.Has != nil:
		return refused("take sites over by their directory")
	}
	return nil
}

// refused says what a backend of programs does not do.
func refused(what string) error {
	return fleet.Errorf(fleet.Refused, "The backend of this host is a program, which does not %s.", what).
		WithHint("Do it with the tools of that backend.")
}

// Fill implements hosting.Copies: create for a new site, else clone.
func (b *Backend) Fill(ctx context.Context, c hosting.Copy) (hosting.Amount, error) {
	verb := Clone
	if c.From == 0 {
		verb = Create
	}
	if err := able(c); err != nil {
		return hosting.Amount{}, err
	}
	if err := b.act(ctx, c, verb, nil); err != nil {
		return hosting.Amount{}, held(err)
	}
	o, err := b.observe(ctx, c)
	return hosting.Amount{Files: o.Files, Bytes: o.Bytes}, err
}

// Run implements hosting.Copies. What updates a copy is the program's business:
// what the application's kind would run here is not run. create has installed a
// new site already.
func (b *Backend) Run(ctx context.Context, c hosting.Copy, _ func(hosting.Place) []hosting.Program, log func(string)) error {
	if c.From == 0 {
		return nil
	}
	c.Log = log
	return held(b.act(ctx, c, Update, nil))
}

// Cron implements hosting.Copies: regular work is the program's own business.
func (b *Backend) Cron(context.Context, hosting.Copy) error { return nil }

// Abandon implements hosting.Copies.
func (b *Backend) Abandon(ctx context.Context, c hosting.Copy) error {
	if err := held(b.act(ctx, c, Remove, nil)); err != nil {
		return err
	}
	return b.Records.Abandon(ctx, c)
}

// Tidy implements hosting.Copies: the program is told what is kept.
func (b *Backend) Tidy(ctx context.Context, c hosting.Copy) error {
	kept := []int64{}
	for _, k := range c.Previous {
		kept = append(kept, k.Generation)
	}
	live, err := b.Records.Live(ctx, c.URI)
	if err != nil {
		return err
	}
	kept = append(kept, live.Generation)
	if err := held(b.act(ctx, c, Remove, func(r *Request) { r.To, r.Params = nil, map[string]any{"kept": kept} })); err != nil {
		return err
	}
	return b.Records.Tidy(ctx, c)
}

// Take implements hosting.Handover.
func (b *Backend) Take(ctx context.Context, c hosting.Copy) error {
	return held(b.act(ctx, c, Rollback, nil))
}

// Return implements hosting.Handover: the generation that was made out of the
// kept one goes; the kept one is as it was.
func (b *Backend) Return(ctx context.Context, c hosting.Copy) error {
	return held(b.act(ctx, c, Remove, nil))
}

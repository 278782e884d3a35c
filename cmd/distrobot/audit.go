package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// auditCmd shows the audit record, or verifies its chain.
type auditCmd struct {
	Show   auditShowCmd   `cmd:"" default:"withargs" help:"Show the last events."`
	Verify auditVerifyCmd `cmd:"" help:"Walk the chain of hashes and say whether it is whole."`
}

type auditShowCmd struct {
	Last int `default:"50" help:"How many events."`
}

type auditVerifyCmd struct{}

// Run prints the newest events, newest first.
func (c auditShowCmd) Run(ctx context.Context) error {
	return withStore(ctx, func(a *app) error {
		events, _, err := a.store.Events(ctx, "", c.Last)
		if err != nil {
			return err
		}
		tw := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		for _, e := range events {
			who := e.Who.Name
			if who == "" {
				who = e.Who.ID
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", e.At.UTC().Format(time.RFC3339), plain(who), plain(e.What), plain(e.About))
		}
		return tw.Flush()
	})
}

// Run verifies the chain; a broken one is exit code 1.
func (auditVerifyCmd) Run(ctx context.Context) error {
	return withStore(ctx, func(a *app) error {
		n, err := a.store.Verify(ctx)
		if err != nil {
			return &exitError{code: exitFailed, text: failure(err).Message.Text}
		}
		fmt.Printf("The audit record is whole: %s.\n", fleet.Plural(n, "event", "events"))
		return nil
	})
}

// withStore opens the store of the settings for one call.
func withStore(ctx context.Context, f func(*app) error) error {
	return withStoreAs(ctx, appOptions{}, f)
}

func withStoreAs(ctx context.Context, opts appOptions, f func(*app) error) error {
	cfg, err := loadConfig()
	if err != nil {
		return err
	}
	if cfg.RedisURL == "memory" {
		return &exitError{code: exitUsage, text: "DISTROBOT_REDIS_URL=memory lives inside a running process; use `distrobot do` to ask it."}
	}
	a, err := openApp(ctx, cfg, opts)
	if err != nil {
		return err
	}
	defer a.close()
	return f(a)
}

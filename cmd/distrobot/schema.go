package main

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// schemaCmd migrates the stored state.
type schemaCmd struct {
	Yes bool `help:"Do it; without, you are told what would be done."`
}

// Run implements the subcommand.
func (c schemaCmd) Run(ctx context.Context) error {
	return withStoreAs(ctx, appOptions{maintain: true}, func(a *app) error {
		steps := 0
		err := a.store.Migrate(ctx, c.Yes, func(m store.MigrationStep) {
			steps++
			fmt.Printf("schema %d: %s (%s)\n", m.To, m.What, fleet.Plural(m.Rows, "record", "records"))
		})
		switch {
		case err != nil:
			return err
		case steps == 0:
			fmt.Printf("The stored state has this version's schema, %d; there is nothing to do.\n", store.Schema)
		case !c.Yes:
			fmt.Println("Nothing was changed. Stop every distrobot, make a backup of Redis itself (the former version's backup, or a copy of its files), then do it with --yes.")
		default:
			fmt.Println("Done. Start every distrobot again, in this version.")
		}
		return nil
	})
}

// resignCmd signs the stored state with a new key.
type resignCmd struct {
	Yes bool `help:"Do it; without, you are told what would be done."`
}

// Run implements the subcommand; records that no key signed are named, and are
// exit code 1.
func (c resignCmd) Run(ctx context.Context) error {
	return withStore(ctx, func(a *app) error {
		done, err := a.store.Resign(ctx, c.Yes)
		if err != nil {
			return err
		}
		if c.Yes {
			fmt.Printf("Signed anew: %s, %s. DISTROBOT_KEY_OLD is not needed any more.\n",
				fleet.Plural(done.Rows, "record", "records"), fleet.Plural(done.Effects, "waiting effect", "waiting effects"))
		} else {
			fmt.Printf("%s would be signed anew. Nothing was changed. Do it with --yes.\n", fleet.Plural(done.Rows, "record", "records"))
		}
		for _, k := range done.Bad {
			fmt.Printf("signed by no key that is given: %s %s\n", plain(k.Noun), plain(k.ID))
		}
		if len(done.Bad) > 0 {
			return &exitError{code: exitFailed}
		}
		return nil
	})
}

package commands

import (
	"context"
	"fmt"
	"slices"

	"github.com/distrobot/distrobot/fleet"
)

// markSurplus says of the platforms of a table which can go. They are listed
// newest first, all oldest first.
func (t *Table) markSurplus(ctx context.Context, all []fleet.Platform, m *fleet.Message) error {
	surplus, err := t.Catalog.Surplus(ctx)
	if fleet.CodeOf(err) == fleet.Tampered { // the message says so; nothing is called superfluous by such records
		return nil
	}
	if err != nil {
		return err
	}
	n := 0
	for i, p := range all {
		if slices.Contains(surplus[p.Distribution], p.Name) {
			m.Table.Rows[len(all)-1-i][1] += ", can go"
			n++
		}
	}
	if n > 0 {
		m.More = append(m.More, fleet.Say(fleet.Plural(n, "platform can go", "platforms can go")+": no site is on it or can be rolled back to it. ",
			fleet.Mono(fleet.Slash+" retire PLATFORM")))
	}
	return nil
}

// pressRetire removes the old platforms that can go by now.
func (t *Table) pressRetire(ctx context.Context, p Press, r Request) (Reply, error) {
	if p.Value == "" {
		return Reply{}, forgotten()
	}
	gone, err := t.Builder.RetireSurplus(ctx, r.Who, func(fleet.DistName) bool { return true })
	if err != nil {
		return Reply{}, err
	}
	if len(gone) == 0 {
		return tell("No platform can go any more."), nil
	}
	return tell(fmt.Sprintf("Being removed: %s.", fleet.Clean(fmt.Sprint(gone), 500))), nil
}

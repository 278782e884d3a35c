package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newSiteBackups lists the backups of a site.
func newSiteBackups(t *Table) Command {
	return Command{
		Verb: "site", Sub: "backups", Args: "SITE", Min: 1, Max: 1, Group: "Sites",
		Summary: "the backups of a site, newest first", Help: []string{fleet.Slash + " site backups shop.example.org"}, Role: fleet.Reader,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			s, err := t.site(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			all, err := t.Sites.Backups(ctx, s.URI)
			if err != nil {
				return fleet.Message{}, err
			}
			if len(all) == 0 {
				return say(fmt.Sprintf("Site %s has no backups. Make one: %s site backup %s", s.URI, fleet.Slash, s.URI)), nil
			}
			m := fleet.Message{
				Text:  fmt.Sprintf("Site %s has %s; the newest is %s.", s.URI, fleet.Plural(len(all), "backup", "backups"), all[0].Name),
				Table: &fleet.Table{Header: []string{"Backup", "Made", "Size", "Platform", "By"}, Right: []bool{false, false, true}},
			}
			for _, b := range all[:min(len(all), backupRows)] {
				m.Table.Rows = append(m.Table.Rows, []string{b.Name, stamp(b.At), fmt.Sprintf("%.1f MB", float64(b.Bytes)/1e6),
					fleet.Clean(string(b.Platform), 60), orDash(fleet.Clean(b.By.Name, 40))})
			}
			m.More = []fleet.Line{fleet.Say("Bring one back: ", fleet.Mono(fmt.Sprintf("%s site restore %s %s", fleet.Slash, s.URI, all[0].Name)))}
			return m, nil
		},
	}
}

// backupRows is how many backups one answer lists.
const backupRows = 50

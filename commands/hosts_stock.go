package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// stockShown is how many unrecorded sites of a host are named.
const stockShown = 10

// tellStock says what a host's own system had when it was looked at last.
func (t *Table) tellStock(ctx context.Context, host fleet.HostName, m *fleet.Message) error {
	s := fleet.Stock{Host: host}
	found, err := t.Store.Read(ctx, &s)
	if err != nil || !found[0] {
		return err
	}
	m.Fields = append(m.Fields, field(s.System, fmt.Sprintf("%s and %s, seen last: %s", fleet.Plural(s.Platforms, "platform", "platforms"),
		fleet.Plural(s.Sites, "site", "sites"), stamp(s.At))))
	if s.Strangers == 0 {
		return nil
	}
	m.Lines = append(m.Lines, fleet.Say(fmt.Sprintf("%s not recorded. To take over what there is: ", fleet.Plural(s.Strangers, "site there is", "sites there are")),
		fleet.Mono(fmt.Sprintf("%s site adopt --all --host %s", fleet.Slash, host))))
	for i, u := range s.Unknown {
		if i == stockShown {
			m.Lines = append(m.Lines, fleet.Item(fmt.Sprintf("and %d more.", s.Strangers-i)))
			break
		}
		m.Lines = append(m.Lines, fleet.Item(fleet.Mono(string(u))))
	}
	return nil
}

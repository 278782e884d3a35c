package local

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// Inspect implements hosting.Records. It takes no lock: what it reads is a help
// for people, and the preflight looks again.
func (b *Backend) Inspect(ctx context.Context, c hosting.Copy) (fleet.SiteSchema, bool, error) {
	if c.App.Inspect == nil {
		return fleet.SiteSchema{}, false, nil
	}
	s := b.site(c.URI)
	p, err := b.place(s, c)
	if err != nil {
		return fleet.SiteSchema{}, false, hosting.Explain("read the site's settings", err)
	}
	var q hosting.Query
	if p.Database != nil {
		st, err := b.store(p.Database.Engine)
		if err != nil {
			return fleet.SiteSchema{}, false, err
		}
		q = query{store: st, name: p.Database.Name}
	}
	schema, err := c.App.Inspect(ctx, q, p)
	return schema, err == nil, hosting.Explain("read the site's database", err)
}

// query reads one database.
type query struct {
	store Store
	name  string
}

// Rows implements hosting.Query.
func (q query) Rows(ctx context.Context, text string, args ...any) ([][]string, error) {
	return q.store.Query(ctx, q.name, text, args...)
}

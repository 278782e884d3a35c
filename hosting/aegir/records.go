package aegir

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// Live implements hosting.Records. Aegir is believed about where the site is, the
// record of that generation says the rest; a motion says which of two it is.
func (b *Backend) Live(ctx context.Context, uri fleet.URI) (hosting.Record, error) {
	s, err := b.site(ctx, uri)
	if err != nil {
		return hosting.Record{}, err
	}
	return b.recordOf(ctx, s)
}

// recordOf gives the live record of a site of Aegir.
func (b *Backend) recordOf(ctx context.Context, s Site) (hosting.Record, error) {
	on := s.Platform.name(b.ours())
	m, moving, err := b.motion(s.URI)
	if err != nil {
		return hosting.Record{}, err
	}
	if moving {
		return b.Records.Generation(s.URI, m.at(on))
	}
	r, err := b.Records.Live(ctx, s.URI)
	switch {
	case fleet.CodeOf(err) == fleet.NotFound:
		if _, err := b.Records.Generation(s.URI, 1); err == nil {
			return r, fleet.Errorf(fleet.NotFound, "The site %s is being made.", s.URI)
		}
		return b.stranger(s, on), nil
	case err == nil && r.Platform != on:
		return r, fleet.Errorf(fleet.Failed, "Aegir has %s on platform %s; the record of generation %d says %s.", s.URI, on, r.Generation, r.Platform).
			WithHint("Somebody moved it in Aegir; adopt it anew.")
	}
	return r, err
}

// stranger is the record of a site that Aegir had before: to be adopted.
func (b *Backend) stranger(s Site, on fleet.PlatformName) hosting.Record {
	return hosting.Record{
		Schema: hosting.RecordSchema, URI: s.URI, ID: fmt.Sprintf("aegir-%d", s.NID), Kind: "drupal", Host: b.Host,
		Platform: on, Generation: 1, State: fleet.SiteLive, At: time.Now().UTC(),
	}
}

// All implements hosting.Records: the served sites of Aegir, by one statement.
// One whose record contradicts Aegir does not hide the others.
func (b *Backend) All(ctx context.Context) ([]hosting.Record, error) {
	sites, err := Sites(ctx, b.Tasks, "")
	if err != nil {
		return nil, err
	}
	var out []hosting.Record
	var first error
	for _, s := range sites {
		uri, bad := fleet.ParseURI(string(s.URI))
		if bad != nil || uri != s.URI || !s.On() || s.Platform.NID == 0 {
			continue
		}
		r, err := b.recordOf(ctx, s)
		switch {
		case err == nil:
			out = append(out, r)
		case fleet.CodeOf(err) != fleet.NotFound && first == nil:
			first = err
		}
	}
	return out, first
}

// Pin implements hosting.Records.
func (b *Backend) Pin(ctx context.Context, c hosting.Copy, reason string) error {
	return b.Records.Pin(ctx, c, reason)
}

// Inspect implements hosting.Records: the packages that Aegir found, looked at
// anew if that was long ago.
func (b *Backend) Inspect(ctx context.Context, c hosting.Copy) (fleet.SiteSchema, bool, error) {
	s, err := b.site(ctx, c.URI)
	if err != nil {
		return fleet.SiteSchema{}, false, err
	}
	list, err := b.fresh(ctx, s, c.Log)
	return schema(list), len(list) > 0, err
}

// fresh reads the packages of a site that was verified lately.
func (b *Backend) fresh(ctx context.Context, s Site, log func(string)) ([]Package, error) {
	if time.Since(s.Verified) > orDefault(b.Fresh, defaultFresh) {
		if err := b.verify(ctx, s.NID, string(s.URI), log); err != nil {
			return nil, err
		}
	}
	return Packages(ctx, b.Tasks, s.NID)
}

// Size implements hosting.Records: the files of the site where Aegir has it. Its
// database is not counted.
func (b *Backend) Size(ctx context.Context, uri fleet.URI, _ int64) (hosting.Amount, error) {
	s, err := b.site(ctx, uri)
	if fleet.CodeOf(err) == fleet.NotFound {
		return hosting.Amount{}, nil // of a site that is being made
	}
	if err != nil {
		return hosting.Amount{}, err
	}
	out, err := b.Tasks.shell(ctx, `[ -d "$1" ] || exit 0; find "$1" -type f | wc -l; du -sk "$1" | cut -f1`, s.Platform.Root+"/sites/"+string(uri))
	if err != nil {
		return hosting.Amount{}, told(err)
	}
	var n [2]int64
	for i, f := range strings.Fields(out) {
		if i < len(n) {
			if n[i], err = strconv.ParseInt(f, 10, 64); err != nil {
				return hosting.Amount{}, err
			}
		}
	}
	return hosting.Amount{Files: int(n[0]), Bytes: n[1] << 10}, nil
}

// Remove implements hosting.Records. Aegir wants a site disabled first, and makes
// a backup of its own before it deletes.
func (b *Backend) Remove(ctx context.Context, c hosting.Copy) error {
	err := b.guard(ctx, c, func() error {
		s, err := b.site(ctx, c.URI)
		if err != nil {
			return err
		}
		about := "@" + string(c.URI)
		if s.Status != Off {
			if err := b.task(ctx, Work{Op: act(c, "disable"), Of: s.NID, Type: "disable", Log: c.Log}, about); err != nil {
				return err
			}
		}
		return b.task(ctx, Work{Op: act(c, "delete"), Of: s.NID, Type: "delete", Log: c.Log}, about)
	})
	if err != nil && fleet.CodeOf(err) != fleet.NotFound {
		return err
	}
	if err := b.rest(c.URI); err != nil {
		return err
	}
	return b.Records.Remove(ctx, c)
}

// Backup has no verb yet: Aegir's own backups are made by moves alone.
func (b *Backend) Backup(context.Context, hosting.Copy, int) (hosting.Amount, []string, error) {
	return hosting.Amount{}, nil, refused("make backups on command")
}

// BackedUp knows of no backups that were made on command.
func (b *Backend) BackedUp(context.Context, hosting.Copy) (hosting.Record, error) {
	return hosting.Record{}, refused("restore backups on command")
}

// Login is Aegir's own business.
func (b *Backend) Login(context.Context, hosting.Copy) (string, error) {
	return "", refused("log administrators in")
}

// Inherit has nothing to do here: Aegir's sites are adopted by their address.
func (b *Backend) Inherit(context.Context, hosting.Copy, hosting.Inheritance) error {
	return refused("take sites over by their directory")
}

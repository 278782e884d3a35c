package command

import (
	"context"
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// observe asks the program what is live of a site.
func (b *Backend) observe(ctx context.Context, c hosting.Copy) (Observed, error) {
	var o Observed
	r := Request{Op: "observe/" + string(c.URI), Host: b.Host, Site: &Site{URI: c.URI, ID: c.ID}}
	if err := b.Program.do(ctx, call{verb: Observe, request: r, log: c.Log}, &o); err != nil {
		return o, err
	}
	if o.URI != c.URI || o.Generation < 0 {
		return o, fleet.Errorf(fleet.Failed, "The backend's program was asked for %s and answers for %q.", c.URI, fleet.Clean(string(o.URI), 80))
	}
	return o, nil
}

// Live implements hosting.Records. The program is believed about the generation;
// the record of that generation says the rest. The pointer to it may be behind:
// by a worker that died after the program had switched.
func (b *Backend) Live(ctx context.Context, uri fleet.URI) (hosting.Record, error) {
	o, err := b.observe(ctx, hosting.Copy{URI: uri})
	if err != nil {
		return hosting.Record{}, err
	}
	if o.Generation == 0 {
		return hosting.Record{}, fleet.Errorf(fleet.NotFound, "This host serves no site %s.", uri)
	}
	r, err := b.Records.Generation(uri, o.Generation)
	if fleet.CodeOf(err) == fleet.NotFound {
		return b.stranger(o), nil
	}
	if err == nil && r.Platform != o.Platform {
		return r, fleet.Errorf(fleet.Failed, "The backend says that %s is on %q; its record of generation %d says %s.",
			uri, fleet.Clean(string(o.Platform), 60), o.Generation, r.Platform).WithHint("Somebody changed the site elsewhere; adopt it anew.")
	}
	return r, err
}

// stranger is the record of a site that the program has and this machine has no
// record of: to be adopted.
func (b *Backend) stranger(o Observed) hosting.Record {
	return hosting.Record{
		Schema: hosting.RecordSchema, URI: o.URI, ID: fmt.Sprintf("command-%s", o.URI), Kind: "generic", Host: b.Host,
		Platform: o.Platform, Generation: o.Generation, State: fleet.SiteLive, At: time.Now().UTC(),
	}
}

// Pin implements hosting.Records.
func (b *Backend) Pin(ctx context.Context, c hosting.Copy, reason string) error {
	return b.Records.Pin(ctx, c, reason)
}

// Inspect implements hosting.Records.
func (b *Backend) Inspect(ctx context.Context, c hosting.Copy) (fleet.SiteSchema, bool, error) {
	var d Data
	err := b.Program.do(ctx, call{verb: Facts, request: b.request(c, Facts), log: c.Log}, &d)
	return d.schema(), d.Known, err
}

// maxSites bounds the list.
const maxSites = 100_000

// All implements hosting.Records: the sites that the program lists.
func (b *Backend) All(ctx context.Context) ([]hosting.Record, error) {
	var list []Observed
	if err := b.Program.do(ctx, call{verb: List, request: Request{Op: "list", Host: b.Host}}, &list); err != nil {
		return nil, err
	}
	if len(list) > maxSites {
		return nil, fleet.Errorf(fleet.Failed, "The backend lists more than %d sites.", maxSites)
	}
	var out []hosting.Record
	for _, o := range list {
		uri, err := fleet.ParseURI(string(o.URI))
		if err != nil || uri != o.URI || o.Generation < 1 || o.Platform == "" {
			return out, fleet.Errorf(fleet.Failed, "The backend lists %q, which is no site.", fleet.Clean(string(o.URI), 80))
		}
		r, err := b.Records.Generation(o.URI, o.Generation)
		if fleet.CodeOf(err) == fleet.NotFound {
			r, err = b.stranger(o), nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Size implements hosting.Records, as far as the program tells it.
func (b *Backend) Size(ctx context.Context, uri fleet.URI, _ int64) (hosting.Amount, error) {
	o, err := b.observe(ctx, hosting.Copy{URI: uri})
	return hosting.Amount{Files: o.Files, Bytes: o.Bytes}, err
}

// Remove implements hosting.Records.
func (b *Backend) Remove(ctx context.Context, c hosting.Copy) error {
	if err := held(b.act(ctx, c, Remove, func(r *Request) { r.To = nil })); err != nil {
		return err
	}
	return b.Records.Remove(ctx, c)
}

// Backup, BackedUp, Login, Inherit and Restage have no verb.
func (b *Backend) Backup(context.Context, hosting.Copy, int) (hosting.Amount, []string, error) {
	return hosting.Amount{}, nil, refused("make backups")
}

// BackedUp has no verb.
func (b *Backend) BackedUp(context.Context, hosting.Copy) (hosting.Record, error) {
	return hosting.Record{}, refused("keep backups")
}

// Login has no verb.
func (b *Backend) Login(context.Context, hosting.Copy) (string, error) {
	return "", refused("log administrators in")
}

// Inherit has no verb.
func (b *Backend) Inherit(context.Context, hosting.Copy, hosting.Inheritance) error {
	return refused("take sites over by their directory")
}

// Restage has no verb.
func (b *Backend) Restage(ctx context.Context, from, to string) error {
	return b.Records.Restage(ctx, from, to)
}

package local

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/web"
)

// A Front is the web server in front of PHP applications; *web.Front is one.
// Sites without PHP are served by Web.
type Front interface {
	Put(ctx context.Context, s web.Served) error
	Drop(ctx context.Context, uri fleet.URI) error
	Check(ctx context.Context, uri fleet.URI, gen, page string) (hosting.Answer, error)
	Probe(ctx context.Context, uri fleet.URI, page string) (hosting.Answer, error)
	// Forget frees what PHP keeps of a generation that goes.
	Forget(ctx context.Context, uri fleet.URI, gen string) (int, error)
	// Warm makes PHP compile, of a generation that may be next, what it uses of
	// the live one.
	Warm(ctx context.Context, uri fleet.URI, gen string) (int, error)
	// Compiled lists what PHP has compiled of the live generation, as paths below
	// its view.
	Compiled(ctx context.Context, uri fleet.URI) ([]string, error)
}

// Able implements hosting.Traffic.
func (b *Backend) Able(a hosting.App) error {
	if a.PHP && b.Front == nil {
		return fleet.Errorf(fleet.Refused, "Host %s has no web server for PHP applications.", b.Host).
			WithHint("Set DISTROBOT_WEB=nginx there; distrobot doctor says what else is needed.")
	}
	if a.Database != nil {
		_, err := b.store(a.Database.Engine)
		return err
	}
	return nil
}

// Serve implements hosting.Traffic.
func (b *Backend) Serve(ctx context.Context, c hosting.Copy) error {
	return hosting.Explain("tell the web server of the site", b.serve(ctx, b.site(c.URI), c))
}

// serve makes the front serve a site as its generations need it: the one that is
// live and the one that may be next. A move then changes no configuration.
func (b *Backend) serve(ctx context.Context, s site, c hosting.Copy) error {
	if !c.App.PHP {
		return nil
	}
	if err := b.Able(c.App); err != nil {
		return err
	}
	u, err := b.user(s)
	if err != nil {
		return err
	}
	served := web.Served{URI: c.URI, Aliases: c.Aliases, Dir: string(s), User: u, PHP: true}
	views := []view{viewOf(c, nil)}
	if live, err := readView(s.path("live")); err == nil {
		views = append(views, live)
	}
	for _, v := range views {
		served.Uploads = append(served.Uploads, below(v.Docroot, v.Shared)...)
		served.Private = append(served.Private, below(v.Docroot, v.Private)...)
	}
	return b.Front.Put(ctx, served)
}

// below gives those paths that are in a docroot, relative to it.
func below(docroot string, paths []string) []string {
	if docroot == "." || docroot == "" {
		return paths
	}
	var out []string
	for _, p := range paths {
		if rel, ok := strings.CutPrefix(p, docroot+"/"); ok {
			out = append(out, rel)
		}
	}
	return out
}

// Fronted reports whether the front serves a site, and Web does not.
func (b *Backend) Fronted(uri fleet.URI) bool { return fronted(b.site(uri).path("live")) }

// fronted reports whether a generation is served by the front.
func fronted(gen string) bool {
	v, err := readView(gen)
	return err == nil && v.PHP
}

// genName is the directory of a copy's generation below gen.
func genName(s site, c hosting.Copy) string { return filepath.Base(s.genOf(c)) }

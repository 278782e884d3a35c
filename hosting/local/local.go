// Package local is the backend for a machine that has nothing but directories:
//
//	DATA/platforms/NAME/             a platform's tree, read-only
//	DATA/platforms/.tmp-NAME-FENCE/  a build that is under way
//	DATA/sites/SITE/live             link to gen/N: what visitors get
//	DATA/sites/SITE/gen/N/           one generation
//	    site.json                    its record (hosting.Record)
//	    view.json                    how it is served
//	    root/                        the tree as this site sees it, see farm.go
//	    versioned/                   its own copy of the versioned paths
//	    www                          link to the docroot in root
//	DATA/sites/SITE/gen/N.failed/    a generation that was given up, for people
//	DATA/sites/SITE/gen/rehearsal/   a trial of the next one
//	DATA/sites/SITE/archive/N/       what is kept of a generation that is gone
//	DATA/sites/SITE/databases/       SQLite databases of the generations
//	DATA/sites/SITE/secrets.json     password of the database account, keys, salts
//	DATA/sites/SITE/user.json        the site's user, where each has its own
//	DATA/sites/SITE/shared/          paths that all generations share
//	DATA/removed/SITE@TIME/          what was a removed site's own, for a month
//	DATA/sites/SITE/compiled/        PHP's cache for the programs of an update, while it lasts
//	DATA/sites/SITE/left             what was live before the site moved to another machine, see leave.go
//	DATA/parcels/TASK/               what is sent of a site that moves, or was received
//	DATA/sites/SITE/used             which PHP files they used in the last one
//	DATA/sites/SITE/hold             present while visitors are told to wait
//	DATA/sites/SITE/reserve          room for the way back of a site that is held
//	DATA/sites/SITE/lock             flock and fence of who changes the site
//	DATA/sites/SITE/serving.lock     flock, shared, of requests under way
//
// Links are relative, so DATA can be moved. The built-in web server (web.go)
// serves the sites; another one can, if it honours hold and serving.lock.
package local

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// A Backend keeps platforms and sites below Data. Make one with its fields; it
// is safe for concurrent use, also by several processes over one Data.
type Backend struct {
	Data string         // absolute directory, made when needed
	Host fleet.HostName // written into site.json
	// As, if set, is the user that owns the sites' data and runs their programs;
	// it needs root. Nil means this process's own.
	As *run.User
	// Users, if As is nil and First is set, gives each site a user of its own.
	Users IDs
	// Server is the database server; nil if there is none.
	Server *Server
	// Front serves PHP applications; nil if none can be hosted here.
	Front Front
	// HTTPS says that visitors reach the sites over TLS.
	HTTPS bool
	// Public gives the address of a site's live server, "http://127.0.0.1:8080",
	// for checks from outside; nil asks the site's files directly.
	Public func(fleet.URI) (string, error)
	// Seed, if set, adds to the versioned data of a new site, in dir, before it
	// is served for the first time.
	Seed func(ctx context.Context, uri fleet.URI, dir string) error

	isolation isolation
}

// A compile-time reminder of what Backend is for.
var _ hosting.Backend = (*Backend)(nil)

// Name implements hosting.Backend.
func (b *Backend) Name() string { return "local" }

// siteName encodes an address as a file name; "@" and "+" are in no address.
func siteName(u fleet.URI) string { return strings.NewReplacer(":", "@", "/", "+").Replace(string(u)) }

// siteOf is the reverse of siteName.
func siteOf(name string) (fleet.URI, bool) {
	u := fleet.URI(strings.NewReplacer("@", ":", "+", "/").Replace(name))
	clean, err := fleet.ParseURI(string(u))
	return u, err == nil && clean == u
}

// A site is the directory of one site.
type site string

func (b *Backend) site(u fleet.URI) site {
	return site(filepath.Join(b.Data, "sites", siteName(u)))
}

func (s site) path(parts ...string) string {
	return filepath.Join(append([]string{string(s)}, parts...)...)
}

func (s site) gen(n int64) string { return s.path("gen", strconv.FormatInt(n, 10)) }

// genOf is the directory of a copy: of a generation or of the rehearsal.
func (s site) genOf(c hosting.Copy) string {
	if c.Rehearsal {
		return s.path("gen", "rehearsal")
	}
	return s.gen(c.Generation)
}

// live gives the number of the generation visitors get; 0 when there is none.
func (s site) live() (int64, error) {
	to, err := os.Readlink(s.path("live"))
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(filepath.Base(to), 10, 64)
}

// platform is where the tree of p is.
func (b *Backend) platform(p fleet.PlatformName) string {
	return filepath.Join(b.Data, "platforms", string(p))
}

// poll is how often a lock that another process holds is tried again; flock
// cannot be awaited together with a context.
const poll = 5 * time.Millisecond

package hosting

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/database"
)

// An App is how the sites of one tree are hosted: what its distrobot.yml says,
// completed by what its kind knows. Kind.App makes it; functions that are nil
// have nothing to do.
type App struct {
	Docroot   string   // directory that is served, relative to the tree; "." is all of it
	Shared    []string // paths that belong to the site for ever
	Versioned []string // paths that each generation has a copy of
	// PHP says that the site is a PHP application. Its view of the platform is
	// made of hard links, because PHP resolves symbolic ones: __DIR__ in a file
	// must lead to the site, not to the platform.
	PHP      bool
	Database *Need // nil: the site has none
	Check    Check
	// Runs are the update commands as people read them in a comparison.
	Runs []string
	// Settings gives the files of one generation that hold its settings,
	// credentials included. They are made when the generation is laid out.
	Settings func(p Place) ([]File, error)
	// Install makes the first data of a new site, Update brings copied data up to
	// the platform. They run in the view, as the site's user.
	Install, Update func(p Place) []Program
	// Login prints, as its last line, an address that logs an administrator in
	// once.
	Login func(p Place) (Program, error)
	// Rename replaces the address from, which copied data still has, by the
	// site's own.
	Rename func(p Place, from string) []Program
	// Cron is what the site's cron line runs.
	Cron func(p Place) []Program
	// Inspect reads what the site's database says of itself, without PHP.
	Inspect func(ctx context.Context, q Query, p Place) (fleet.SiteSchema, error)
	// Found reads the settings of a site that somebody else installed in the
	// tree, without running them, so that it can be taken over as it is. A tree
	// can have several sites: the address says which. Errors say in a sentence
	// what cannot be told.
	Found func(uri fleet.URI) (Existing, error)
}

// An Existing site is what its own settings say of it.
type Existing struct {
	Database Access            // its password included
	Secrets  map[string]string // keys and salts, by the names that Settings asks Place.Secret for
	URL      string            // "" unless its settings say it
	Files    []string          // its settings files, relative to the tree: no code of a platform
	// Paths says where the data of a path of App.Shared or App.Versioned is now,
	// or of a directory below one, if it is not there: an absolute path, or one
	// relative to the tree.
	Paths map[string]string
}

// A Need is the database that sites of an application need. Patterns are as of
// path.Match over names of tables, a prefix included ("*_options").
type Need struct {
	Engine   string   // "mysql" (MariaDB too) or "sqlite"
	Volatile []string // tables whose rows are not copied: caches
	Ignored  []string // tables to which writing does not count in the soak: sessions, caches, logs
}

// A File is a settings file; Path is relative to the view's root.
type File struct {
	Path    string
	Content []byte
}

// A Program is one command of a site. Its environment is small and fixed; see
// Place for what it may be told in Env.
type Program struct {
	Argv  []string
	Stdin string   // a script of ours, for instance
	Env   []string // more of it, NAME=value
	Says  string   // what people read instead of the arguments
}

// A Place is one generation of a site as its programs and settings see it.
type Place struct {
	Copy
	Root   string // the view: absolute directory, also the programs' working directory
	Shared string // directory of the shared data; what is not in App.Shared is seen by programs only
	Data   string // directory of the versioned data of this generation
	HTTPS  bool
	// Database says how the site reaches its database; nil if it has none.
	Database *Access
	// Secret gives 64 random letters and digits, the same under the same name for
	// the site's whole life: keys, salts, the first password.
	Secret func(name string) (string, error)
	// Quiet is set in a rehearsal: no mail, no cron, nothing from outside.
	Quiet bool
}

// An Access is a database and the account that may use it.
type Access struct {
	Engine   string // as Need.Engine
	Name     string // of the database; for SQLite the absolute path of its file
	User     string
	Password database.Secret
	Socket   string // path of the server's socket; wins over Host and Port
	Host     string
	Port     int
	Prefix   string // of the tables; "" for the application's own default
	Charset  string // of the connection; "" for the application's own default
}

// A Query reads one database; it can change nothing. Answers are bounded.
type Query interface {
	// Rows gives the rows as text, NULL as "".
	Rows(ctx context.Context, query string, args ...any) ([][]string, error)
}

// URL is the site's address with its scheme, without a slash at its end.
func (p Place) URL() string {
	if p.HTTPS {
		return "https://" + string(p.URI)
	}
	return "http://" + string(p.URI)
}

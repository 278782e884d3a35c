package hosting

import (
	"context"
	"net/http"
	"path/filepath"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A Backend is what a worker drives on its machine. Its parts are called by
// different recipes and can be read one at a time. Errors that people may read
// are *fleet.Error; a full disk is one of them (see Explain).
type Backend interface {
	Name() string // as in DISTROBOT_BACKEND: "local"
	Platforms
	Copies
	Handover
	Traffic
	Records
	Backups
	Takeover
}

// A Slow backend works through another system's tasks: what is an instant
// elsewhere can take it as long as that.
type Slow interface {
	// Longest is how long one call may take.
	Longest() time.Duration
}

// An Installer is a backend that can be told what a new site is installed with.
type Installer interface {
	// Installs names what may be chosen: fleet.InstallProfile, ….
	Installs() []string
}

// Platforms keeps the trees of platforms, which never change once published.
type Platforms interface {
	// Stage gives the path of a directory for a new tree, which does not exist
	// yet. What earlier attempts at the same platform left is removed.
	Stage(ctx context.Context, p fleet.PlatformName, fence int64) (string, error)
	// Publish makes a staged directory the tree of p, read-only and durable, by
	// one rename that replaces nothing. An error of code Exists says that p has
	// a tree already.
	Publish(ctx context.Context, p fleet.PlatformName, stage string) (string, error)
	// Tree gives the directory of p's tree; NotFound if this host has none.
	Tree(ctx context.Context, p fleet.PlatformName) (string, error)
	// Discard deletes the tree of p and everything staged for it. Sites that
	// use it must be gone; an absent tree is no error.
	Discard(ctx context.Context, p fleet.PlatformName) error
	// Room gives the bytes free where trees and sites are kept.
	Room(ctx context.Context) (int64, error)
}

// Copies makes generations of sites. All calls may be repeated after a crash.
type Copies interface {
	// Lay makes the generation's view of its platform, its settings and its
	// record, without data. What an earlier attempt laid out is replaced.
	Lay(ctx context.Context, c Copy) error
	// Fill copies the versioned data of generation c.From into c, or what the
	// platform ships when From is 0, and brings it to the disk. Data that an
	// earlier attempt copied is replaced, so a half-done update is undone.
	Fill(ctx context.Context, c Copy) (Amount, error)
	// Run runs programs of the application in the copy, as the site's user,
	// without the network if the specification says so. log receives their output
	// by lines. The copy must not be live.
	Run(ctx context.Context, c Copy, programs func(Place) []Program, log func(string)) error
	// Cron runs the application's regular work on the generation that visitors
	// get, unless they wait, and keeps a hold waiting until it is over.
	Cron(ctx context.Context, c Copy) error
	// Abandon puts generation c.Generation, which must not be live, aside for
	// people to look at, in the place of an earlier one.
	Abandon(ctx context.Context, c Copy) error
	// Tidy deletes every generation but the live one and those in c.Previous.
	Tidy(ctx context.Context, c Copy) error
}

// Handover moves the versioned data of generation c.From into c instead of
// copying it, in constant time whatever its size, and back.
type Handover interface {
	Take(ctx context.Context, c Copy) error
	Return(ctx context.Context, c Copy) error
}

// Takeover makes sites of this machine that somebody else installed ours.
type Takeover interface {
	// Inherit keeps what c's site had before: who owns its files, the password of
	// its database, its keys, and where its shared data is, which stays there.
	Inherit(ctx context.Context, c Copy, from Inheritance) error
	// Restage renames a staged directory to another one.
	Restage(ctx context.Context, from, to string) error
}

// An Inheritance is where a site was, and what its settings there say.
type Inheritance struct {
	Dir string
	Existing
}

// At gives the absolute directory of one of Existing.Paths.
func (i Inheritance) At(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(i.Dir, path)
}

// Backups are copies of a site's data that can be brought back: its database,
// its versioned and its shared files. Copy.Backup names the one that Fill takes
// instead of another generation.
type Backups interface {
	// Backup makes the backup c.Backup of the generation that visitors get, while
	// they go on, proves it, and deletes all but the keep newest (0: none), whose
	// names it gives.
	Backup(ctx context.Context, c Copy, keep int) (Amount, []string, error)
	// BackedUp tells whether there is the backup c.Backup, and of which platform.
	BackedUp(ctx context.Context, c Copy) (Record, error)
	// Login makes an address that logs an administrator of the live site in once.
	Login(ctx context.Context, c Copy) (string, error)
}

// Traffic decides what visitors of a site get.
type Traffic interface {
	// Able tells why sites of an application cannot be hosted here; nil if they
	// can.
	Able(a App) error
	// PHP gives the version that sites of this machine run, "" if there is none.
	PHP(ctx context.Context) string
	// Serve makes the web server serve the live site as c says: its aliases and
	// certificates may have changed. Repeated calls change nothing.
	Serve(ctx context.Context, c Copy) error
	// Hold makes the site answer 503 with Retry-After from now on. Holding again
	// keeps the time of the first call, which is returned.
	Hold(ctx context.Context, c Copy) (time.Time, error)
	// Drain waits until every request that was let in before the hold is over.
	Drain(ctx context.Context, c Copy) error
	// Switch makes generation c.Generation the one visitors get, by one rename.
	Switch(ctx context.Context, c Copy) error
	// Release ends the hold and gives how long it lasted; 0 if there was none.
	// Before visitors are let in to a generation for the first time, what its
	// data is is noted, for Written.
	Release(ctx context.Context, c Copy) (time.Duration, error)
	// Written tells what visitors wrote to a generation since then, short of
	// what does not count (Need.Ignored).
	Written(ctx context.Context, c Copy) (Written, error)
	// Check fetches a page of generation c.Generation past any hold, unseen by
	// visitors; Probe fetches what visitors get.
	Check(ctx context.Context, c Copy, path string) (Answer, error)
	Probe(ctx context.Context, uri fleet.URI, path string) (Answer, error)
}

// Records is what the machine itself knows about its sites. It is enough to
// rebuild the fleet's rows.
type Records interface {
	// Live reads the record of the generation that visitors get; NotFound if
	// the site has none.
	Live(ctx context.Context, uri fleet.URI) (Record, error)
	// Pin writes into the live record why nothing upgrades the site.
	Pin(ctx context.Context, c Copy, reason string) error
	// Inspect reads what the data of the generation that visitors get says of
	// itself. false: the application cannot tell.
	Inspect(ctx context.Context, c Copy) (fleet.SiteSchema, bool, error)
	// All reads the live record of every site.
	All(ctx context.Context) ([]Record, error)
	// Size measures the versioned data of a generation, its database included.
	Size(ctx context.Context, uri fleet.URI, generation int64) (Amount, error)
	// Remove deletes everything of a site, data included.
	Remove(ctx context.Context, c Copy) error
}

// A Copy names one generation of a site and says what it is made of.
type Copy struct {
	URI          fleet.URI
	Aliases      []fleet.URI
	ID           string // of the site, for ever
	Kind         fleet.KindName
	Distribution fleet.DistName
	Platform     fleet.PlatformName
	Commit       string
	Tree         Tree
	App          App
	Generation   int64
	From         int64         // generation its data comes from; 0: what the platform ships
	Backup       string        // the backup whose data Fill takes instead of From's; also the one to make
	Has          *Database     // the database it has and keeps: of a site that was taken over
	Source       fleet.URI     // the site of this machine whose live data Fill takes: a clone
	Arrives      bool          // Fill takes the parcels of Task: it comes from another machine
	Takes        bool          // the data of From is taken over instead of copied: a rollback
	Install      fleet.Install // what a new site is installed with
	Rehearsal    bool          // not a generation but a trial of one, on a copy made while visitors write
	Previous     []Kept
	Pinned       string
	Fence        int64 // of the site's lock
	Plan         fleet.PlanID
	Task         fleet.TaskID
	Log          func(line string) // of the step that works on it; nil says nothing
}

// A Tree is a platform's directory and what its distrobot.yml says.
type Tree struct {
	Dir  string
	Spec Spec
}

// An Amount measures data.
type Amount struct {
	Files int
	Bytes int64
}

// An Answer is what a site said to a request, cut at MaxBody bytes.
type Answer struct {
	Status int
	Bytes  int64
	Body   []byte
	Header http.Header // of a View; nil for others
	Took   time.Duration
	Log    string // what PHP logged for it; "" if there is nothing, or the backend cannot tell
}

// MaxBody bounds what is kept of an answer.
const MaxBody = 1 << 20

// A Kind is what distrobot knows about one CMS.
type Kind interface {
	Name() fleet.KindName
	// Detect reports whether the tree is of this kind.
	Detect(t Tree) bool
	// Read reads packages and requirements. Sizes are not its business.
	Read(ctx context.Context, t Tree) (fleet.PlatformFacts, error)
	// App says how a site of this tree is hosted.
	App(t Tree) App
}

// A Source turns a repository into a tree.
type Source interface {
	Type() string // as in fleet.Source: "git"
	// Fetch lays the platform's commit out in dir, which does not exist yet. log
	// is told in lines what is done.
	Fetch(ctx context.Context, p fleet.Platform, dir string, log func(string)) error
}

// A Successor is a Source that can use the unchanged files of an earlier tree of
// the same distribution on this host, as far as it has been told that it may.
type Successor interface {
	// FetchBeside is Fetch with the directory of an earlier tree, which stays as
	// it is.
	FetchBeside(ctx context.Context, p fleet.Platform, earlier, dir string, log func(string)) error
}

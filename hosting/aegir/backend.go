package aegir

import (
	"context"
	"fmt"
	"os"
	"path"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/local"
)

// A Backend drives one Aegir. Make one with its fields.
type Backend struct {
	Tasks *Runner
	Web   Web
	Host  fleet.HostName
	// Records keeps the trees that distrobot built and the records of sites.
	Records *local.Backend
	// Docroot says what of a tree is served; nil goes by its distrobot.yml.
	Docroot func(hosting.Tree) string
	// New is what new sites are registered with.
	New NewSite
	// Limit is how long one task of Aegir is waited for; 0 means six hours. Step
	// limits of recipes end the wait earlier.
	Limit time.Duration
	// Fresh is how old a verify may be before a comparison; 0 means 15 minutes.
	Fresh time.Duration
	// Idle is how long open tasks of a site are waited for; 0 means three minutes.
	Idle time.Duration
	// Ours is the directory there for the platforms that distrobot builds; empty
	// means "platforms" below Aegir's root.
	Ours string

	copying sync.Mutex // held while the code of a platform is copied here
}

// NewSite is what Aegir wants to know of a new site.
type NewSite struct {
	Profile, Client, Email, Language string
	Server, DBServer                 string // contexts, "@server_master" if empty
}

// with is what a site is registered with for which somebody has chosen.
func (n NewSite) with(i fleet.Install) NewSite {
	n.Profile, n.Client, n.Language = orDefault(i.Profile, n.Profile), orDefault(i.Client, n.Client), orDefault(i.Language, n.Language)
	return n
}

// Installs implements hosting.Installer.
func (b *Backend) Installs() []string {
	return []string{fleet.InstallProfile, fleet.InstallClient, fleet.InstallLanguage}
}

const (
	defaultLimit = 6 * time.Hour
	defaultFresh = 15 * time.Minute
	defaultIdle  = 3 * time.Minute
	master       = "@server_master"
)

var (
	_ hosting.Backend   = (*Backend)(nil)
	_ hosting.Installer = (*Backend)(nil)
)

// Name implements hosting.Backend.
func (b *Backend) Name() string { return "aegir" }

// ours is where the platforms that we build are on the machine of Aegir.
func (b *Backend) ours() string { return orDefault(b.Ours, path.Join(b.Tasks.Home, "platforms")) }

// Longest is how long an act of this backend may take: steps that take an instant
// elsewhere are whole tasks of Aegir here.
func (b *Backend) Longest() time.Duration { return orDefault(b.Limit, defaultLimit) + time.Hour }

// site reads one site of Aegir; NotFound if there is none.
func (b *Backend) site(ctx context.Context, uri fleet.URI) (Site, error) {
	found, err := Sites(ctx, b.Tasks, uri)
	switch {
	case err != nil:
		return Site{}, err
	case len(found) == 0:
		return Site{}, fleet.Errorf(fleet.NotFound, "Aegir has no site %s.", uri)
	case len(found) > 1:
		return Site{}, fleet.Errorf(fleet.Failed, "Aegir has %d sites that are called %s.", len(found), uri)
	}
	return found[0], nil
}

// platform reads one platform of Aegir; NotFound if there is none.
func (b *Backend) platform(ctx context.Context, name fleet.PlatformName) (Platform, error) {
	all, err := Platforms(ctx, b.Tasks)
	if err != nil {
		return Platform{}, err
	}
	for _, p := range all {
		if p.name(b.ours()) == name {
			return p, nil
		}
	}
	return Platform{}, fleet.Errorf(fleet.NotFound, "Aegir has no platform %s.", name)
}

// act is one task about a copy, in every attempt the same.
func act(c hosting.Copy, what string) string {
	return fmt.Sprintf("%s-%s-%d", orDefault(string(c.Task), fmt.Sprintf("fence%d", c.Fence)), what, c.Generation)
}

// task runs one hosting-task of the front end about a context.
func (b *Backend) task(ctx context.Context, w Work, about string, args ...string) error {
	w.Limit = orDefault(b.Limit, defaultLimit)
	w.Args = append(b.Tasks.hostmaster("hosting-task", about, w.Type), append(args, "--force")...)
	return b.Tasks.Do(ctx, w)
}

// once names a task whose repetition does no harm.
func once(what string) string {
	return fmt.Sprintf("%s-%d-%d", what, time.Now().UnixNano(), os.Getpid())
}

// verify has Aegir look at a site or platform anew: its package data is only as
// good as the last time.
func (b *Backend) verify(ctx context.Context, of int64, about string, log func(string)) error {
	return b.task(ctx, Work{Op: once("verify"), Of: of, Type: "verify", Log: log}, "@"+about)
}

// guard runs an act under the site's lock and fence on this machine.
func (b *Backend) guard(ctx context.Context, c hosting.Copy, do func() error) error {
	return b.Records.Guard(ctx, c, func(*os.File) error { return do() })
}

// refused says what this backend does not do.
func refused(what string) error {
	return fleet.Errorf(fleet.Refused, "distrobot does not %s on an Aegir host.", what).WithHint("Do it in Aegir's front end.")
}

package command

import (
	"context"
	"os"
	"strconv"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/local"
)

// A Backend drives one program. Make one with its fields.
type Backend struct {
	Program Program
	Host    fleet.HostName
	// Records keeps the platforms' trees and the sites' records on this machine.
	Records *local.Backend
}

var _ hosting.Backend = (*Backend)(nil)

// Name implements hosting.Backend.
func (b *Backend) Name() string { return "command" }

// act calls the program about a copy, under the site's lock and fence.
func (b *Backend) act(ctx context.Context, c hosting.Copy, v Verb, with func(*Request)) error {
	return b.Records.Guard(ctx, c, func(lock *os.File) error {
		r := b.request(c, v)
		if with != nil {
			with(&r)
		}
		return b.Program.do(ctx, call{verb: v, request: r, log: c.Log, lock: lock}, nil)
	})
}

// request describes a copy to the program. Its op names the task, the verb and
// the generation, so that it is the same in every attempt.
func (b *Backend) request(c hosting.Copy, v Verb) Request {
	r := Request{
		Op: string(c.Task) + "/" + string(v) + "/" + strconv.FormatInt(c.Generation, 10), Fence: c.Fence, Host: b.Host,
		Site: &Site{URI: c.URI, ID: c.ID, Aliases: c.Aliases, Kind: c.Kind, Distribution: c.Distribution},
		To:   &Generation{Platform: c.Platform, Commit: c.Commit, Tree: c.Tree.Dir, Docroot: c.App.Docroot, Number: c.Generation, Rehearsal: c.Rehearsal},
	}
	if c.Rehearsal {
		r.Op += "r"
	}
	if c.From > 0 {
		r.From = &Generation{Number: c.From}
		for _, k := range c.Previous {
			if k.Generation == c.From {
				r.From.Platform = k.Platform
			}
		}
	}
	return r
}

// Stage, Tree and Room implement hosting.Platforms on this machine.
func (b *Backend) Stage(ctx context.Context, p fleet.PlatformName, fence int64) (string, error) {
	return b.Records.Stage(ctx, p, fence)
}

// Tree gives the directory of p's tree on this machine.
func (b *Backend) Tree(ctx context.Context, p fleet.PlatformName) (string, error) {
	return b.Records.Tree(ctx, p)
}

// Room gives the bytes free on this machine.
func (b *Backend) Room(ctx context.Context) (int64, error) { return b.Records.Room(ctx) }

// Publish hands the tree to the program before the platform counts as there: a
// program that fails leaves no platform, and is asked again by the next build.
func (b *Backend) Publish(ctx context.Context, p fleet.PlatformName, stage string) (string, error) {
	dir, err := b.Records.Publish(ctx, p, stage)
	if err != nil && fleet.CodeOf(err) != fleet.Exists {
		return "", err
	}
	if dir == "" {
		if dir, err = b.Records.Tree(ctx, p); err != nil {
			return "", err
		}
	}
	r := Request{Op: "build/" + string(p), Host: b.Host, To: &Generation{Platform: p, Tree: dir}}
	if err := b.Program.do(ctx, call{verb: Build, request: r}, nil); err != nil {
		return "", held(err)
	}
	return dir, nil
}

// Discard has the program forget p, and deletes its tree.
func (b *Backend) Discard(ctx context.Context, p fleet.PlatformName) error {
	dir, err := b.Records.Tree(ctx, p)
	switch {
	case fleet.CodeOf(err) == fleet.NotFound: // nothing was ever handed over
	case err != nil:
		return err
	default:
		r := Request{Op: "remove/" + string(p), Host: b.Host, To: &Generation{Platform: p, Tree: dir}}
		if err := b.Program.do(ctx, call{verb: Remove, request: r}, nil); err != nil {
			return held(err)
		}
	}
	return b.Records.Discard(ctx, p)
}

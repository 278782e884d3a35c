package aegir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

var _ hosting.Inventoried = (*Backend)(nil)

// Inventory implements hosting.Inventoried: by three statements, whatever the
// number of sites.
func (b *Backend) Inventory(ctx context.Context) (fleet.Inventory, error) {
	v, err := Sync(ctx, b.Tasks)
	if err != nil {
		return fleet.Inventory{}, err
	}
	out := fleet.Inventory{System: "Aegir"}
	for _, p := range v.Platforms {
		if p.Status == Enabled || p.Status == Off && !p.Verified.IsZero() {
			out.Platforms = append(out.Platforms, b.found(p, v.Packages[p.NID]))
		}
	}
	known, err := b.nodes()
	if err != nil {
		return fleet.Inventory{}, err
	}
	added := false
	for _, s := range v.Sites {
		uri, bad := fleet.ParseURI(string(s.URI))
		was, seen := known[s.NID]
		if bad != nil || uri != s.URI || s.Platform.NID == 0 || s.Status == Queued && !s.On() && !seen {
			continue
		}
		f := fleet.FoundSite{URI: uri, Platform: s.Platform.name(b.ours()), Off: !s.On()}
		if seen && was != uri {
			f.Was = was
		}
		if !seen {
			known[s.NID], added = uri, true
		}
		out.Sites = append(out.Sites, f)
	}
	if added {
		err = b.keepNodes(known)
	}
	return out, err
}

// found tells of one platform.
func (b *Backend) found(p Platform, packages []Package) fleet.FoundPlatform {
	sum := sha256.New()
	kind := fleet.KindName("generic")
	for _, k := range packages {
		fmt.Fprintf(sum, "%s %s %s %d\n", k.Type, k.Name, k.Version, k.Schema)
		if k.Type == "platform" {
			kind = kindOf(k.Name)
		}
	}
	return fleet.FoundPlatform{
		Name: p.name(b.ours()), Kind: kind, Path: p.Root, Own: !b.built(p), Locked: p.Status == Off,
		Digest: hex.EncodeToString(sum.Sum(nil))[:32],
	}
}

// kindOf is the kind of a platform by the name of its core.
func kindOf(core string) fleet.KindName {
	switch core {
	case "backdrop", "wordpress":
		return fleet.KindName(core)
	}
	return "drupal"
}

// built reports whether distrobot has built a platform, and not found it.
func (b *Backend) built(p Platform) bool {
	_, err := os.Stat(b.builtFile(p.name(b.ours())))
	return err == nil
}

func (b *Backend) builtFile(p fleet.PlatformName) string {
	return filepath.Join(b.Records.Data, "aegir", "built", string(p))
}

// nodes is which site each node of Aegir was, when it was seen first or adopted
// last: a site that is renamed there keeps its node.
func (b *Backend) nodes() (map[int64]fleet.URI, error) {
	out := map[int64]fleet.URI{}
	text, err := os.ReadFile(b.nodesFile())
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	return out, err
}

func (b *Backend) nodesFile() string { return filepath.Join(b.Records.Data, "aegir", ".nodes") }

func (b *Backend) keepNodes(known map[int64]fleet.URI) error { return keepJSON(b.nodesFile(), known) }

// Renew implements hosting.Inventoried.
func (b *Backend) Renew(ctx context.Context, platforms []fleet.PlatformName, log func(string)) error {
	all, err := Platforms(ctx, b.Tasks)
	if err != nil {
		return err
	}
	wanted := map[fleet.PlatformName]bool{}
	for _, p := range platforms {
		wanted[p] = true
	}
	for _, p := range all {
		if wanted[p.name(b.ours())] && time.Since(p.Verified) > orDefault(b.Fresh, defaultFresh) {
			if err := b.verify(ctx, p.NID, p.Context, log); err != nil {
				return err
			}
		}
	}
	return nil
}

// Lock implements hosting.Inventoried. Which locks are ours is remembered: a lock
// never stops what runs (see allowed), one that a person sets in Aegir does.
func (b *Backend) Lock(ctx context.Context, name fleet.PlatformName, locked bool, log func(string)) error {
	p, err := b.platform(ctx, name)
	if err != nil {
		return err
	}
	if locked {
		err = keepJSON(b.lockFile(name), locked)
	}
	if err != nil || (p.Status == Off) == locked {
		return err
	}
	what := map[bool]string{true: "lock", false: "unlock"}[locked]
	if err := b.task(ctx, Work{Op: once(what), Of: p.NID, Type: what, Log: log}, "@"+p.Context); err != nil {
		return err
	}
	if p, err = b.platform(ctx, name); err == nil && (p.Status == Off) != locked {
		err = fleet.Errorf(fleet.Failed, "Aegir's task to %s succeeded, but platform %s is as it was.", verb(what), name)
	}
	if err == nil && !locked {
		err = forget(b.lockFile(name))
	}
	return err
}

func (b *Backend) lockFile(p fleet.PlatformName) string {
	return filepath.Join(b.Records.Data, "aegir", "locks", string(p))
}

// lockedByUs reports whether the lock that a platform has in Aegir was set by us.
func (b *Backend) lockedByUs(p fleet.PlatformName) bool {
	_, err := os.Stat(b.lockFile(p))
	return err == nil
}

// Follow implements hosting.Inventoried. A site that Aegir had before gets the
// record of its first generation; one that was moved there gets a new generation,
// to which there is no way back.
func (b *Backend) Follow(ctx context.Context, only fleet.URI, log func(string)) error {
	v, err := Sync(ctx, b.Tasks)
	if err != nil {
		return err
	}
	kinds := map[int64]fleet.KindName{}
	for _, p := range v.Platforms {
		kinds[p.NID] = b.found(p, v.Packages[p.NID]).Kind
	}
	known, err := b.nodes()
	if err != nil {
		return err
	}
	for _, s := range v.Sites {
		uri, bad := fleet.ParseURI(string(s.URI))
		if bad != nil || uri != s.URI || !s.On() || s.Platform.NID == 0 || only != "" && uri != only {
			continue
		}
		if err := b.follow(ctx, s, kinds[s.Platform.NID], log); err != nil {
			return err
		}
		known[s.NID] = uri
	}
	return b.keepNodes(known)
}

func (b *Backend) follow(ctx context.Context, s Site, kind fleet.KindName, log func(string)) error {
	on := s.Platform.name(b.ours())
	if _, moving, err := b.motion(s.URI); err != nil || moving {
		return err // a task of ours is at it
	}
	r, err := b.Records.Live(ctx, s.URI)
	c := hosting.Copy{URI: s.URI, ID: r.ID, Kind: kind, Distribution: r.Distribution, Platform: on, Generation: r.Generation + 1}
	switch {
	case err == nil && r.Platform == on:
		return nil
	case fleet.CodeOf(err) == fleet.NotFound:
		if _, err := b.Records.Generation(s.URI, 1); err == nil {
			return nil // it is being made
		}
		c.ID, c.Generation = "aegir-"+strconv.FormatInt(s.NID, 10), 1
	case err != nil:
		return err
	default:
		log(fmt.Sprintf("%s: somebody moved it from %s to %s in Aegir; its record follows.", s.URI, r.Platform, on))
	}
	return b.Records.Follow(ctx, c)
}

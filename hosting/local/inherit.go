package local

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// Names of what a site inherits, among its secrets.
const (
	secretInherited = "database_inherited" // password of the account it had
	secretPrefix    = "table_prefix"
	secretCharset   = "table_charset"
)

// Inherit implements hosting.Takeover. Shared data stays where it is: the site's
// shared paths are links to it.
func (b *Backend) Inherit(ctx context.Context, c hosting.Copy, from hosting.Inheritance) error {
	return hosting.Explain("take the site over", b.guarded(ctx, c, func(s site, _ *os.File) error {
		if n, err := s.live(); err != nil || n != 0 {
			return errors.Join(err, fleet.Errorf(fleet.Exists, "Site %s is on this host already.", c.URI))
		}
		if err := b.reachable(ctx, from); err != nil {
			return err
		}
		if err := b.inheritUser(s, c, from); err != nil {
			return err
		}
		keep := map[string]string{secretInherited: string(from.Database.Password), secretPrefix: from.Database.Prefix, secretCharset: from.Database.Charset}
		for name, v := range from.Secrets {
			keep[name] = v
		}
		for name, v := range keep {
			if v == "" {
				continue
			}
			if err := s.keepSecret(name, v); err != nil {
				return err
			}
		}
		for _, p := range c.App.Shared {
			if err := linkAll(s, from, p); err != nil {
				return err
			}
		}
		elsewhere := map[string]string{}
		for _, p := range c.App.Versioned {
			if at, ok := from.Paths[p]; ok {
				elsewhere[p] = from.At(at)
			}
		}
		return writeJSON(s.path(inheritedFile), elsewhere)
	}))
}

// inheritedFile says where versioned data of a site was that is not in its code;
// the first generation is filled from there.
const inheritedFile = "inherited.json"

func (s site) inherited() (map[string]string, error) {
	var out map[string]string
	text, err := os.ReadFile(s.path(inheritedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	return out, err
}

// linkAll links a shared path, or what is said of directories below it, to where
// it is.
func linkAll(s site, from hosting.Inheritance, p string) error {
	if at, ok := from.Paths[p]; ok {
		return linkShared(s, from.At(at), p)
	}
	for below, at := range from.Paths {
		if below != p && hosting.Within(below, p) {
			if err := linkShared(s, from.At(at), below); err != nil {
				return err
			}
		}
	}
	return linkShared(s, filepath.Join(from.Dir, p), p)
}

// reachable refuses a site whose database is elsewhere: it could not be copied.
func (b *Backend) reachable(ctx context.Context, from hosting.Inheritance) error {
	st, err := b.store(from.Database.Engine)
	if err != nil {
		return err
	}
	if _, err := st.Size(ctx, from.Database.Name); err != nil {
		return fleet.Errorf(fleet.Refused, "The site's database %s is not on the database server that distrobot knows.", fleet.Clean(from.Database.Name, 80)).
			WithHint("Set DISTROBOT_DB to the server it is on.").Because(err)
	}
	return nil
}

// inheritUser keeps the owner of the site's files as its user.
func (b *Backend) inheritUser(s site, c hosting.Copy, from hosting.Inheritance) error {
	if b.As != nil || b.Users.First == 0 {
		return nil // one user for all
	}
	at := from.Dir
	for _, p := range c.App.Shared {
		place := filepath.Join(from.Dir, p)
		if other, ok := from.Paths[p]; ok {
			place = from.At(other)
		}
		if _, err := os.Stat(place); err == nil {
			at = place
			break
		}
	}
	info, err := os.Stat(at)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return fleet.Errorf(fleet.Refused, "The files of %s belong to root, as which no site may run.", c.URI).
			WithHint("Give %s to the user that the site shall run as.", at)
	}
	return writeJSON(s.path("user.json"), map[string]uint32{"uid": owner.Uid, "gid": owner.Gid})
}

func linkShared(s site, target, p string) error {
	if _, err := os.Stat(target); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	real, err := filepath.EvalSymlinks(target)
	if err != nil {
		return err
	}
	at := s.path("shared", p)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	if err := os.Symlink(real, at); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// Restage implements hosting.Takeover.
func (b *Backend) Restage(_ context.Context, from, to string) error {
	return hosting.Explain("name the platform", os.Rename(from, to))
}

package local

import (
	"context"
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
		if err := b.inheritUser(s, c, from.Dir); err != nil {
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
			if err := linkShared(s, filepath.Join(from.Dir, p), p); err != nil {
				return err
			}
		}
		return nil
	}))
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
func (b *Backend) inheritUser(s site, c hosting.Copy, dir string) error {
	if b.As != nil || b.Users.First == 0 {
		return nil // one user for all
	}
	at := dir
	for _, p := range c.App.Shared {
		if _, err := os.Stat(filepath.Join(dir, p)); err == nil {
			at = filepath.Join(dir, p)
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

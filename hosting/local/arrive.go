package local

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/database"
	"github.com/distrobot/distrobot/internal/run"
)

// Unpack implements hosting.Receiver.
func (b *Backend) Unpack(ctx context.Context, c hosting.Copy, was string) error {
	err := b.apart(ctx, was)
	if err == nil {
		err = b.clearPlace(ctx, c)
	}
	if err == nil {
		err = b.guarded(ctx, c, func(s site, _ *os.File) error { return b.unpackFirst(ctx, s, c) })
	}
	return hosting.Explain("take the site in", err)
}

// apart refuses a site whose database is on the very server that this machine
// uses, under the same prefix: both machines would have one account for it.
func (b *Backend) apart(ctx context.Context, was string) error {
	engine, rest, _ := strings.Cut(was, "/")
	name, _, _ := strings.Cut(rest, "/")
	if engine != engineMySQL || b.Server == nil || !strings.HasPrefix(name, b.Server.Prefix) {
		return nil
	}
	_, err := b.Server.Size(ctx, name)
	switch {
	case errors.Is(err, database.ErrMissing):
		return nil
	case err == nil || errors.Is(err, database.ErrPartial):
		return fleet.Errorf(fleet.Refused, "Host %s uses the database server that the site is on already, with the same prefix.", b.Host).
			WithHint("Give its databases a prefix of their own there: DISTROBOT_DB_PREFIX.")
	}
	return err
}

// clearPlace puts aside what is left of an earlier stay of the site, or of an
// attempt that ended early. A site that is live here is in nobody's way.
func (b *Backend) clearPlace(ctx context.Context, c hosting.Copy) error {
	s := b.site(c.URI)
	if _, err := os.Lstat(string(s)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if n, err := s.live(); err != nil || n != 0 {
		return errors.Join(err, fleet.Errorf(fleet.Exists, "There is a site %s on this host already.", c.URI))
	}
	return b.Remove(ctx, c)
}

func (b *Backend) unpackFirst(ctx context.Context, s site, c hosting.Copy) error {
	dir := b.parcels(c.Task)
	secrets := map[string]string{}
	if err := readJSON(filepath.Join(dir, parcelSecrets), &secrets); err != nil {
		return fmt.Errorf("the site's secrets: %w", err)
	}
	for name, v := range secrets {
		if !secretName.MatchString(name) {
			return fleet.Errorf(fleet.Failed, "The site's secrets hold a name that cannot be: %q.", fleet.Clean(name, 60))
		}
		if err := s.keepSecret(name, v); err != nil {
			return err
		}
	}
	u, err := b.user(s)
	if err != nil {
		return err
	}
	if err := removeTree(s.path("shared")); err != nil {
		return err
	}
	if err := settle(ctx, filepath.Join(dir, parcelShared), s.path("shared"), u); err != nil {
		return err
	}
	return syncBelow(s.path("shared"))
}

// fillArrived lays the last parcels out: the versioned files in a directory, and
// what has changed of the shared ones in their place. Then the shared files are
// compared with the listing.
func (b *Backend) fillArrived(ctx context.Context, s site, c hosting.Copy, into string) error {
	u, err := b.user(s)
	if err != nil {
		return err
	}
	dir := b.parcels(c.Task)
	if err := settle(ctx, filepath.Join(dir, parcelVersioned), into, u); err != nil {
		return err
	}
	if err := settle(ctx, filepath.Join(dir, parcelChanges), s.path("shared"), u); err != nil {
		return err
	}
	var want listing
	if err := readJSON(filepath.Join(dir, parcelListing), &want); err != nil {
		return fmt.Errorf("the listing of shared files: %w", err)
	}
	return s.agree(ctx, want, c.App.Shared)
}

// agree deletes the shared files that are not in a listing any more, and refuses
// when one of it is missing or another. Paths that the platform wants stay.
func (s site) agree(ctx context.Context, want listing, own []string) error {
	have, err := listParts(ctx, []part{{dir: s.path("shared")}})
	if err != nil {
		return err
	}
	wanted := map[string]bool{".": true}
	for _, p := range own {
		for ; p != "."; p = path.Dir(p) {
			wanted[p] = true
		}
	}
	root, err := os.OpenRoot(s.path("shared"))
	if err != nil {
		return err
	}
	defer root.Close()
	for p := range have.Files {
		if _, there := want.Files[p]; there || wanted[p] {
			continue
		}
		if err := root.RemoveAll(p); err != nil {
			return err
		}
	}
	for p, e := range want.Files {
		if got, there := have.Files[p]; !there && p != "." || there && !got.same(e) {
			return fleet.Errorf(fleet.Failed, "The shared file %s did not arrive as it was sent.", fleet.Clean(p, 120))
		}
	}
	return nil
}

// settle lays a packed tree out over what is there, with the times and permissions
// that it had, for the site's user.
func settle(ctx context.Context, file, dir string, as *run.User) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return readPack(file, func(h *tar.Header, in io.Reader) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if h.Name == "." {
			return nil
		}
		if err := settleOne(root, h, in, as); err != nil {
			return fmt.Errorf("lay %s out: %w", h.Name, err)
		}
		return nil
	})
}

func settleOne(root *os.Root, h *tar.Header, in io.Reader, as *run.User) error {
	if info, err := root.Lstat(h.Name); err == nil && !(info.IsDir() && h.Typeflag == tar.TypeDir) {
		if err := root.RemoveAll(h.Name); err != nil {
			return err
		}
	}
	if err := lay(root, h, in); err != nil {
		return err
	}
	if as != nil && os.Geteuid() == 0 {
		if err := root.Lchown(h.Name, int(as.UID), int(as.GID)); err != nil {
			return err
		}
	}
	if h.Typeflag == tar.TypeSymlink {
		return nil
	}
	mode := h.FileInfo().Mode().Perm()
	if h.Typeflag == tar.TypeDir {
		mode |= 0o700
	}
	return errors.Join(root.Chmod(h.Name, mode), root.Chtimes(h.Name, h.ModTime, h.ModTime))
}

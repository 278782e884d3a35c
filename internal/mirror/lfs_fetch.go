package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Bounds of LFS.
const (
	lfsBatch  = 100 // objects asked for at once, as git-lfs does
	lfsAtOnce = 4   // downloads
	// lfsKeep is how long an object stays in a mirror without being laid out.
	lfsKeep = 30 * 24 * time.Hour
)

// fetchObjects brings the LFS objects of a part into its mirror. What is there
// costs no network.
//
// The protocol is spoken here instead of by the program git-lfs: that one would
// go wherever .lfsconfig and the server's answers send it, private addresses
// included, and has no bound on what it stores. So a host needs no git-lfs.
func (s *Store) fetchObjects(ctx context.Context, p part, log func(string)) error {
	missing, bytes, err := s.missingObjects(p)
	if err != nil || len(missing) == 0 {
		return err
	}
	server, err := s.lfsServer(ctx, p)
	if err != nil {
		return lfsFailed(p, err)
	}
	lock, err := s.lock(ctx, p.git)
	if err != nil {
		return err
	}
	defer lock.Close()
	log(fmt.Sprintf("Fetching %d files (%d MiB) of Git LFS from %s.", len(missing), bytes>>20, server.host()))
	ctx, cancel := context.WithTimeoutCause(ctx, s.Limits.withDefaults().FetchTime, problem(Unreachable, nil, "The LFS server took too long."))
	defer cancel()
	client := &lfsClient{server: server, files: NewDownloader(s.Policy), store: s, git: p.git}
	defer client.files.Close()
	for batch := range slices.Chunk(missing, lfsBatch) {
		if err := client.fetch(ctx, batch); err != nil {
			return lfsFailed(p, err)
		}
	}
	return nil
}

// missingObjects lists the objects that a mirror does not have, each once, and
// refuses what would make it larger than it may be.
func (s *Store) missingObjects(p part) ([]entry, int64, error) {
	var missing []entry
	var bytes int64
	seen := map[string]bool{}
	for _, e := range p.in.objects {
		if seen[e.object] {
			continue
		}
		seen[e.object] = true
		name := objectPath(p.git, e.object)
		info, err := os.Stat(name)
		switch {
		case err == nil && info.Size() == e.size:
			now := time.Now()
			if err := os.Chtimes(name, now, now); err != nil { // see pruneObjects
				return nil, 0, err
			}
			continue
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, 0, err
		}
		missing = append(missing, e)
		bytes += e.size
	}
	limit := s.Limits.withDefaults().MirrorBytes
	if bytes > 0 && diskSize(p.git)+bytes > limit {
		return nil, 0, problem(TooBig, nil, "The repository is larger than the limit of %d MiB, with its files in Git LFS.", limit>>20)
	}
	return missing, bytes, nil
}

// objectPath is where a mirror keeps an LFS object, as git-lfs would.
func objectPath(git, oid string) string {
	return filepath.Join(git, "lfs", "objects", oid[:2], oid[2:4], oid)
}

// lfsFailed names a file that cannot be had.
func lfsFailed(p part, err error) error {
	if len(p.in.objects) == 0 {
		return err
	}
	text := fmt.Sprintf("%q", bounded(p.in.objects[0].path, 100))
	if n := len(p.in.objects) - 1; n > 0 {
		text += fmt.Sprintf(" and %d other files", n)
	}
	var refused *Refused
	var failed *Error
	switch {
	case errors.As(err, &refused):
		return &Refused{Reason: "The repository keeps " + text + " in Git LFS: " + refused.Reason, Hint: refused.Hint}
	case errors.As(err, &failed):
		out := *failed
		out.Text, out.Err = "The repository keeps "+text+" in Git LFS: "+failed.Text, err
		return &out
	}
	return err
}

// placeObjects puts LFS objects into the tree in place of their pointers.
func (s *Store) placeObjects(ctx context.Context, p part, dir string, sh *sharer) error {
	at, prove := newPlace(dir), newProver()
	defer at.Close()
	for _, e := range p.in.objects {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name := filepath.Join(dir, e.path)
		if p.in.converts { // git has written the pointer
			if err := os.Remove(name); err != nil {
				return err
			}
		}
		if err := at.enter(path.Dir(e.path), sh); err != nil {
			return err
		}
		shared, err := sh.take(e, at, prove)
		if err == nil && !shared {
			err = s.placeObject(p.git, e, name, prove)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// placeObject copies an object out of the mirror and proves the copy.
func (s *Store) placeObject(git string, e entry, name string, prove *prover) error {
	in, err := os.Open(objectPath(git, e.object))
	if err != nil {
		return err
	}
	defer in.Close()
	fd, err := create(name, e.mode)
	if err != nil {
		return err
	}
	out := os.NewFile(uintptr(fd), name)
	defer out.Close()
	if s.As != nil {
		if err := out.Chown(int(s.As.UID), int(s.As.GID)); err != nil {
			return err
		}
	}
	if _, err := out.ReadFrom(in); err != nil {
		return err
	}
	if !prove.proves(fd, e) {
		return errors.Join(os.Remove(in.Name()), // it is fetched again by the next build
			problem(Broken, nil, "The content of %q in Git LFS is damaged on this machine; try again.", bounded(e.path, 100)))
	}
	return out.Close()
}

// pruneObjects removes LFS objects that no layout has used for lfsKeep. The
// caller has the lock.
func pruneObjects(git string, now time.Time) error {
	err := filepath.WalkDir(filepath.Join(git, "lfs"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil && now.Sub(info.ModTime()) > lfsKeep {
			err = os.Remove(name)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// fetch gets one batch of objects.
func (c *lfsClient) fetch(ctx context.Context, batch []entry) error {
	found, err := c.batch(ctx, batch)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lfsAtOnce)
	for _, e := range batch {
		action, ok := found[e.object]
		if !ok {
			return problem(Gone, nil, "%s does not have the file %q.", c.server.host(), bounded(e.path, 100))
		}
		group.Go(func() error { return c.download(ctx, e, action) })
	}
	return group.Wait()
}

// lfsConfigURL reads lfs.url of the commit's .lfsconfig, "" if it has none.
func (s *Store) lfsConfigURL(ctx context.Context, p part) (string, error) {
	files := slices.IndexFunc(p.in.files, func(e entry) bool { return e.path == filepath.Join(p.at, ".lfsconfig") })
	if files < 0 {
		return "", nil
	}
	args := []string{"config", "--blob", p.in.files[files].hash, "--no-includes", "--get", "lfs.url"}
	result, err := s.git(ctx, p.git, gitCall{args: args})
	if result.ExitCode == 1 { // the key is not there
		return "", nil
	}
	if err != nil {
		return "", problem(Broken, err, "The file .lfsconfig of the repository cannot be read.")
	}
	return strings.TrimSpace(result.Stdout), nil
}

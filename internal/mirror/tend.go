package mirror

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// How often a mirror is maintained, and how long one that nothing stands on is
// kept after its last use: mirrors of submodules and of a makefile's projects are
// needed again by the next build.
const (
	tendEvery  = 20 * time.Hour
	unusedKept = 60 * 24 * time.Hour
)

// The files in a mirror that are not git's: its URL, for people, whose time of
// change is that of the last fetch, and one whose time is that of the last Tend.
const (
	urlFile    = "distrobot-url"
	tendedFile = "distrobot-tended"
)

// Tend maintains every mirror that it has not maintained within the last day. Of
// one that has some of the hashes in used, the others are forgotten; one that has
// none of them is kept as it is while builds come by, and then deleted. Errors of
// one mirror do not keep the others from being tended.
func (s *Store) Tend(ctx context.Context, used []string, now time.Time) error {
	all, err := filepath.Glob(filepath.Join(s.Dir, "*.git"))
	if err != nil {
		return err
	}
	var failed error
	for _, dir := range all {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		failed = errors.Join(failed, s.tend(ctx, dir, used, now))
	}
	return failed
}

func (s *Store) tend(ctx context.Context, dir string, used []string, now time.Time) error {
	mark := filepath.Join(dir, tendedFile)
	if info, err := os.Stat(mark); err == nil && now.Sub(info.ModTime()) < tendEvery {
		return nil
	}
	info, err := os.Stat(filepath.Join(dir, urlFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // not a mirror of ours, or just deleted
	}
	if err != nil {
		return err
	}
	kept, err := s.keptHashes(ctx, dir)
	if err != nil {
		return err
	}
	if keep := shared(kept, used); len(keep) > 0 {
		kept = keep
	} else if now.Sub(info.ModTime()) > unusedKept {
		return s.drop(ctx, dir)
	}
	url, err := os.ReadFile(filepath.Join(dir, urlFile))
	if err != nil {
		return err
	}
	if err := s.Maintain(ctx, Repo{URL: strings.TrimSpace(string(url))}, kept); err != nil {
		return err
	}
	if err := os.WriteFile(mark, nil, 0o644); err != nil {
		return s.localError(err)
	}
	return os.Chtimes(mark, now, now)
}

// keptHashes lists what a mirror has been asked to fetch.
func (s *Store) keptHashes(ctx context.Context, dir string) ([]string, error) {
	var refs strings.Builder
	if _, err := s.git(ctx, dir, gitCall{args: []string{"for-each-ref", "--format=%(refname)", "refs/distrobot/"}, stdout: &refs}); err != nil {
		return nil, err
	}
	var out []string
	for ref := range strings.FieldsSeq(refs.String()) {
		out = append(out, strings.TrimPrefix(ref, keepRef("")))
	}
	return out, nil
}

// shared gives what both have.
func shared(a, b []string) []string {
	in := make(map[string]bool, len(b))
	for _, s := range b {
		in[s] = true
	}
	var out []string
	for _, s := range a {
		if in[s] {
			out = append(out, s)
		}
	}
	return out
}

// drop deletes a mirror. Its name goes first, so that half a mirror is never
// taken for a whole one.
func (s *Store) drop(ctx context.Context, dir string) error {
	lock, err := s.lock(ctx, dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	gone := dir + ".tmp"
	if err := os.RemoveAll(gone); err != nil {
		return err
	}
	if err := os.Rename(dir, gone); err != nil {
		return err
	}
	return os.RemoveAll(gone)
}

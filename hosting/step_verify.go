package hosting

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// CopySuffix ends the name of the copy of a stage that its verification runs in.
// Backends remove it together with the stage.
const CopySuffix = "-verify"

// verifyStage runs the tree's own verification, in a copy of the tree that is
// thrown away. So what is published is exactly what was fetched, the same on
// every host, whatever test suites leave behind. And no command of a tree is ever
// run where files may be hard links: there, writing in place would change every
// platform that has the file too.
func (w *Worker) verifyStage(ctx context.Context, s *job.Scope) error {
	p, err := w.platform(ctx, s)
	if err != nil {
		return err
	}
	if err := w.Builder.Begin(ctx, p.Name, fleet.PlatformVerifying); err != nil {
		return err
	}
	stage := s.Value(stepFetch, "stage")
	spec, err := ReadSpec(stage)
	if err != nil || len(spec.Verify) == 0 {
		return err
	}
	dir := stage + CopySuffix
	if err := discardCopy(dir); err != nil {
		return Explain("clear what an earlier verification left", err)
	}
	if err := copyTree(ctx, stage, dir, w.BuildAs); err != nil {
		return Explain("copy the tree to verify it", err)
	}
	for _, argv := range spec.Verify {
		s.Log("$ %s", strings.Join(argv, " "))
		if err := w.verifyWith(ctx, s, dir, spec, argv); err != nil {
			return err
		}
	}
	return Explain("clear what the verification left", discardCopy(dir))
}

// fetchFrom lays the tree out, beside an earlier one of the same distribution if
// the source can make use of that.
func (w *Worker) fetchFrom(ctx context.Context, from Source, p fleet.Platform, stage string, log func(string)) error {
	if next, ok := from.(Successor); ok {
		if earlier := w.earlier(ctx, p); earlier != "" {
			return next.FetchBeside(ctx, p, earlier, stage, log)
		}
	}
	return from.Fetch(ctx, p, stage, log)
}

// earlier gives the newest ready tree of the same distribution and repository on
// this host, "" if there is none: to build without one is slower, not wrong.
func (w *Worker) earlier(ctx context.Context, p fleet.Platform) string {
	if p.Distribution == "" {
		return ""
	}
	catalog := fleet.Catalog{Store: w.Store}
	all, err := catalog.Platforms(ctx, p.Distribution)
	if err != nil {
		return ""
	}
	for i := len(all) - 1; i >= 0; i-- { // they are listed oldest first
		other := all[i]
		if other.Name == p.Name || other.State != fleet.PlatformReady || other.URL != p.URL || other.Source != p.Source {
			continue
		}
		if dir, err := w.Backend.Tree(ctx, other.Name); err == nil {
			return dir
		}
	}
	return ""
}

// discardCopy removes the copy and what commands made in it. Root needs no
// permission, and sets none: a process that a command left behind could put a
// link in the place of a directory.
func discardCopy(dir string) error {
	err := os.RemoveAll(dir)
	if err == nil || os.Geteuid() == 0 {
		return err
	}
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return err
	})
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

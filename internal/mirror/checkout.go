package mirror

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// convertTree has git itself lay the tree out, for line ends and encodings. The
// index is one of its own, so that several checkouts of one mirror can run at
// once.
func (s *Store) convertTree(ctx context.Context, p part, dir string) error {
	dir = filepath.Join(dir, p.at)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := s.give(dir); err != nil {
		return err
	}
	index, remove, err := s.scratchIndex()
	if err != nil {
		return err
	}
	defer remove()
	env := []string{"GIT_INDEX_FILE=" + index, "GIT_WORK_TREE=" + dir}
	settings := []setting{
		{"core.bare", "false"},
		{"core.symlinks", "true"},
		{"core.fileMode", "true"},
		{"checkout.workers", "0"}, // as many as there are processors
		{"checkout.thresholdForParallelism", "500"},
		{"index.version", "2"}, // no path compression: faster to write and read once
	}
	if _, err := s.git(ctx, p.git, gitCall{args: []string{"read-tree", p.commit}, env: env, settings: settings}); err != nil {
		return fmt.Errorf("read the tree: %w", err)
	}
	if _, err := s.git(ctx, p.git, gitCall{args: []string{"checkout-index", "--all", "--quiet"}, env: env, settings: settings}); err != nil {
		return fmt.Errorf("write the tree: %w", err)
	}
	return nil
}

// scratchIndex gives the name of an index that is not there yet; remove ends its
// use.
func (s *Store) scratchIndex() (name string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "distrobot-index-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) } // a temporary file may stay
	if err := s.give(dir); err != nil {
		remove()
		return "", nil, err
	}
	return filepath.Join(dir, "index"), remove, nil
}

package mirror

import (
	"context"
	"fmt"
	"strings"
)

// A Change is one path that differs between two commits. Renames are shown as a
// deletion and an addition.
type Change struct {
	Status string // "A" added, "M" modified, "D" deleted, "T" type changed
	Path   string
}

// maxDiff bounds the output of one comparison in bytes.
const maxDiff = 64 << 20

// Diff lists the paths that differ between two fetched commits, in git's order.
// It compares what was committed; what composer brought is in its lock file.
func (s *Store) Diff(ctx context.Context, repo Repo, from, to string) ([]Change, error) {
	dir, err := s.open(ctx, repo, from, to)
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	args := []string{"diff-tree", "-r", "-z", "--no-renames", "--name-status", from, to, "--"}
	if _, err := s.git(ctx, dir, gitCall{args: args, stdout: &out, limit: maxDiff}); err != nil {
		return nil, fmt.Errorf("compare trees: %w", err)
	}
	return parseChanges(out.String())
}

// parseChanges reads "<status>\0<path>\0" pairs.
func parseChanges(out string) ([]Change, error) {
	if out == "" {
		return nil, nil
	}
	f := strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
	if len(f)%2 != 0 || !strings.HasSuffix(out, "\x00") {
		return nil, fmt.Errorf("git diff-tree printed %d fields", len(f))
	}
	changes := make([]Change, 0, len(f)/2)
	for i := 0; i < len(f); i += 2 {
		if len(f[i]) != 1 || !strings.Contains("AMDT", f[i]) {
			return nil, fmt.Errorf("git diff-tree printed the status %q", bounded(f[i], 20))
		}
		changes = append(changes, Change{Status: f[i], Path: f[i+1]})
	}
	return changes, nil
}

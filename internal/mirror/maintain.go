package mirror

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Maintain keeps a mirror small: it forgets every fetched hash that is not in
// keep, packs the rest, and removes objects that nothing has needed for a day and
// LFS objects that no layout has used for a month.
// Call it now and then for each tracked repository, with the hashes that
// platforms and watch cursors stand on. A repository without a mirror is no
// error.
func (s *Store) Maintain(ctx context.Context, repo Repo, keep []string) error {
	dir, err := s.open(ctx, repo)
	if Is(err, Gone) {
		return nil
	}
	if err != nil {
		return err
	}
	lock, err := s.lock(ctx, dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	kept := map[string]bool{}
	for _, hash := range keep {
		kept[keepRef(hash)] = true
	}
	var refs, commands strings.Builder
	if _, err := s.git(ctx, dir, gitCall{args: []string{"for-each-ref", "--format=%(refname)", "refs/distrobot/"}, stdout: &refs}); err != nil {
		return fmt.Errorf("list what the mirror keeps: %w", err)
	}
	for ref := range strings.FieldsSeq(refs.String()) {
		if !kept[ref] {
			fmt.Fprintf(&commands, "delete %s\n", ref)
		}
	}
	if _, err := s.git(ctx, dir, gitCall{args: []string{"update-ref", "--stdin"}, stdin: strings.NewReader(commands.String()), lock: lock}); err != nil {
		return fmt.Errorf("forget refs of the mirror: %w", err)
	}
	if _, err := s.git(ctx, dir, gitCall{args: []string{"gc", "--quiet", "--prune=1.day.ago"}, lock: lock, free: true}); err != nil {
		return s.localError(fmt.Errorf("pack the mirror: %w", err))
	}
	return pruneObjects(dir, time.Now())
}

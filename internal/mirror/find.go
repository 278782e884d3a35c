package mirror

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// hexPrefix is a commit in full or its beginning; git itself shows no fewer than
// four digits.
var hexPrefix = regexp.MustCompile(`^[0-9a-f]{4,64}$`)

// Find gives the commit of what was fetched whose hash begins with prefix. An
// *Error of Gone says that there is none, or more than one.
func (s *Store) Find(ctx context.Context, repo Repo, prefix string) (string, error) {
	if !hexPrefix.MatchString(prefix) {
		return "", fmt.Errorf("%q is not the beginning of a hash", bounded(prefix, 80))
	}
	dir, err := s.open(ctx, repo)
	if err != nil {
		return "", err
	}
	result, err := s.git(ctx, dir, gitCall{args: []string{"rev-parse", "--verify", "--quiet", "--end-of-options", prefix + "^{commit}"}})
	hash := strings.TrimSpace(result.Stdout)
	if result.ExitCode > 0 || err == nil && !strings.HasPrefix(hash, prefix) {
		return "", problem(Gone, err, "The repository has no single commit %s.", bounded(prefix, 12))
	}
	return hash, err
}

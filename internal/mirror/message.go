package mirror

import (
	"context"
	"fmt"
	"strings"
)

// maxMessage bounds the message of a tag, in bytes.
const maxMessage = 8 << 10

// head keeps the beginning of a stream, so that a message of many megabytes
// costs nothing.
type head struct{ kept []byte }

func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), maxMessage-len(h.kept))]...)
	return len(p), nil
}

// Message returns what an annotated tag that was fetched before says, without
// its signature; "" for a lightweight tag, which says nothing of its own. The
// text is foreign: valid UTF-8 and bounded, with its line breaks, not escaped.
func (s *Store) Message(ctx context.Context, repo Repo, tag Ref) (string, error) {
	if tag.Peeled == "" {
		return "", nil
	}
	dir, err := s.open(ctx, repo, tag.Peeled)
	if err != nil {
		return "", err
	}
	if err := checkCommit(tag.Hash); err != nil {
		return "", err
	}
	var out head
	args := []string{"for-each-ref", "--format=%(contents:subject)%0a%(contents:body)", keepRef(tag.Hash)}
	if _, err := s.git(ctx, dir, gitCall{args: args, stdout: &out}); err != nil {
		return "", fmt.Errorf("read the message of a tag: %w", err)
	}
	text := strings.ToValidUTF8(string(out.kept), "\uFFFD")
	return strings.TrimSpace(strings.ReplaceAll(text, "\x00", "")), nil
}

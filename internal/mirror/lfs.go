package mirror

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Sizes of a Git LFS pointer file; the specification caps it below 1024 bytes,
// and version, oid and size lines make at least 120.
const (
	minPointer = 120
	maxPointer = 1023
)

// pointerFile is a pointer as the specification orders its lines, with any
// extensions between the first two.
var pointerFile = regexp.MustCompile(`\Aversion https://git-lfs\.github\.com/spec/v1\n(?:ext-\d-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n\z`)

// findPointers moves the files of a part that are pointers into Git LFS from
// files to objects. Both must be true: the attributes give the file to LFS, and
// it is a pointer; a document about LFS stays what it is, as with git-lfs.
func (s *Store) findPointers(ctx context.Context, p part) error {
	contents, err := s.blobs(ctx, p.git, p.in.small, maxPointer)
	if err != nil {
		return err
	}
	found := map[string]entry{}
	for i, content := range contents {
		m := pointerFile.FindSubmatch(content)
		if m == nil {
			continue
		}
		e := p.in.small[i]
		size, err := strconv.ParseInt(string(m[2]), 10, 64)
		if err != nil {
			return err
		}
		e.object, e.size = string(m[1]), size
		found[e.path] = e
	}
	if len(found) == 0 {
		return nil
	}
	ours, err := s.filtered(ctx, p, found)
	if err != nil {
		return err
	}
	kept := p.in.files[:0]
	for _, e := range p.in.files {
		object := found[e.path]
		if !ours[e.path] {
			kept = append(kept, e)
			continue
		}
		if err := p.in.used.add(0, object.size-e.size, p.in.limits); err != nil {
			return err
		}
		p.in.objects = append(p.in.objects, object)
	}
	p.in.files = kept
	return nil
}

// filtered asks git which of the paths the attributes give to LFS. Git 2.39 reads
// attributes of a commit from an index alone, so one is made.
func (s *Store) filtered(ctx context.Context, p part, found map[string]entry) (map[string]bool, error) {
	index, remove, err := s.scratchIndex()
	if err != nil {
		return nil, err
	}
	defer remove()
	env := []string{"GIT_INDEX_FILE=" + index}
	if _, err := s.git(ctx, p.git, gitCall{args: []string{"read-tree", p.commit}, env: env}); err != nil {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	var ask, out strings.Builder
	for name := range found {
		ask.WriteString(relativeTo(p.at, name) + "\x00")
	}
	call := gitCall{args: []string{"check-attr", "--cached", "-z", "--stdin", "filter"}, env: env, stdin: strings.NewReader(ask.String()), stdout: &out}
	if _, err := s.git(ctx, p.git, call); err != nil {
		return nil, fmt.Errorf("read attributes: %w", err)
	}
	ours := map[string]bool{}
	for f := range slices.Chunk(strings.Split(strings.TrimSuffix(out.String(), "\x00"), "\x00"), 3) {
		if len(f) == 3 && f[2] == "lfs" {
			ours[path.Join(p.at, f[0])] = true
		}
	}
	return ours, nil
}

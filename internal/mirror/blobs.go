package mirror

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// maxAttributes bounds what is read of files whose size was not limited.
const maxAttributes = 1 << 20

// blobs reads the contents of entries, at most limit bytes each (0 means
// maxAttributes), with one git process. A larger one is refused.
func (s *Store) blobs(ctx context.Context, dir string, entries []entry, limit int64) ([][]byte, error) {
	names := make([]string, len(entries))
	for i, e := range entries {
		if e.size > orDefault(limit, maxAttributes) {
			return nil, refuse("", "The file %q in the repository is too long for what it is.", bounded(e.path, 100))
		}
		names[i] = e.hash
	}
	contents, err := s.batch(ctx, dir, names, maxAttributes)
	if err != nil {
		return nil, err
	}
	for i, c := range contents {
		if c == nil {
			return nil, problem(Broken, nil, "The mirror lacks the content of %q.", bounded(entries[i].path, 100))
		}
	}
	return contents, nil
}

// File returns the content of one file of a commit, of a symbolic link its
// target. The error wraps fs.ErrNotExist when there is no such file, and is a
// TooBig *Error above Limits.FileBytes.
func (s *Store) File(ctx context.Context, repo Repo, commit, path string) ([]byte, error) {
	files, err := s.Files(ctx, repo, commit, []string{path})
	if err != nil {
		return nil, err
	}
	if content, ok := files[path]; ok {
		return content, nil
	}
	return nil, &fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}
}

// Files returns the contents of those of paths that are files in the commit,
// with one git process however many they are.
func (s *Store) Files(ctx context.Context, repo Repo, commit string, paths []string) (map[string][]byte, error) {
	dir, err := s.open(ctx, repo, commit)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(paths))
	for i, p := range paths {
		if !fs.ValidPath(p) || strings.Contains(p, "\n") {
			return nil, &fs.PathError{Op: "read", Path: p, Err: fs.ErrInvalid}
		}
		names[i] = commit + ":" + p
	}
	contents, err := s.batch(ctx, dir, names, s.Limits.withDefaults().FileBytes)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for i, p := range paths {
		if contents[i] != nil {
			files[p] = contents[i]
		}
	}
	return files, nil
}

// batch reads objects by name; nil stands for one that is missing or no blob.
func (s *Store) batch(ctx context.Context, dir string, names []string, limit int64) ([][]byte, error) {
	if len(names) == 0 {
		return nil, nil
	}
	contents := make([][]byte, len(names))
	err := s.catFile(ctx, dir, names, func(r *bufio.Reader) error {
		return readBatch(r, contents, limit)
	})
	if err != nil {
		return nil, err
	}
	return contents, nil
}

// readBatch fills contents with the answers of git cat-file.
func readBatch(r *bufio.Reader, contents [][]byte, limit int64) error {
	for i := range contents {
		kind, size, err := batchHeader(r)
		if err != nil {
			return err
		}
		if kind == "" {
			continue
		}
		if kind == "blob" && size > limit {
			return problem(TooBig, nil, "A file of %d bytes in the repository is above the limit of %d.", size, limit)
		}
		content, err := readContent(r, size, kind == "blob")
		if err != nil {
			return err
		}
		contents[i] = content
	}
	return nil
}

// readContent reads size bytes and the line end after them, keeping them or not.
func readContent(r *bufio.Reader, size int64, keep bool) ([]byte, error) {
	if !keep {
		if _, err := io.CopyN(io.Discard, r, size); err != nil {
			return nil, fmt.Errorf("git cat-file stopped: %w", err)
		}
		return nil, batchEnd(r)
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(r, content); err != nil {
		return nil, fmt.Errorf("git cat-file stopped: %w", err)
	}
	return content, batchEnd(r)
}

package mirror

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
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

// batch reads objects by name with git cat-file --batch; nil stands for one that
// is missing or no blob.
func (s *Store) batch(ctx context.Context, dir string, names []string, limit int64) ([][]byte, error) {
	if len(names) == 0 {
		return nil, nil
	}
	pr, pw := io.Pipe()
	type parsed struct {
		contents [][]byte
		err      error
	}
	result := make(chan parsed, 1)
	go func() {
		contents, err := readBatch(bufio.NewReaderSize(pr, 64<<10), names, limit)
		_ = pr.CloseWithError(orClosed(err))
		result <- parsed{contents, err}
	}()
	_, err := s.git(ctx, dir, gitCall{
		args: []string{"cat-file", "--batch"}, stdin: strings.NewReader(strings.Join(names, "\n") + "\n"), stdout: pw,
	})
	_ = pw.CloseWithError(orEOF(err))
	got := <-result
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case got.err != nil && (err == nil || errors.Is(err, got.err)):
		return nil, unwrapKnown(got.err)
	case err != nil:
		return nil, fmt.Errorf("read objects: %w", err)
	}
	return got.contents, nil
}

func orClosed(err error) error {
	if err == nil {
		return io.ErrClosedPipe
	}
	return err
}

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// readBatch reads one answer for each name: "<hash> <type> <size>\n<content>\n"
// or "<name> missing\n".
func readBatch(r *bufio.Reader, names []string, limit int64) ([][]byte, error) {
	contents := make([][]byte, len(names))
	for i := range names {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("git cat-file stopped: %w", err)
		}
		line = strings.TrimSuffix(line, "\n")
		if hasAnySuffix(line, " missing", " ambiguous", " submodule") {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 3 {
			return nil, fmt.Errorf("git cat-file printed %q", bounded(line, 100))
		}
		size, err := strconv.ParseInt(f[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("git cat-file printed %q", bounded(line, 100))
		}
		if size > limit && f[1] == "blob" {
			return nil, problem(TooBig, nil, "A file of %d bytes in the repository is above the limit of %d.", size, limit)
		}
		content, err := readContent(r, size, f[1] == "blob")
		if err != nil {
			return nil, err
		}
		contents[i] = content
	}
	return contents, nil
}

// readContent reads size bytes and the newline after them, keeping them or not.
func readContent(r *bufio.Reader, size int64, keep bool) ([]byte, error) {
	var content bytes.Buffer
	var to io.Writer = io.Discard
	if keep {
		content.Grow(int(size))
		to = &content
	}
	if _, err := io.CopyN(to, r, size); err != nil {
		return nil, fmt.Errorf("git cat-file stopped: %w", err)
	}
	if b, err := r.ReadByte(); err != nil || b != '\n' {
		return nil, fmt.Errorf("git cat-file printed no line end")
	}
	if !keep {
		return nil, nil
	}
	return content.Bytes()[:size:size], nil
}

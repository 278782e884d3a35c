package mirror

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"path"
	"strconv"
	"strings"
)

// Tree describes a checkout.
type Tree struct {
	Files  int
	Bytes  int64  // of content
	Digest string // SHA-256 over modes, blob hashes and paths: equal for equal trees on every host
}

// entry is one file of a commit, as git ls-tree -r -l prints it.
type entry struct {
	mode, hash string
	size       int64
	path       string
}

// The modes git knows for what is not a directory.
const (
	modeExecutable = "100755"
	modeSymlink    = "120000"
	modeSubmodule  = "160000"
)

// An inspector checks a tree before any of it is written. It takes the output of
// git ls-tree -r -l -z as a stream.
type inspector struct {
	limits   Limits
	rest     []byte // the beginning of a record whose end has not come yet
	tree     Tree
	sum      hash.Hash
	files    []entry // regular files
	symlinks []entry
	targets  []string // of symlinks
	small    []entry  // what could be an LFS pointer
	rules    []entry  // .gitattributes files
	parents  map[string]bool
	converts bool // the attributes ask for other bytes in files than in git
}

func newInspector(limits Limits) *inspector {
	return &inspector{limits: limits.withDefaults(), sum: sha256.New(), parents: map[string]bool{}}
}

// maxRecord bounds a record: mode, type, hash, size and a path.
const maxRecord = maxPath + 200

// Linux's PATH_MAX and NAME_MAX, less room for the platform's own directory.
const (
	maxPath = 3000
	maxName = 255
)

func (in *inspector) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, 0)
		if i < 0 {
			in.rest = append(in.rest, p...)
			if len(in.rest) > maxRecord {
				return 0, refuse("", "The repository has a path of more than %d bytes.", maxPath)
			}
			return n, nil
		}
		record := p[:i]
		if len(in.rest) > 0 {
			record = append(in.rest, record...)
			in.rest = in.rest[:0]
		}
		if err := in.record(record); err != nil {
			return 0, err
		}
		p = p[i+1:]
	}
}

// record takes "<mode> <type> <hash> <size>\t<path>".
func (in *inspector) record(b []byte) error {
	meta, name, ok := strings.Cut(string(b), "\t")
	f := strings.Fields(meta)
	if !ok || len(f) != 4 {
		return fmt.Errorf("git ls-tree printed %q", bounded(string(b), 100))
	}
	e := entry{mode: f[0], hash: f[2], path: name}
	if e.mode == modeSubmodule {
		return refuse("Distributions with submodules can be built from a makefile or with composer.",
			"The repository has a submodule at %q, and I do not fetch submodules.", bounded(name, 100))
	}
	size, err := strconv.ParseInt(f[3], 10, 64)
	if err != nil {
		return fmt.Errorf("git ls-tree printed the size %q", bounded(f[3], 20))
	}
	e.size = size
	if err := checkTreePath(name); err != nil {
		return err
	}
	return in.take(e)
}

// take counts a well-formed entry and remembers what needs a second look.
func (in *inspector) take(e entry) error {
	in.tree.Files++
	in.tree.Bytes += e.size
	switch {
	case in.tree.Files > in.limits.Files:
		return problem(TooBig, nil, "The repository has more than %d files.", in.limits.Files)
	case in.tree.Bytes > in.limits.Bytes:
		return problem(TooBig, nil, "The repository has more than %d MiB of files.", in.limits.Bytes>>20)
	}
	fmt.Fprintf(in.sum, "%s %s %s\x00", e.mode, e.hash, e.path)
	for dir := path.Dir(e.path); dir != "." && !in.parents[dir]; dir = path.Dir(dir) {
		in.parents[dir] = true
	}
	if e.mode == modeSymlink {
		in.symlinks = append(in.symlinks, e)
		return nil
	}
	in.files = append(in.files, e)
	switch {
	case path.Base(e.path) == ".gitattributes":
		in.rules = append(in.rules, e)
	case e.size >= minPointer && e.size <= maxPointer:
		in.small = append(in.small, e)
	}
	return nil
}

// checkTreePath refuses names that git refuses too, and control characters,
// which no code base needs and which spoil every list of files.
func checkTreePath(name string) error {
	if len(name) > maxPath {
		return refuse("", "The repository has a path of more than %d bytes.", maxPath)
	}
	for i := range len(name) {
		if c := name[i]; c < ' ' || c == 0x7f {
			return refuse("", "The repository has a file name with control characters: %q.", bounded(name, 100))
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		switch lower := strings.ToLower(part); {
		case part == "" || part == "." || part == ".." || lower == ".git" || lower == "git~1":
			return refuse("", "The repository has the path %q, which no repository may have.", bounded(name, 100))
		case len(part) > maxName:
			return refuse("", "The repository has a file name of more than %d bytes.", maxName)
		}
	}
	return nil
}

// finish completes the description after the last record.
func (in *inspector) finish() (Tree, error) {
	if len(in.rest) != 0 {
		return Tree{}, fmt.Errorf("git ls-tree stopped in a record")
	}
	for _, link := range in.symlinks {
		if in.parents[link.path] {
			return Tree{}, refuse("", "The repository has %q both as a link and as a directory.", bounded(link.path, 100))
		}
	}
	in.tree.Digest = hex.EncodeToString(in.sum.Sum(nil))
	return in.tree, nil
}

// inspect reads and checks the tree of commit.
func (s *Store) inspect(ctx context.Context, dir, commit string) (*inspector, Tree, error) {
	in := newInspector(s.Limits)
	call := gitCall{args: []string{"ls-tree", "-r", "-l", "-z", "--full-tree", commit}, stdout: in}
	if _, err := s.git(ctx, dir, call); err != nil {
		return nil, Tree{}, unwrapKnown(err)
	}
	tree, err := in.finish()
	if err != nil {
		return nil, Tree{}, err
	}
	if err := s.checkLinks(ctx, dir, in); err != nil {
		return nil, Tree{}, err
	}
	return in, tree, s.checkAttributes(ctx, dir, in)
}

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
	Shared int    // of Files, those that an earlier tree has too on the disk
}

// entry is one file of a commit, as git ls-tree -r -l prints it.
type entry struct {
	mode, hash string
	size       int64
	path       string
	object     string // of a file in LFS: the SHA-256 of its content, whose size is in size
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
	limits     Limits
	at         string // where in the layout the tree goes; "" for the top
	used       *usage // of the whole layout
	rest       []byte // the beginning of a record whose end has not come yet
	sum        hash.Hash
	files      []entry // regular files
	symlinks   []entry
	targets    []string // of symlinks
	submodules []entry
	modules    *entry  // the file .gitmodules at the top
	small      []entry // what could be an LFS pointer
	objects    []entry // files whose content is in LFS
	rules      []entry // .gitattributes files
	parents    map[string]bool
	converts   bool // the attributes ask for other bytes in files than in git
}

// usage is what the parts of a layout amount to together.
type usage struct {
	files int
	bytes int64
}

// add counts a file, or the rest of one.
func (u *usage) add(files int, bytes int64, limits Limits) error {
	u.files += files
	u.bytes += bytes
	switch {
	case u.files > limits.Files:
		return problem(TooBig, nil, "The repository has more than %d files.", limits.Files)
	case u.bytes > limits.Bytes || u.bytes < 0:
		return problem(TooBig, nil, "The repository has more than %d MiB of files.", limits.Bytes>>20)
	}
	return nil
}

func newInspector(limits Limits, at string, used *usage) *inspector {
	return &inspector{limits: limits.withDefaults(), at: at, used: used, sum: sha256.New(), parents: map[string]bool{}}
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
	e := entry{mode: f[0], hash: f[2], path: path.Join(in.at, name)}
	if err := checkTreePath(name); err != nil {
		return err
	}
	if len(e.path) > maxPath {
		return refuse("", "The repository has a path of more than %d bytes.", maxPath)
	}
	if e.mode != modeSubmodule {
		size, err := strconv.ParseInt(f[3], 10, 64)
		if err != nil {
			return fmt.Errorf("git ls-tree printed the size %q", bounded(f[3], 20))
		}
		e.size = size
	}
	return in.take(e)
}

// take counts a well-formed entry and remembers what needs a second look. What a
// submodule consists of is determined by its commit, so the digest need not hold
// more of it.
func (in *inspector) take(e entry) error {
	fmt.Fprintf(in.sum, "%s %s %s\x00", e.mode, e.hash, e.path)
	if e.mode == modeSubmodule {
		in.submodules = append(in.submodules, e)
		in.within(e.path)
		return nil
	}
	if e.size > in.limits.ObjectBytes {
		return problem(TooBig, nil, "The file %q in the repository is larger than the limit of %d MiB.", bounded(e.path, 100), in.limits.ObjectBytes>>20)
	}
	if err := in.used.add(1, e.size, in.limits); err != nil {
		return err
	}
	in.within(path.Dir(e.path))
	if e.mode == modeSymlink {
		in.symlinks = append(in.symlinks, e)
		return nil
	}
	switch {
	case path.Base(e.path) == ".gitattributes":
		in.rules = append(in.rules, e)
	case e.path == path.Join(in.at, ".gitmodules"):
		in.modules = &e
	case e.size >= minPointer && e.size <= maxPointer:
		in.small = append(in.small, e)
	}
	in.files = append(in.files, e)
	return nil
}

// within remembers that dir, and so each one above it, is a directory.
func (in *inspector) within(dir string) {
	for ; dir != "." && !in.parents[dir]; dir = path.Dir(dir) {
		in.parents[dir] = true
	}
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

// finish checks what only the whole tree shows, and gives its digest.
func (in *inspector) finish() (string, error) {
	if len(in.rest) != 0 {
		return "", fmt.Errorf("git ls-tree stopped in a record")
	}
	for _, link := range in.symlinks {
		if in.parents[link.path] {
			return "", refuse("", "The repository has %q both as a link and as a directory.", bounded(link.path, 100))
		}
	}
	return hex.EncodeToString(in.sum.Sum(nil)), nil
}

// inspect reads and checks the tree of a part.
func (s *Store) inspect(ctx context.Context, p part, used *usage) (*inspector, string, error) {
	in := newInspector(s.Limits, p.at, used)
	call := gitCall{args: []string{"ls-tree", "-r", "-l", "-z", "--full-tree", p.commit}, stdout: in}
	if _, err := s.git(ctx, p.git, call); err != nil {
		return nil, "", unwrapKnown(err)
	}
	digest, err := in.finish()
	if err != nil {
		return nil, "", err
	}
	if err := s.checkLinks(ctx, p.git, in); err != nil {
		return nil, "", err
	}
	p.in = in
	return in, digest, s.checkAttributes(ctx, p)
}

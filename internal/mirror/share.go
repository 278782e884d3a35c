package mirror

import (
	"crypto/sha1" //nolint:gosec // git's own name for a blob, not a choice of ours
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path"
	"path/filepath"
	"sync/atomic"
	"syscall"
)

// Share says what a layout may take from an earlier tree besides writing every
// file anew.
type Share int

// The ways to share. Each falls back to the one before it where the volume or a
// file does not allow it, file by file.
const (
	// ShareNothing writes every file from the mirror. That is as quick as copying
	// from the earlier tree, and needs no trust in it.
	ShareNothing Share = iota
	// ShareBlocks makes files of their own whose blocks are shared until one of
	// them is written (reflinks of XFS and btrfs): it saves space, and is safe
	// whatever happens to either tree.
	ShareBlocks
	// ShareFiles makes hard links: one file in two trees, the quickest. It is
	// right only where nothing that runs later can write to a file of a tree:
	// files without write permission, of a user that no foreign program runs as.
	ShareFiles
)

// shareNames are the names in settings.
var shareNames = [...]string{ShareNothing: "copy", ShareBlocks: "clone", ShareFiles: "link"}

// String is the name of s in settings.
func (s Share) String() string { return shareNames[s] }

// ParseShare reads the name of a Share.
func ParseShare(name string) (Share, error) {
	for s, n := range shareNames {
		if n == name {
			return Share(s), nil
		}
	}
	return ShareNothing, fmt.Errorf("%q is none of copy, clone and link", name)
}

// A sharer takes files from an earlier tree that are, byte by byte, what the new
// one needs: no manifest or time stamp is believed, the content is hashed and
// compared with the blob's name. That costs a fifth of writing the file; a time
// of change would prove nothing, since each new link to a file sets it.
//
// A file is hard-linked only if nobody has permission to write to it and it
// belongs to the user that trees belong to; and exactly the open file that was
// hashed is linked, not whatever has its name by then.
type sharer struct {
	tree  *os.File // the earlier tree
	share Share
	owner uint32
	// Set when the volume turns out not to be able to.
	noClone atomic.Bool
	shared  atomic.Int64
}

// maxLinks keeps away from ext4's limit of 65,000 links to a file.
const maxLinks = 60_000

// openShare returns nil if there is nothing to share.
func (s *Store) openShare(l Layout) (*sharer, error) {
	if l.Share == ShareNothing || l.Beside == "" || !canShare {
		return nil, nil
	}
	f, err := os.Open(l.Beside)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // retired a moment ago
	}
	if err != nil {
		return nil, err
	}
	owner := uint32(os.Geteuid())
	if s.As != nil {
		owner = s.As.UID
	}
	return &sharer{tree: f, share: l.Share, owner: owner}, nil
}

// taken counts what was shared; a nil sharer shares nothing.
func (sh *sharer) taken() int {
	if sh == nil {
		return 0
	}
	return int(sh.shared.Load())
}

// Close ends the use of the earlier tree.
func (sh *sharer) Close() error {
	if sh == nil {
		return nil
	}
	return sh.tree.Close()
}

// take makes the file base of the place's directory out of the earlier tree's
// file of the same path, and reports whether it could. An error is one of writing.
func (sh *sharer) take(e entry, at *place, p *prover) (bool, error) {
	if sh == nil || at.from < 0 {
		return false, nil
	}
	base := path.Base(e.path)
	fd, err := openHere(at.from, base)
	if err != nil {
		return false, nil // not there, or a link
	}
	defer syscall.Close(fd)
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG || st.Size != e.size {
		return false, nil
	}
	ok := false
	if sh.share == ShareFiles && sh.linkable(&st, e) && p.proves(fd, e) {
		ok, err = link(fd, at.to, base)
	}
	if !ok && err == nil && !sh.noClone.Load() {
		ok, err = sh.clone(fd, e, at.name(base), p)
	}
	if ok {
		sh.shared.Add(1)
	}
	return ok, err
}

// linkable reports whether a file can be another tree's file too.
func (sh *sharer) linkable(st *syscall.Stat_t, e entry) bool {
	executable := st.Mode&0o111 != 0
	return st.Mode&0o7222 == 0 && st.Uid == sh.owner && st.Nlink < maxLinks && executable == (e.mode == modeExecutable)
}

// clone makes name a reflink of fd, and proves the new file, which is ours alone.
func (sh *sharer) clone(fd int, e entry, name string, p *prover) (bool, error) {
	to, err := create(name, e.mode)
	if err != nil {
		return false, err
	}
	defer syscall.Close(to)
	err = reflink(to, fd)
	if err == nil && sh.owner != uint32(os.Geteuid()) {
		err = syscall.Fchown(to, int(sh.owner), -1)
	}
	if err == nil && p.proves(to, e) {
		return true, nil
	}
	if err != nil {
		sh.noClone.Store(true)
	}
	return false, os.Remove(name)
}

// A place is the directory that a worker is writing to, open, and the same one of
// the earlier tree: names are then looked up in one step, and no link on the way
// is ever followed. Files come in the order of their directories.
type place struct {
	root string // of the layout
	dir  string // below root
	to   int    // the directory; -1 until it is needed
	from int    // that of the earlier tree, -1 if it has none
	made map[string]bool
}

func newPlace(root string) *place {
	return &place{root: root, to: -1, from: -1, made: map[string]bool{".": true}}
}

// enter makes the directory of a file, and opens it if there is an earlier tree.
func (at *place) enter(dir string, sh *sharer) error {
	if at.made[dir] && (sh == nil || at.to >= 0 && at.dir == dir) {
		at.dir = dir
		return nil
	}
	if err := makeParents(at.root, dir, at.made); err != nil {
		return err
	}
	at.Close()
	at.dir = dir
	if sh == nil {
		return nil
	}
	to, err := openDirectory(at.root, dir)
	if err != nil {
		return &os.PathError{Op: "open", Path: filepath.Join(at.root, dir), Err: err}
	}
	at.to = to
	if at.from, err = openBeneath(int(sh.tree.Fd()), dir); err != nil {
		at.from = -1
	}
	return nil
}

func (at *place) name(base string) string { return filepath.Join(at.root, at.dir, base) }

// Close ends the use of the open directories.
func (at *place) Close() {
	for _, fd := range []*int{&at.to, &at.from} {
		if *fd >= 0 {
			_ = syscall.Close(*fd) // nothing was written through it
		}
		*fd = -1
	}
}

// A prover hashes files to compare them with the names of blobs. It is for one
// goroutine.
type prover struct {
	buf          []byte
	sha1, sha256 hash.Hash
}

func newProver() *prover {
	return &prover{buf: make([]byte, 256<<10), sha1: sha1.New(), sha256: sha256.New()}
}

// proves reports whether the open file has exactly the content that e names: a
// blob's, or that of the LFS object which stands in its place.
func (p *prover) proves(fd int, e entry) bool {
	h, want := p.sha1, e.hash
	if len(e.hash) == 64 || e.object != "" {
		h = p.sha256
	}
	h.Reset()
	if e.object == "" {
		fmt.Fprintf(h, "blob %d\x00", e.size)
	} else {
		want = e.object
	}
	for at := int64(0); ; {
		n, err := retry(func() (int, error) { return syscall.Pread(fd, p.buf, at) })
		if err != nil {
			return false
		}
		_, _ = h.Write(p.buf[:n])
		if at += int64(n); n == 0 || at > e.size {
			return at == e.size && hex.EncodeToString(h.Sum(p.buf[:0])) == want
		}
		if at == e.size && n < len(p.buf) {
			return hex.EncodeToString(h.Sum(p.buf[:0])) == want
		}
	}
}

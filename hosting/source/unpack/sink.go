package unpack

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/distrobot/distrobot/fleet"
)

// A sink writes the entries of one archive below root and counts them. os.Root
// keeps every path inside, whatever the checks of names may miss.
type sink struct {
	ctx    context.Context
	root   *os.Root
	limits Limits
	packed int64 // bytes of the archive
	files  int
	bytes  int64
	made   map[string]bool // directories that are there
}

// Linux's PATH_MAX and NAME_MAX, less room for the platform's own directory.
const (
	maxPath  = 3000
	maxName  = 255
	maxDepth = 60
)

// clean checks the name of an entry; "" is the archive's top.
func clean(name string) (string, error) {
	refused := fleet.Errorf(fleet.Refused, "The archive holds the path %s, which no archive may have.", quote(name))
	if len(name) > maxPath || !utf8.ValidString(name) || strings.HasPrefix(name, "/") || strings.Contains(name, `\`) {
		return "", refused
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", refused
	}
	parts := strings.Split(strings.TrimSuffix(name, "/"), "/")
	if len(parts) > maxDepth {
		return "", refused
	}
	for _, part := range parts {
		lower := strings.ToLower(part)
		if part == ".." || len(part) > maxName || lower == ".git" || lower == "git~1" {
			return "", refused
		}
	}
	if name = path.Clean(name); name == "." {
		name = ""
	}
	return name, nil
}

// count admits one more entry.
func (s *sink) count() error {
	if err := s.ctx.Err(); err != nil {
		return context.Cause(s.ctx)
	}
	if s.files++; s.files > s.limits.Files {
		return tooMany(s.limits.Files)
	}
	return nil
}

// dir makes a directory and those above it.
func (s *sink) dir(name string) error {
	name, err := clean(name)
	if err != nil {
		return err
	}
	if err := s.count(); err != nil {
		return err
	}
	return s.mkdirs(name)
}

func (s *sink) mkdirs(name string) error {
	if name == "" || name == "." || s.made[name] {
		return nil
	}
	if err := s.mkdirs(path.Dir(name)); err != nil {
		return err
	}
	err := s.root.Mkdir(name, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return fleet.Errorf(fleet.Refused, "The archive holds %s both as a file and as a directory.", quote(name))
	}
	s.made[name] = err == nil
	return err
}

// file writes a file of size bytes. Of its mode only the right to be executed
// is taken over.
func (s *sink) file(name string, mode fs.FileMode, size int64, r io.Reader) error {
	name, err := clean(name)
	if err != nil {
		return err
	}
	if name == "" || size < 0 {
		return broken(nil)
	}
	if err := s.count(); err != nil {
		return err
	}
	if size > s.limits.Bytes-s.bytes {
		return tooBig(s.limits.Bytes)
	}
	if err := s.mkdirs(path.Dir(name)); err != nil {
		return err
	}
	perm := fs.FileMode(0o644)
	if mode&0o111 != 0 {
		perm = 0o755
	}
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if errors.Is(err, fs.ErrExist) {
		return fleet.Errorf(fleet.Refused, "The archive holds %s twice.", quote(name))
	}
	if err != nil {
		return err
	}
	return errors.Join(s.copy(f, r, size), f.Close())
}

// copy writes size bytes and watches how much comes out of how little. It tells
// a damaged archive from a disk that takes no more.
func (s *sink) copy(w io.Writer, r io.Reader, size int64) error {
	buf := make([]byte, 64<<10)
	for left := size; left > 0; {
		n, err := io.ReadFull(r, buf[:min(left, int64(len(buf)))])
		if err != nil {
			return explain(err)
		}
		left -= int64(n)
		s.bytes += int64(n)
		if s.bytes > freeBytes && s.bytes/s.limits.Ratio > s.packed {
			return fleet.Errorf(fleet.Refused, "The archive unpacks to more than %d times its size, as no honest one does.", s.limits.Ratio)
		}
		if err := s.ctx.Err(); err != nil {
			return context.Cause(s.ctx)
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
	}
	// Reading to the end makes zip check its checksum.
	if n, err := r.Read(buf[:1]); n > 0 || err != io.EOF {
		return explain(errors.Join(errors.New("longer than it says"), err))
	}
	return nil
}

// done refuses an archive that holds nothing.
func (s *sink) done() error {
	if s.files == 0 {
		return fleet.Errorf(fleet.Failed, "The archive is empty.")
	}
	return nil
}

func tooMany(n int) error {
	return fleet.Errorf(fleet.Refused, "The archive holds more than %d files.", n)
}

func tooBig(n int64) error {
	return fleet.Errorf(fleet.Refused, "The archive unpacks to more than %d MiB.", n>>20)
}

func quote(s string) string { return strconv.Quote(fleet.Clean(s, 100)) }

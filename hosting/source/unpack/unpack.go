// Package unpack turns archives from elsewhere into directories. It takes tar,
// plain or packed with gzip, bzip2 or xz, and zip. An archive may hold nothing
// but files and directories with ordinary names: links, devices, names that lead
// out and bombs are refused before anything of them is written, with a sentence
// for people (*fleet.Error).
package unpack

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/distrobot/distrobot/fleet"
)

// ErrNotArchive says that a file is none of the known archives.
var ErrNotArchive = errors.New("not an archive")

// Limits bound what an archive may become. A zero field means its default. The
// largest release seen, a Drupal distribution, has 21,000 files in 130 MB.
type Limits struct {
	Files int   // and directories; default 100,000
	Bytes int64 // of content; default 1 GiB
	Ratio int64 // content to archive, beyond the first 16 MiB; default 200
}

// freeBytes may be unpacked at any ratio: small archives of much the same.
const freeBytes = 16 << 20

func (l Limits) withDefaults() Limits {
	if l.Files == 0 {
		l.Files = 100_000
	}
	if l.Bytes == 0 {
		l.Bytes = 1 << 30
	}
	if l.Ratio == 0 {
		l.Ratio = 200
	}
	return l
}

// Into unpacks the archive f into the empty directory dir. ErrNotArchive says
// that f is no archive; then nothing was written.
func Into(ctx context.Context, f *os.File, dir string, limits Limits) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	s := &sink{ctx: ctx, root: root, limits: limits.withDefaults(), packed: info.Size(), made: map[string]bool{}}
	var head [262]byte
	n, err := f.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return err
	}
	switch kind := kindOf(head[:n]); kind {
	case "zip":
		return s.zip(f, info.Size())
	case "":
		return ErrNotArchive
	default:
		return s.packedTar(f, kind)
	}
}

// kindOf tells an archive by its first bytes: names and media types lie.
func kindOf(head []byte) string {
	for kind, magic := range map[string]string{"gzip": "\x1f\x8b", "bzip2": "BZh", "xz": "\xfd7zXZ\x00", "zip": "PK\x03\x04"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return kind
		}
	}
	if len(head) >= 262 && string(head[257:262]) == "ustar" {
		return "tar"
	}
	return ""
}

// packedTar unpacks a tar through its compression. A packed file that holds no
// tar is no archive either: a script, say, that a server keeps packed.
func (s *sink) packedTar(f *os.File, kind string) error {
	var in io.Reader = io.NewSectionReader(f, 0, s.packed)
	switch kind {
	case "gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return broken(err)
		}
		defer z.Close()
		in = z
	case "bzip2":
		in = bzip2.NewReader(in)
	case "xz":
		x := s.xz(in)
		defer x.Close()
		in = x
	}
	return s.tar(in)
}

// tar unpacks the entries of a tar.
func (s *sink) tar(in io.Reader) error {
	for r := tar.NewReader(in); ; {
		h, err := r.Next()
		if err == io.EOF {
			return s.done()
		}
		if err != nil {
			return explain(err)
		}
		switch h.Typeflag {
		case tar.TypeXGlobalHeader: // git archive writes the commit there
		case tar.TypeDir:
			err = s.dir(h.Name)
		case tar.TypeReg:
			err = s.file(h.Name, h.FileInfo().Mode(), h.Size, r)
		case tar.TypeSymlink, tar.TypeLink:
			err = fleet.Errorf(fleet.Refused, "The archive holds a link, %s; links are not unpacked.", quote(h.Name))
		default:
			err = fleet.Errorf(fleet.Refused, "The archive holds %s, which is neither a file nor a directory.", quote(h.Name))
		}
		if err != nil {
			return err
		}
	}
}

// zip unpacks the entries that the archive's directory lists.
func (s *sink) zip(f *os.File, size int64) error {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return broken(err)
	}
	if len(z.File) > s.limits.Files {
		return tooMany(s.limits.Files)
	}
	for _, e := range z.File {
		if err := s.zipEntry(e); err != nil {
			return err
		}
	}
	return s.done()
}

func (s *sink) zipEntry(e *zip.File) error {
	mode := e.Mode()
	switch {
	case e.Flags&1 != 0:
		return fleet.Errorf(fleet.Refused, "The archive is encrypted.")
	case mode&fs.ModeSymlink != 0:
		return fleet.Errorf(fleet.Refused, "The archive holds a link, %s; links are not unpacked.", quote(e.Name))
	case mode.IsDir():
		return s.dir(e.Name)
	case !mode.IsRegular():
		return fleet.Errorf(fleet.Refused, "The archive holds %s, which is neither a file nor a directory.", quote(e.Name))
	}
	if e.UncompressedSize64 > uint64(s.limits.Bytes) {
		return tooBig(s.limits.Bytes)
	}
	r, err := e.Open()
	if err != nil {
		return broken(err)
	}
	defer r.Close()
	return s.file(e.Name, mode, int64(e.UncompressedSize64), r)
}

func broken(err error) error {
	return fleet.Errorf(fleet.Failed, "The archive is damaged.").Because(err)
}

// explain tells a damaged archive from an error that has words already.
func explain(err error) error {
	if fleet.CodeOf(err) != "" || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return broken(err)
}

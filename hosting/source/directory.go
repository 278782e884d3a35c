package source

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// directory takes a code base that is on this host already, as it is now.
type directory struct{}

// Type implements hosting.Source.
func (directory) Type() string { return fleet.SourceDirectory }

// Bounds of what is taken; a large CMS has 20,000 files.
const (
	maxFiles = 250_000
	maxBytes = 4 << 30
)

// Fetch implements hosting.Source. Version control and links that leave the
// tree are not taken: the first would be served, the second would show the
// host's files to visitors.
func (d directory) Fetch(ctx context.Context, p fleet.Platform, dir string, _ func(string)) error {
	return d.FetchWithout(ctx, p.Source.Path, dir, nil)
}

// FetchWithout copies the directory at path into dir, but for some paths in it,
// such as the uploads and settings of a site that lives there.
func (directory) FetchWithout(ctx context.Context, path, dir string, skip []string) error {
	from, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fleet.Errorf(fleet.Failed, "There is no directory %s on this host.", fleet.Clean(path, 120)).Because(err)
	}
	if info, err := os.Stat(from); err != nil || !info.IsDir() {
		return fleet.Errorf(fleet.Failed, "%s is no directory.", fleet.Clean(path, 120)).Because(err)
	}
	c := copying{ctx: ctx, from: from, to: dir, skip: skip}
	if err := filepath.WalkDir(from, c.entry); err != nil {
		if fleet.CodeOf(err) != "" {
			return err
		}
		return hosting.Explain("copy the code", err)
	}
	return nil
}

// copying is one walk over a directory.
type copying struct {
	ctx      context.Context
	from, to string
	skip     []string // paths that are left out
	files    int
	bytes    int64
}

func (c *copying) entry(path string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if err := c.ctx.Err(); err != nil {
		return context.Cause(c.ctx)
	}
	rel, err := filepath.Rel(c.from, path)
	if err != nil {
		return err
	}
	to := filepath.Join(c.to, rel)
	if c.files++; c.files > maxFiles {
		return fleet.Errorf(fleet.Refused, "The directory holds more than %d files.", maxFiles)
	}
	left := slices.Contains(c.skip, filepath.ToSlash(rel))
	switch {
	case d.IsDir() && (left || d.Name() == ".git"):
		return filepath.SkipDir
	case left:
		return nil
	case d.IsDir():
		return os.Mkdir(to, 0o755)
	case d.Type()&fs.ModeSymlink != 0:
		return c.link(path, rel, to)
	case d.Type().IsRegular():
		return c.file(path, rel, to)
	}
	return fleet.Errorf(fleet.Refused, "%s is neither a file, a directory nor a link.", fleet.Clean(rel, 120))
}

func (c *copying) file(path, rel, to string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if c.bytes += info.Size(); c.bytes > maxBytes {
		return fleet.Errorf(fleet.Refused, "The directory holds more than %d bytes; %s does not fit.", int64(maxBytes), fleet.Clean(rel, 120))
	}
	mode := fs.FileMode(0o644)
	if info.Mode()&0o111 != 0 {
		mode = 0o755
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func (c *copying) link(path, rel, to string) error {
	target, err := os.Readlink(path)
	if err != nil {
		return err
	}
	end := filepath.Join(filepath.Dir(rel), target)
	if filepath.IsAbs(target) || end == ".." || strings.HasPrefix(end, "../") {
		return fleet.Errorf(fleet.Refused, "The link %s leads out of the directory.", fleet.Clean(rel, 120)).
			WithHint("Replace it by what it points to.")
	}
	return os.Symlink(target, to)
}

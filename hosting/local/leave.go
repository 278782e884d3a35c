package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// What a site that has moved to another machine leaves in its directory: the link
// that was "live" under another name, and who has it now. Its hold stays.
const (
	leftLink = "left"
	leftFile = "left.json"
)

// last names the link to what visitors get, or got until the site moved away.
func (s site) last() string {
	if _, err := os.Lstat(s.path("live")); err != nil {
		if _, err := os.Lstat(s.path(leftLink)); err == nil {
			return leftLink
		}
	}
	return "live"
}

// left reports whether the site has moved away.
func (s site) left() bool { return s.last() == leftLink }

// Leave implements hosting.Sender. It is one rename.
func (b *Backend) Leave(ctx context.Context, c hosting.Copy, l hosting.Left) error {
	return hosting.Explain("close the copy of the site", b.guarded(ctx, c, func(s site, _ *os.File) error {
		if s.left() {
			return nil
		}
		l.Fence = c.Fence
		if err := writeJSON(s.path(leftFile), l); err != nil {
			return err
		}
		if s.readHold() == nil {
			if err := writeJSON(s.path("hold"), holdFile{Task: c.Task, At: l.At}); err != nil {
				return err
			}
		}
		if err := os.Remove(s.path("reserve")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return errors.Join(os.Rename(s.path("live"), s.path(leftLink)), syncDir(string(s)))
	}))
}

// Left implements hosting.Sender.
func (b *Backend) Left(context.Context) ([]hosting.Left, error) {
	notes, err := filepath.Glob(filepath.Join(b.Data, "sites", "*", leftFile))
	if err != nil {
		return nil, err
	}
	var out []hosting.Left
	for _, note := range notes {
		var l hosting.Left
		readErr := readJSON(note, &l)
		uri, ok := siteOf(filepath.Base(filepath.Dir(note)))
		if readErr == nil && ok && l.URI == uri && b.site(uri).left() {
			out = append(out, l)
		} else if readErr != nil && !errors.Is(readErr, fs.ErrNotExist) {
			err = errors.Join(err, readErr)
		}
	}
	return out, err
}

// Bury implements hosting.Sender.
func (b *Backend) Bury(ctx context.Context, l hosting.Left) error {
	s := b.site(l.URI)
	var now hosting.Left
	err := readJSON(s.path(leftFile), &now)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (now.Task != l.Task || !s.left()) {
		// Whoever has put the directory away may not have come to its end.
		gone := site(filepath.Join(b.Data, "sites", ".gone-"+siteName(l.URI)))
		return hosting.Explain("delete the closed copy", b.bury(ctx, gone, siteName(l.URI)))
	}
	if err != nil {
		return err
	}
	return b.Remove(ctx, hosting.Copy{URI: l.URI, Fence: now.Fence, Task: fleet.TaskID(l.Task)})
}

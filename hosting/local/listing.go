package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"
)

// A listing is what a tree holds, by path: enough to tell, without reading it,
// whether a file has changed since.
type listing struct {
	At    time.Time        `json:"at"` // before the first file was looked at
	Files map[string]entry `json:"files"`
}

// An entry is one file, directory or link. The last three fields mean something
// only on the machine itself.
type entry struct {
	Mode    fs.FileMode `json:"mode"` // type and permissions
	Size    int64       `json:"size,omitempty"`
	Link    string      `json:"link,omitempty"`
	Changed int64       `json:"changed,omitempty"` // time of its last change, content or not, in nanoseconds
	Written int64       `json:"written,omitempty"`
	Node    uint64      `json:"node,omitempty"`
}

// unsure is how close to a listing a change may be and go unseen: two changes
// within one tick of a file system's clock leave the same time.
const unsure = 2 * time.Second

// since gives the paths that are not as they were: new, changed, or changed so
// shortly before the former listing that nobody can tell. Of directories only
// their permissions count.
func (l listing) since(was listing) map[string]bool {
	out := map[string]bool{}
	for p, now := range l.Files {
		old, there := was.Files[p]
		if now.Mode.IsDir() {
			now.Changed, now.Written, old.Changed, old.Written = 0, 0, 0, 0
		}
		if !there || now != old || now.Changed > was.At.Add(-unsure).UnixNano() {
			out[p] = true
		}
	}
	return out
}

// listParts lists parts under the names they are packed with.
func listParts(ctx context.Context, parts []part) (listing, error) {
	out := listing{At: time.Now(), Files: map[string]entry{}}
	for _, p := range parts {
		if err := p.list(ctx, out.Files); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (p part) list(ctx context.Context, into map[string]entry) error {
	root, err := os.OpenRoot(p.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(rel string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && rel != "." {
			return nil // deleted while we walked
		}
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) || p.skip[rel] {
			return nil
		}
		if err != nil {
			return err
		}
		e := entryOf(info)
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			if e.Link, err = root.Readlink(rel); err != nil {
				return err
			}
		case !info.IsDir() && !info.Mode().IsRegular():
			return nil
		}
		into[path.Join(p.prefix, rel)] = e
		return nil
	})
}

func entryOf(info fs.FileInfo) entry {
	e := entry{Mode: info.Mode().Type() | info.Mode().Perm()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		e.Node, e.Changed, e.Written = st.Ino, changedAt(st), info.ModTime().UnixNano()
	}
	if info.Mode().IsRegular() {
		e.Size = info.Size()
	}
	return e
}

// same reports whether two entries hold the same on different machines, as far as
// can be told without reading them.
func (e entry) same(other entry) bool {
	return e.Mode.Type() == other.Mode.Type() && e.Size == other.Size && e.Link == other.Link
}

package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/database"
)

// A mark is what the data of a generation was when visitors were let in to it
// for the first time (mark.json beside its record).
type mark struct {
	Files map[string]string `json:"files,omitempty"` // versioned files: mode, size and time
	Rows  *database.Counts  `json:"rows,omitempty"`  // nil without a database
}

// measure counts the data in dir and says what each file is. Modification times
// stand for contents, so that it takes no time while visitors wait.
func measure(dir string) (hosting.Amount, map[string]string, error) {
	var a hosting.Amount
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		files[path[len(dir):]] = fmt.Sprintf("%o %d %d", info.Mode(), info.Size(), info.ModTime().UnixNano())
		if info.Mode().IsRegular() {
			a.Files++
			a.Bytes += info.Size()
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return a, files, err
}

// marked says what the data of a generation is now.
func (b *Backend) marked(ctx context.Context, gen string) (mark, error) {
	var m mark
	var err error
	if _, m.Files, err = measure(filepath.Join(gen, "versioned")); err != nil {
		return m, err
	}
	r, err := record(gen)
	if err != nil || r.Database == nil {
		return m, err
	}
	st, err := b.store(r.Database.Engine)
	if err != nil {
		return m, err
	}
	v, err := readView(gen)
	if err != nil {
		return m, err
	}
	counts, err := st.Writes(ctx, r.Database.Name, v.Ignored)
	m.Rows = &counts
	return m, err
}

// keepMark notes what the data of a generation is, unless that was done: what
// visitors wrote since the first time counts.
func (b *Backend) keepMark(ctx context.Context, gen string) error {
	at := filepath.Join(gen, "mark.json")
	if _, err := os.Lstat(at); err == nil {
		return nil
	}
	m, err := b.marked(ctx, gen)
	if err != nil {
		return err
	}
	return writeJSON(at, m)
}

// Written implements hosting.Traffic.
func (b *Backend) Written(ctx context.Context, c hosting.Copy) (hosting.Written, error) {
	gen := b.site(c.URI).genOf(c)
	var then mark
	text, err := os.ReadFile(filepath.Join(gen, "mark.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return hosting.Written{}, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &then)
	}
	if err != nil {
		return hosting.Written{}, fmt.Errorf("mark of %s: %w", gen, err)
	}
	now, err := b.marked(ctx, gen)
	if err != nil {
		return hosting.Written{}, err
	}
	w := hosting.Written{Known: true}
	for path, was := range then.Files {
		if now.Files[path] != was {
			w.Files++
		}
	}
	for path := range now.Files {
		if _, ok := then.Files[path]; !ok {
			w.Files++
		}
	}
	if then.Rows != nil && now.Rows != nil {
		w.Rows, w.Known = then.Rows.Since(*now.Rows)
	}
	return w, nil
}

package makefile

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// content reads the file that o names.
func (r *reading) content(ctx context.Context, o origin, from Pos) ([]byte, error) {
	if o.url != "" {
		b, err := r.loader.Remote.Get(ctx, o.url, maxFile)
		if err != nil {
			return nil, at(from, err)
		}
		return b, nil
	}
	b, err := o.tree.ReadFile(o.name, maxFile)
	switch {
	case err == nil:
		return b, nil
	case errors.Is(err, fs.ErrNotExist) && from.Line == 0:
		return nil, fleet.Errorf(fleet.NotFound, "There is no makefile %s in the repository.", quote(o.name)).
			WithHint("Name it from the top of the repository.")
	case errors.Is(err, fs.ErrNotExist):
		return nil, from.Refuse("there is no file %s", quote(o.name))
	}
	return nil, at(from, err)
}

// at says where in the makefile the reason of an error stands. Faults of this
// machine stay what they are.
func at(p Pos, err error) error {
	var e *fleet.Error
	if !errors.As(err, &e) {
		return err
	}
	return fleet.Errorf(e.Code, "%s: %s", p, e.Text).WithHint("%s", e.Hint).Because(err)
}

// find says which file an entry of includes means.
func (r *reading) find(ctx context.Context, entry *Node) (origin, error) {
	here := r.stack[len(r.stack)-1]
	if entry.isMap() {
		return r.inRepository(ctx, entry, here)
	}
	name := entry.Text
	switch {
	case name == "":
		return origin{}, entry.Pos.Refuse("the include names no file")
	case strings.Contains(name, "://"):
		return r.remote(entry, name)
	case here.url != "":
		base, err := url.Parse(here.url)
		if err != nil || !localPath(name) {
			return origin{}, entry.Pos.Refuse("%s is not a path that an include can have", quote(name))
		}
		return r.remote(entry, base.ResolveReference(&url.URL{Path: name}).String())
	}
	return local(here, entry.Pos, name)
}

func (r *reading) remote(entry *Node, address string) (origin, error) {
	if r.loader.Remote == nil {
		return origin{}, entry.Pos.Refuse("remote makefiles cannot be included here")
	}
	return origin{url: address}, nil
}

// local finds a name beside the including file, or else from the top of the
// tree, as drush does. It may go up, but not out.
func local(here origin, from Pos, name string) (origin, error) {
	if path.IsAbs(name) || strings.ContainsAny(name, "\\\x00") {
		return origin{}, from.Refuse("%s leads out of the repository", quote(name))
	}
	beside := path.Join(path.Dir(here.name), name)
	if outside(beside) {
		return origin{}, from.Refuse("%s leads out of the repository", quote(name))
	}
	if _, err := here.tree.ReadFile(beside, maxFile); errors.Is(err, fs.ErrNotExist) {
		if top := path.Clean(name); !outside(top) {
			if _, err := here.tree.ReadFile(top, maxFile); err == nil {
				return origin{tree: here.tree, name: top}, nil
			}
		}
	}
	return origin{tree: here.tree, name: beside}, nil
}

// inRepository finds an include of the form {makefile, download}.
func (r *reading) inRepository(ctx context.Context, entry *Node, here origin) (origin, error) {
	for _, k := range entry.Keys {
		if k != "makefile" && k != "download" {
			return origin{}, entry.Sub[k].Pos.Refuse("includes have no %s", quote(k))
		}
	}
	file := entry.get("makefile")
	if file == nil || file.isMap() || file.Text == "" || !localPath(file.Text) {
		return origin{}, entry.Pos.Refuse("the include needs a makefile: a path inside its repository")
	}
	if entry.get("download") == nil {
		return local(here, entry.Pos, file.Text)
	}
	d, err := readDownload(entry.get("download"))
	if err != nil {
		return origin{}, err
	}
	if d.Type != Git {
		return origin{}, d.Pos.Refuse("makefiles are included from git only, not by %s", quote(string(d.Type)))
	}
	if r.loader.Remote == nil {
		return origin{}, entry.Pos.Refuse("remote makefiles cannot be included here")
	}
	tree, err := r.loader.Remote.Repository(ctx, d)
	if err != nil {
		return origin{}, at(d.Pos, err)
	}
	return origin{tree: tree, name: path.Clean(file.Text)}, nil
}

// localPath reports whether a path stays below where it starts.
func localPath(name string) bool {
	return name != "" && !path.IsAbs(name) && !strings.ContainsAny(name, "\\\x00\n\r") && !outside(path.Clean(name)) &&
		!strings.Contains("/"+name+"/", "/../")
}

func outside(clean string) bool { return clean == ".." || strings.HasPrefix(clean, "../") }

package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

var errDirectory = errors.New("a directory")

// A generation is one generation that is being served.
type generation struct {
	backend *Backend
	uri     fleet.URI
	dir     string // absolute, without links
	view    view
	record  hosting.Record
}

func openGeneration(b *Backend, uri fleet.URI, dir string) (*generation, error) {
	g := &generation{backend: b, uri: uri}
	var err error
	if g.dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	if g.view, err = readView(g.dir); err != nil {
		return nil, err
	}
	if g.view.PHP { // its programs would be shown as text
		return nil, errHidden
	}
	g.record, err = record(g.dir)
	return g, err
}

func readView(gen string) (view, error) {
	var v view
	text, err := os.ReadFile(filepath.Join(gen, "view.json"))
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal(text, &v)
}

// relative turns the path of a URL into a path of the tree. Names that begin
// with a dot, the specification, and the site's private paths are hidden.
func (g *generation) relative(urlPath string) (string, error) {
	_, prefix, _ := strings.Cut(string(g.uri), "/")
	p := path.Clean("/" + urlPath)
	if prefix != "" {
		rest, ok := strings.CutPrefix(p+"/", "/"+prefix+"/")
		if !ok {
			return "", errHidden
		}
		p = path.Clean("/" + rest)
	}
	rel := path.Join(g.view.Docroot, strings.TrimPrefix(p, "/"))
	if !filepath.IsLocal(rel) || strings.ContainsAny(rel, "\x00\\") {
		return "", errHidden
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(p, "/"), "/") {
		if strings.HasPrefix(part, ".") {
			return "", errHidden
		}
	}
	if rel == hosting.SpecFile {
		return "", errHidden
	}
	for _, private := range g.view.Private {
		if hosting.Within(rel, private) {
			return "", errHidden
		}
	}
	return rel, nil
}

// A file is something of a site that may be served.
type file struct {
	rel     string // in the tree
	base    string // directory it must stay in
	inBase  string // path below base
	program bool   // to be run, not shown
}

// find resolves a path of the tree. Whatever links it passes, it must end up in
// the platform's tree, in the site's shared data or in the view itself.
func (g *generation) find(rel string) (file, error) {
	real, err := filepath.EvalSymlinks(filepath.Join(g.dir, "root", rel))
	if err != nil {
		return file{}, err
	}
	tree, err := filepath.EvalSymlinks(g.backend.platform(fleet.PlatformName(g.view.Tree)))
	if err != nil {
		return file{}, err
	}
	shared := filepath.Join(g.dir, "..", "..", "shared")
	for _, base := range []string{tree, shared, filepath.Join(g.dir, "root")} {
		inBase, err := filepath.Rel(base, real)
		if err != nil || !filepath.IsLocal(inBase) {
			continue
		}
		info, err := os.Stat(real)
		if err != nil {
			return file{}, err
		}
		f := file{rel: rel, base: base, inBase: inBase}
		switch {
		case info.IsDir():
			return f, errDirectory
		case !info.Mode().IsRegular():
			return f, errHidden
		case path.Ext(rel) == ".cgi" || path.Ext(real) == ".cgi":
			// What visitors upload is never run, and a program is never shown.
			f.program = true
			if base != tree || info.Mode()&0o111 == 0 {
				return f, errHidden
			}
		}
		return f, nil
	}
	return file{}, errHidden
}

// static opens a file below its base without following a link out of it, in
// case the site's program changed a link meanwhile. The validator names the
// generation: going back to an older platform must not look unmodified.
func (g *generation) static(f file) (answer, error) {
	in, err := os.OpenInRoot(f.base, f.inBase)
	if err != nil {
		return nil, err
	}
	info, err := in.Stat()
	if err != nil || !info.Mode().IsRegular() {
		_ = in.Close()
		return nil, errors.Join(err, fs.ErrNotExist)
	}
	tag := fmt.Sprintf(`"%d-%x-%x"`, g.record.Generation, info.Size(), info.ModTime().UnixNano())
	return func(w http.ResponseWriter, r *http.Request) {
		defer in.Close()
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, path.Base(f.rel), time.Time{}, in)
	}, nil
}

package web

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// View is Check for a browser, which asks for what a page wants: the answer has
// its header and up to hosting.MaxView bytes. The page chooses the path, so only
// what nginx would hand out is read: no hidden or private file, and nothing that
// a link in the site's data leads to outside of the site's own directories.
func (f *Front) View(ctx context.Context, uri fleet.URI, gen, page string) (hosting.Answer, error) {
	s, err := f.find(uri)
	if err != nil {
		return hosting.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	base := filepath.Join(s.Dir, "gen", filepath.Base(gen))
	root, err := filepath.EvalSymlinks(filepath.Join(base, "www"))
	if err != nil {
		return hosting.Answer{}, err
	}
	at, err := url.ParseRequestURI(page)
	if err != nil || !strings.HasPrefix(page, "/") {
		return hosting.Answer{Status: http.StatusBadRequest}, nil
	}
	begin := time.Now()
	t, err := resolve(root, at.Path, s.PHP)
	var a hosting.Answer
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && withheld(s, path.Join(t.script, t.file)):
		a.Status, err = http.StatusNotFound, nil
	case err != nil:
		return a, err
	case t.script == "":
		a, err = viewFile(root, t.file, []string{base, filepath.Join(s.Dir, "shared")})
	default:
		a, err = f.viewPHP(ctx, scripted{site: s, gen: filepath.Base(gen), root: root, at: at, target: t})
	}
	a.Took = time.Since(begin)
	return a, err
}

// withheld reports whether visitors never get a path of the docroot, by the same
// patterns as in the vhost: names that begin with a dot, settings, sources and
// dumps, the site's private paths, and programs that are no pages.
func withheld(s Served, p string) bool {
	p = path.Clean("/" + p)
	for part := range strings.SplitSeq(p[1:], "/") {
		if strings.HasPrefix(part, ".") && part != ".well-known" {
			return true
		}
	}
	within := func(dirs []string) bool {
		return slices.ContainsFunc(dirs, func(dir string) bool { return hosting.Within(p[1:], dir) })
	}
	matches := func(re string) bool {
		ok, err := regexp.MatchString("(?i)^"+re, p)
		return ok || err != nil
	}
	if within(s.Private) || slices.ContainsFunc(hidden[1:], matches) || slices.ContainsFunc(notRun, matches) {
		return true
	}
	return (within(s.Uploads) || !s.PHP) && matches(".*"+programs)
}

// viewFile reads a file that is, all links followed, in one of the directories.
func viewFile(root, rel string, dirs []string) (hosting.Answer, error) {
	real, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(rel)))
	if err != nil {
		return hosting.Answer{Status: http.StatusNotFound}, nil
	}
	for _, dir := range dirs {
		if dir, err = filepath.EvalSymlinks(dir); err != nil {
			continue
		}
		if in, err := filepath.Rel(dir, real); err == nil && filepath.IsLocal(in) {
			return readBelow(dir, in)
		}
	}
	return hosting.Answer{Status: http.StatusNotFound}, nil
}

// readBelow reads a file below a directory and follows no link out of it, also if
// somebody has put one there since.
func readBelow(dir, rel string) (hosting.Answer, error) {
	none := hosting.Answer{Status: http.StatusNotFound}
	below, err := os.OpenRoot(dir)
	if err != nil {
		return none, nil
	}
	defer below.Close()
	in, err := below.OpenFile(rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return none, nil
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return none, err
	}
	body, err := io.ReadAll(io.LimitReader(in, hosting.MaxView))
	return hosting.Answer{Status: http.StatusOK, Bytes: info.Size(), Body: body, Header: http.Header{"Content-Type": {typeOf(rel)}}}, err
}

// typeOf is what nginx says of a file; its own table is the same on all machines.
func typeOf(name string) string {
	known := map[string]string{
		".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".woff": "font/woff",
		".ttf": "font/ttf", ".ico": "image/x-icon", ".webp": "image/webp", ".avif": "image/avif", ".png": "image/png", ".jpg": "image/jpeg",
		".jpeg": "image/jpeg", ".gif": "image/gif", ".html": "text/html", ".htm": "text/html", ".json": "application/json", ".xml": "text/xml",
	}
	ext := strings.ToLower(path.Ext(name))
	if t := known[ext]; t != "" {
		return t
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}

func (f *Front) viewPHP(ctx context.Context, r scripted) (hosting.Answer, error) {
	got, err := ask(ctx, call{socket: f.socket(r.site.URI), params: f.params(r), most: hosting.MaxView})
	if err != nil {
		return hosting.Answer{}, fleet.Errorf(fleet.Failed, "PHP of the site %s did not answer.", r.site.URI).Because(err)
	}
	header := http.Header{}
	for name, values := range got.header {
		header[textproto.CanonicalMIMEHeaderKey(name)] = values
	}
	header.Del("Status")
	return hosting.Answer{Status: got.status, Bytes: got.bytes, Body: got.body, Header: header}, nil
}

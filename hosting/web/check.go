package web

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// checkTime bounds one request to a site.
const checkTime = 40 * time.Second

// Check fetches a page of generation gen, "7", past any hold and unseen by
// visitors: a file is read, and PHP is asked of the site's own pool, as nginx
// would ask it. The answer's Log has what PHP logged meanwhile about this
// generation, because a site can answer 200 after a fatal error. The site must
// have been Put; path begins with a slash.
func (f *Front) Check(ctx context.Context, uri fleet.URI, gen, page string) (hosting.Answer, error) {
	s, err := f.find(uri)
	if err != nil {
		return hosting.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	root, err := filepath.EvalSymlinks(filepath.Join(s.Dir, "gen", filepath.Base(gen), "www"))
	if err != nil {
		return hosting.Answer{}, err
	}
	at, err := url.ParseRequestURI(page)
	if err != nil || !strings.HasPrefix(page, "/") {
		return hosting.Answer{}, fleet.Errorf(fleet.Invalid, "The page %q of a check is no path.", fleet.Clean(page, 80)).Because(err)
	}
	begin := time.Now()
	t, err := resolve(root, at.Path, s.PHP)
	var a hosting.Answer
	switch {
	case errors.Is(err, fs.ErrNotExist):
		a.Status, err = http.StatusNotFound, nil
	case err != nil:
		return a, err
	case t.script == "":
		a, err = readFile(root, t.file)
	default:
		a, err = f.checkPHP(ctx, scripted{site: s, gen: filepath.Base(gen), root: root, at: at, target: t})
	}
	a.Took = time.Since(begin)
	return a, err
}

// A target is what a path of a URL leads to: a file, or a script and the rest.
type target struct {
	file, script, info string
}

// resolve does what the vhost's locations do: the file, the index of a
// directory, else the front controller.
func resolve(root, urlPath string, php bool) (target, error) {
	p := path.Clean("/" + urlPath)
	exists := func(p string) (dir, ok bool) {
		info, err := os.Stat(filepath.Join(root, filepath.FromSlash(p)))
		return err == nil && info.IsDir(), err == nil
	}
	if script, info, ok := splitScript(p); ok && php {
		if dir, ok := exists(script); ok && !dir {
			return target{script: script, info: info}, nil
		}
		return target{}, fs.ErrNotExist
	}
	dir, ok := exists(p)
	if ok && !dir {
		return target{file: p}, nil
	}
	if _, found := exists(path.Join(p, "index.php")); ok && php && found {
		return target{script: path.Join(p, "index.php")}, nil
	}
	if _, found := exists(path.Join(p, "index.html")); ok && found {
		return target{file: path.Join(p, "index.html")}, nil
	}
	if _, found := exists("/index.php"); php && found {
		return target{script: "/index.php"}, nil
	}
	return target{}, fs.ErrNotExist
}

// splitScript cuts /index.php/Main_Page after the script.
func splitScript(p string) (script, info string, ok bool) {
	if i := strings.Index(p+"/", ".php/"); i > 0 {
		return p[:i+4], p[i+4:], true
	}
	return "", "", false
}

func readFile(root, rel string) (hosting.Answer, error) {
	in, err := os.OpenFile(filepath.Join(root, filepath.FromSlash(rel)), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return hosting.Answer{}, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return hosting.Answer{Status: http.StatusNotFound}, err
	}
	body, err := io.ReadAll(io.LimitReader(in, hosting.MaxBody))
	return hosting.Answer{Status: http.StatusOK, Bytes: info.Size(), Body: body}, err
}

// A scripted is a check of a script.
type scripted struct {
	site   Served
	gen    string
	root   string
	at     *url.URL
	target target
}

func (f *Front) checkPHP(ctx context.Context, r scripted) (hosting.Answer, error) {
	log := openLog(r.site)
	got, err := ask(ctx, call{socket: f.socket(r.site.URI), params: f.params(r)})
	if err != nil {
		return hosting.Answer{}, fleet.Errorf(fleet.Failed, "PHP of the site %s did not answer.", r.site.URI).Because(err)
	}
	said := got.log + log.since(filepath.Join(r.site.Dir, "gen", r.gen)+"/")
	return hosting.Answer{Status: got.status, Bytes: got.bytes, Body: got.body, Log: said}, nil
}

// params are what the vhost tells PHP, and the one that opens the gate.
func (f *Front) params(r scripted) map[string]string {
	host, prefix := hostOf(r.site.URI)
	name, port := nameAndPort(host)
	p := map[string]string{
		"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_SOFTWARE": "nginx", "SERVER_PROTOCOL": "HTTP/1.1",
		"SERVER_NAME": name, "SERVER_ADDR": "127.0.0.1", "SERVER_PORT": orDefault(port, "80"),
		"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "0", "REQUEST_METHOD": http.MethodGet, "REQUEST_SCHEME": "http",
		"REQUEST_URI": prefix + r.at.RequestURI(), "QUERY_STRING": r.at.RawQuery, "CONTENT_LENGTH": "", "CONTENT_TYPE": "",
		"DOCUMENT_ROOT": r.root, "DOCUMENT_URI": prefix + r.target.script + r.target.info,
		"SCRIPT_FILENAME": r.root + r.target.script, "SCRIPT_NAME": prefix + r.target.script, "PATH_INFO": r.target.info,
		"HTTP_HOST": host, "HTTP_USER_AGENT": "distrobot", "REDIRECT_STATUS": "200",
		checkParam: r.gen,
	}
	if f.certificate(host) != nil {
		p["HTTPS"], p["REQUEST_SCHEME"], p["SERVER_PORT"] = "on", "https", "443"
	}
	return p
}

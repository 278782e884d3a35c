package local

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// Bounds of a site's program.
const (
	cgiTime   = 30 * time.Second
	cgiAnswer = 8 << 20 // bytes
)

// A call is a request to a program of the site, RFC 3875.
type call struct {
	request *http.Request
	body    io.Reader
	size    int
	script  file
	lock    *os.File // serving.lock: the program holds it as long as it lives
}

// cgi runs a program to its end and gives its answer. A visitor who goes away
// does not stop it: a write that was begun is finished.
func (g *generation) cgi(c call) (answer, error) {
	program := filepath.Join(g.dir, "root", c.script.rel)
	user, err := g.backend.user(g.backend.site(g.uri))
	if err != nil {
		return nil, err
	}
	env, err := g.cgiEnv(c)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err = run.Run(detached(c.request), run.Command{
		Program: program,
		Dir:     filepath.Dir(program),
		Env:     env,
		Stdin:   c.body,
		Stdout:  &out, StdoutLimit: cgiAnswer,
		Timeout: cgiTime,
		As:      user,
		Files:   []*os.File{c.lock},
	})
	if err != nil {
		return nil, err
	}
	return cgiAnswerOf(out.Bytes())
}

// cgiEnv is the whole environment of the program. The request header Proxy is
// left out because programs would take HTTP_PROXY for a setting.
func (g *generation) cgiEnv(c call) ([]string, error) {
	r := c.request
	name, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		name, port = r.Host, "80"
	}
	remote, _, _ := net.SplitHostPort(r.RemoteAddr)
	p, err := g.place()
	if err != nil {
		return nil, err
	}
	env := environ(values(p),
		"GATEWAY_INTERFACE=CGI/1.1", "SERVER_SOFTWARE=distrobot", "SERVER_PROTOCOL="+r.Proto,
		"SERVER_NAME="+name, "SERVER_PORT="+port, "REMOTE_ADDR="+remote, "REQUEST_METHOD="+r.Method,
		"SCRIPT_NAME="+path.Clean("/"+r.URL.Path), "SCRIPT_FILENAME="+filepath.Join(g.dir, "root", c.script.rel),
		"QUERY_STRING="+r.URL.RawQuery, "REQUEST_URI="+r.URL.RequestURI(), "HTTP_HOST="+r.Host,
		"CONTENT_LENGTH="+strconv.Itoa(c.size), "CONTENT_TYPE="+r.Header.Get("Content-Type"))
	for key, v := range r.Header {
		if key == "Proxy" || key == "Content-Type" || key == "Content-Length" || strings.Contains(key, "_") {
			continue
		}
		name := strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
		env = append(env, "HTTP_"+name+"="+strings.ReplaceAll(strings.Join(v, ", "), "\x00", ""))
	}
	return env, nil
}

// place is the generation as its program sees it.
func (g *generation) place() (hosting.Place, error) {
	s := g.backend.site(g.uri)
	p := hosting.Place{Root: filepath.Join(g.dir, "root"), Shared: s.path("shared"), Data: filepath.Join(g.dir, "versioned"), HTTPS: g.backend.HTTPS}
	p.URI, p.ID, p.Platform, p.Generation = g.uri, g.record.ID, g.record.Platform, g.record.Generation
	if g.record.Database == nil {
		return p, nil
	}
	var err error
	p.Database, err = g.backend.access(s, *g.record.Database)
	return p, err
}

// cgiAnswerOf reads header and body of a program's output.
func cgiAnswerOf(out []byte) (answer, error) {
	in := bufio.NewReader(bytes.NewReader(out))
	header, err := textproto.NewReader(in).ReadMIMEHeader()
	if err != nil || len(header) == 0 {
		return nil, fleet.Errorf(fleet.Failed, "The site's program answered without a header.").Because(err)
	}
	status := http.StatusOK
	if header.Get("Location") != "" {
		status = http.StatusFound
	}
	if s := header.Get("Status"); s != "" {
		code, _, _ := strings.Cut(s, " ")
		if status, err = strconv.Atoi(code); err != nil || status < 200 || status > 599 {
			return nil, fleet.Errorf(fleet.Failed, "The site's program answered with a wrong status.").Because(err)
		}
	}
	header.Del("Status")
	body, err := io.ReadAll(in)
	return func(w http.ResponseWriter, r *http.Request) {
		for key, v := range header {
			w.Header()[key] = v
		}
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(body)
		}
	}, err
}

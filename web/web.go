package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

//go:embed files
var files embed.FS

// A Desk says who may look, and takes votes; *commands.Table.
type Desk interface {
	// MayLook refuses who may not see the fleet, as a command of a reader does.
	MayLook(ctx context.Context, who fleet.Actor) error
	// ConfirmOnPage casts a vote as the press of Confirm in Slack does, if the
	// policy lets people do it here. It gives the sentence for the person, and
	// whether the vote counted.
	ConfirmOnPage(ctx context.Context, v fleet.PageVote) (text string, counted bool, err error)
}

// Config is what the pages are made of.
type Config struct {
	Pages       *fleet.Pages
	Planner     *fleet.Planner
	Catalog     *fleet.Catalog
	Tasks       *fleet.Tasks
	Hosts       *fleet.Hosts
	Logs        fleet.Logs
	Desk        Desk
	Differences *fleet.Differences                 // nil: commits and files are not shown
	Permalink   func(channel, ts string) string    // of a message in Slack, "" if nobody can tell; nil: no links
	SignIn      *SignIn                            // Sign in with Slack; nil offers none
	Now         func() time.Time                   // nil means time.Now
	Closing     <-chan struct{}                    // closed when streams must end; nil never
	Fault       func(r *http.Request, fault error) // is told what is wrong with us
}

// A Site is the handler of everything below fleet.PagePath.
type Site struct {
	Config
	mux     *http.ServeMux
	pages   *template.Template
	assets  map[string]asset
	streams chan struct{} // a place for each open stream
}

// An asset is a file that browsers keep for ever, as its address names its
// content.
type asset struct {
	kind, address string
	body          []byte
}

// maxStreams bounds the live pages and logs that are followed at once.
const maxStreams = 200

// New makes the pages.
func New(c Config) (*Site, error) {
	s := &Site{Config: c, mux: http.NewServeMux(), assets: map[string]asset{}, streams: make(chan struct{}, maxStreams)}
	if s.Now == nil {
		s.Now = time.Now
	}
	for name, kind := range map[string]string{"style.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"} {
		body, err := files.ReadFile("files/" + name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(body)
		s.assets[name] = asset{kind: kind, body: body, address: fleet.PagePath + name + "?" + hex.EncodeToString(sum[:6])}
	}
	t, err := template.New("").Funcs(s.words()).ParseFS(files, "files/*.html")
	if err != nil {
		return nil, fmt.Errorf("templates of the pages: %w", err)
	}
	s.pages = t
	s.routes()
	return s, nil
}

func (s *Site) routes() {
	at := func(pattern string, h http.HandlerFunc) {
		method, path, _ := strings.Cut(pattern, " ")
		s.mux.HandleFunc(method+" "+fleet.PagePath+path, h)
	}
	for name := range s.assets {
		at("GET "+name, s.file)
	}
	at("GET {$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, fleet.PagePath+"fleet", http.StatusFound)
	})
	at("GET open/{token}", s.open)
	at("POST open/{token}", s.open)
	at("GET sign-in", s.signIn)
	at("GET sign-in/back", s.signedIn)
	at("POST sign-out", s.inside(s.signOut))
	at("GET plan/{id}", s.inside(s.plan))
	at("POST plan/{id}/confirm", s.inside(s.confirm))
	at("GET compare/{from}/{to}", s.inside(s.compare))
	at("GET fleet", s.inside(s.fleet))
	at("GET fleet/{what}", s.inside(s.fleet))
	at("GET task/{id}", s.inside(s.task))
	at("GET live/fleet/{what}", s.inside(s.liveFleet))
	at("GET live/task/{id}", s.inside(s.liveTask))
	s.mux.HandleFunc(fleet.PagePath, func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, fleet.Errorf(fleet.NotFound, "There is no such page."))
	})
}

// ServeHTTP implements http.Handler. Nothing of another origin may be loaded by
// a page, frame it, or be told its address; nothing of it is kept.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	s.mux.ServeHTTP(w, r)
}

func (s *Site) file(w http.ResponseWriter, r *http.Request) {
	a := s.assets[strings.TrimPrefix(r.URL.Path, fleet.PagePath)]
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.body)
}

// A frame is what every page has around its own part.
type frame struct {
	Title   string
	Name    string // of the template of its own part
	At      string // the entry of the menu that it belongs to
	Who     string // signed in; "" before
	Token   string // for its forms
	Refresh int    // seconds after which it is loaded anew without script; 0 never
	Live    string // where it hears of changes; "" nowhere
	Page    any
}

// show draws a page. It is drawn as a whole first, so that a fault of ours is
// never half a page.
func (s *Site) show(w http.ResponseWriter, r *http.Request, status int, f frame) {
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, "frame", f); err != nil {
		s.fault(r, fmt.Errorf("draw %s: %w", f.Name, err))
		http.Error(w, "Something is wrong here. The log of distrobot says what.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // the reader may have gone
	}
}

// A notice is a page of one sentence.
type notice struct {
	Text, Hint string
	SignIn     bool   // offer it
	Open       string // the link that a press opens
}

// refuse shows why there is no page; a fault of ours is not shown.
func (s *Site) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var e *fleet.Error
	if !errors.As(err, &e) {
		if r.Context().Err() == nil {
			s.fault(r, err)
		}
		e = &fleet.Error{Text: "Something is wrong here; nothing was changed.", Hint: "The log of distrobot says what."}
	}
	status := map[fleet.Code]int{fleet.Forbidden: http.StatusForbidden, fleet.NotFound: http.StatusNotFound, fleet.Later: http.StatusServiceUnavailable,
		fleet.Invalid: http.StatusBadRequest, fleet.Refused: http.StatusConflict, fleet.Conflict: http.StatusConflict, "": http.StatusInternalServerError}[e.Code]
	if status == 0 {
		status = http.StatusConflict
	}
	title := "Not here"
	if status == http.StatusForbidden {
		title = "Not for you"
	}
	s.show(w, r, status, frame{Title: title, Name: "notice", Page: notice{Text: e.Text, Hint: e.Hint, SignIn: s.SignIn != nil && e.Code == fleet.Forbidden}})
}

func (s *Site) fault(r *http.Request, err error) {
	if s.Fault != nil {
		s.Fault(r, err)
	}
}

package workspace

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Server is one workspace. Create it with New, mount Handler, Close it last.
type Server struct {
	opts               Options
	botToken, appToken string
	methods            map[string]method
	ctx                context.Context // ends with Close; deliveries in the background hang on it
	cancel             context.CancelFunc
	background         sync.WaitGroup
	closing            sync.Mutex   // orders inBackground against Close
	client             *http.Client // HTTP mode
	link               *link
	mu                 sync.Mutex // guards everything below
	st                 *state
	base               string // as configured, or the listener's
	baseFixed          bool
	faults             map[string]fault
	buckets            map[string]*bucket
	watchers           map[chan struct{}]bool
	recent             []*envelope // last few payloads, for redelivery
	swept              time.Time   // when worn-out triggers and response URLs were last dropped
}

// New makes a workspace. It starts nothing that needs a listener; the caller
// serves Handler wherever it likes, on a loopback address.
func New(o Options) *Server {
	o = o.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		opts: o, ctx: ctx, cancel: cancel,
		// The prefixes are Slack's, since its libraries look at them; "local"
		// tells a person that these open nothing at slack.com.
		botToken: "xoxb-local-" + derive(o.Token, "bot token")[:32],
		appToken: "xapp-local-" + derive(o.Token, "app token")[:32],
		methods:  methodTable(), st: newState(o), faults: map[string]fault{},
		buckets: map[string]*bucket{}, watchers: map[chan struct{}]bool{},
	}
	s.client = &http.Client{Timeout: o.AckTimeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	s.link = newLink(s)
	if o.BaseURL != "" {
		s.SetBaseURL(o.BaseURL)
	}
	return s
}

// Token opens the page and the /workspace/ endpoints.
func (s *Server) Token() string { return s.opts.Token }

// BotToken is the xoxb token of the only app.
func (s *Server) BotToken() string { return s.botToken }

// AppToken is the xapp token that opens Socket Mode.
func (s *Server) AppToken() string { return s.appToken }

// SigningSecret signs what is sent in HTTP mode.
func (s *Server) SigningSecret() string { return s.opts.SigningSecret }

// BotUserID is the user id people mention the bot by.
func (s *Server) BotUserID() string { return s.st.bot.ID }

// SetBaseURL says how clients reach this server, for example
// http://127.0.0.1:8765. Without it the listener's address is used, which is
// known after the first request.
func (s *Server) SetBaseURL(base string) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base, s.baseFixed = u.Scheme+"://"+u.Host, true
}

// PageURL is what a person opens.
func (s *Server) PageURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base + "/?token=" + url.QueryEscape(s.opts.Token)
}

// Handler serves everything: /api/, /link, /response/, /workspace/ and the page.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveAPI)
	mux.HandleFunc("GET /link", s.link.serve)
	mux.HandleFunc("POST /response/{id}", s.serveResponse)
	mux.HandleFunc("GET /archives/{channel}/{message}", archive)
	mux.HandleFunc("POST /upload/{id}", s.serveUpload)
	for pattern, h := range s.scriptRoutes() {
		mux.Handle(pattern, s.RequireToken(h))
	}
	mux.Handle("/", s.page())
	return s.guard(mux)
}

// Close ends sockets, pending retries and event streams, and waits for them.
func (s *Server) Close() {
	s.closing.Lock() // so that nothing begins between the two
	s.cancel()
	s.closing.Unlock()
	s.link.closeAll()
	s.background.Wait()
}

// now is the workspace's clock.
func (s *Server) now() time.Time { return s.opts.Now() }

// touch marks a message (or, with nil, something else) as changed and wakes
// the pages that watch. Called with mu held.
func (s *Server) touch(m *message) {
	s.st.rev++
	if m != nil {
		m.rev = s.st.rev
	}
	for w := range s.watchers {
		select {
		case w <- struct{}{}:
		default: // already has a wake-up waiting
		}
	}
}

// inBackground runs f so that Close can wait for it, unless Close has begun.
// f must end with s.ctx.
func (s *Server) inBackground(f func()) bool {
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.background.Add(1)
	go func() {
		defer s.background.Done()
		f()
	}()
	return true
}

// archive leads Slack's address of a message, /archives/C0SITES/p1700000000000100,
// to its place on this page.
func archive(w http.ResponseWriter, r *http.Request) {
	ts, found := strings.CutPrefix(r.PathValue("message"), "p")
	if !found || len(ts) <= 6 || strings.Trim(ts, "0123456789") != "" {
		http.NotFound(w, r)
		return
	}
	http.Redirect(w, r, "/#"+url.PathEscape(r.PathValue("channel"))+"/"+ts[:len(ts)-6]+"."+ts[len(ts)-6:], http.StatusFound)
}

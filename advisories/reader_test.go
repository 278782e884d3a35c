package advisories_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/advisories"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
)

// A scene is a store with platforms, and a server whose answers a test chooses.
type scene struct {
	t      *testing.T
	store  *fleettest.Memory
	as     *fleet.Advisories
	server *httptest.Server
	reader *advisories.Reader

	mu    sync.Mutex
	pages map[string]http.HandlerFunc // by path
	asked []string
}

func newScene(t *testing.T, entries ...string) *scene {
	t.Helper()
	s := &scene{t: t, store: fleettest.New(), pages: map[string]http.HandlerFunc{}}
	s.as = &fleet.Advisories{Store: s.store}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.URL.Path)
		h := s.pages[r.URL.Path]
		s.mu.Unlock()
		if h == nil {
			http.NotFound(w, r)
			return
		}
		h(w, r)
	}))
	t.Cleanup(s.server.Close)
	for i, e := range entries {
		entries[i] = strings.Replace(e, "SERVER", s.server.URL, 1)
	}
	sources, err := advisories.Parse(entries, "feed-token")
	if err != nil {
		t.Fatal(err)
	}
	client := *s.server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.reader = &advisories.Reader{Advisories: s.as, Sources: sources, Client: &client, Interval: time.Hour, Agent: "distrobot/test"}
	return s
}

// has puts a ready platform with packages into the fleet.
func (s *scene) has(name fleet.PlatformName, kind fleet.KindName, packages ...fleet.Package) {
	s.t.Helper()
	err := s.store.Update(s.t.Context(), fleet.Catalogue, func(tx fleet.Tx) error {
		p, f := fleet.Platform{Name: name}, fleet.PlatformFacts{Platform: name}
		for _, r := range []fleet.Record{&p, &f} {
			if _, err := tx.Get(r); err != nil {
				return err
			}
		}
		p.Kind, p.State, f.Packages = kind, fleet.PlatformReady, packages
		tx.Put(&p)
		tx.Put(&f)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// says has the server answer a path with a text under an ETag.
func (s *scene) says(path, tag, text string) {
	s.answers(path, func(w http.ResponseWriter, r *http.Request) {
		if tag != "" && r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", tag)
		fmt.Fprint(w, text)
	})
}

func (s *scene) answers(path string, h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[path] = h
}

func (s *scene) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// turn lets time pass and reads what is due.
func (s *scene) turn(after time.Duration) int {
	s.t.Helper()
	s.store.Pass(after)
	n, err := s.reader.Turn(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *scene) feed(name string) fleet.Feed {
	s.t.Helper()
	f := fleet.Feed{Name: name}
	if err := fleet.One(s.t.Context(), s.store, &f, "source"); err != nil {
		s.t.Fatal(err)
	}
	return f
}

// exposed lists what the library says of a package.
func (s *scene) exposed(kind fleet.KindName, p fleet.Package) string {
	s.t.Helper()
	l, err := s.as.Library(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, e := range l.Match(kind, p) {
		out = append(out, strings.TrimSpace(e.Name()+" "+string(e.Severity)))
	}
	return strings.Join(out, "; ")
}

const composerSample = `{"advisories":{"acme/blog":[
 {"advisoryId":"PKSA-aaaa-bbbb-cccc","packageName":"acme/blog","remoteId":"GHSA-1","title":"Cross-site scripting","link":"https://example.org/a","cve":"CVE-2026-1000","affectedVersions":">=1.0,<1.2|>=2,<2.1","source":"GitHub","reportedAt":"2026-02-15 10:00:00","composerRepository":"https://packagist.org","severity":"high","sources":[{"name":"GitHub","remoteId":"GHSA-1"}]},
 {"advisoryId":"PKSA-dddd","packageName":"acme/blog","title":"No range","affectedVersions":"sometimes","severity":null},
 {"advisoryId":"PKSA-eeee","packageName":"acme/blog","title":"Old","cve":null,"affectedVersions":"<1.0","severity":"critical"}],
 "acme/unasked":[{"advisoryId":"PKSA-ffff","packageName":"acme/unasked","affectedVersions":"*"}]}}`

func TestComposer(t *testing.T) {
	s := newScene(t, "composer=SERVER/api")
	s.has("p1", "generic", fleet.Package{Name: "acme/blog", Type: "library", Version: "1.1.4"})
	query := ""
	s.answers("/api/", func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.Query().Get("packages[]")
		fmt.Fprint(w, composerSample)
	})
	if n := s.turn(0); n != 1 {
		t.Fatalf("%d sources were read", n)
	}
	if query != "acme/blog" {
		t.Errorf("asked for %q", query)
	}
	for version, want := range map[string]string{"1.1.4": "CVE-2026-1000 high", "1.2": "", "2.0.0": "CVE-2026-1000 high", "0.9": "PKSA-eeee critical"} {
		if got := s.exposed("generic", fleet.Package{Name: "acme/blog", Version: version}); got != want {
			t.Errorf("%s: %q, want %q", version, got, want)
		}
	}
	f := s.feed(s.reader.Sources[0].Name)
	if f.Count != 2 || f.Skipped != 1 || f.Failing != "" || !f.Checked.Equal(s.store.Now()) {
		t.Errorf("the source is %+v", f)
	}
	if n := s.turn(30 * time.Minute); n != 0 {
		t.Error("it was read before it was due")
	}
}

// A document that did not change is not sent again, unless other packages are
// looked for in it; one that cannot be read keeps what it said.
func TestUnchangedAndFailing(t *testing.T) {
	s := newScene(t, "wordpress=SERVER/feed")
	s.has("p1", "wordpress", fleet.Package{Name: "forms", Type: "plugin", Version: "1.2.3"})
	sent := 0
	s.answers("/feed", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer feed-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		sent++
		w.Header().Set("ETag", `"1"`)
		fmt.Fprint(w, wordpressSample)
	})
	s.turn(0)
	rev := s.feed("wordpress:" + s.server.URL + "/feed").Rev
	s.turn(2 * time.Hour)
	name := "wordpress:" + s.server.URL + "/feed"
	if f := s.feed(name); sent != 1 || f.Rev != rev || !f.Checked.Equal(s.store.Now()) || f.Count != 1 {
		t.Errorf("sent %d times; the source is %+v", sent, f)
	}
	s.has("p2", "wordpress", fleet.Package{Name: "twenty", Type: "theme", Version: "2.0"})
	s.turn(2 * time.Hour)
	if f := s.feed(name); sent != 2 || f.Count != 2 {
		t.Errorf("with another package: sent %d times; the source is %+v", sent, f)
	}
	known := s.store.Now()
	s.answers("/feed", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1800")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	s.turn(2 * time.Hour)
	f := s.feed(name)
	if !strings.Contains(f.Failing, "answered 503") || !f.Checked.Equal(known) || f.Next.Sub(s.store.Now()) != 30*time.Minute || f.Fails != 1 {
		t.Errorf("failing, the source is %+v", f)
	}
	if got := s.exposed("wordpress", fleet.Package{Name: "forms", Type: "plugin", Version: "1.2.3"}); got != "CVE-2026-2000 critical" {
		t.Errorf("what was known is now %q", got)
	}
	advice, err := s.as.Weigh(t.Context(), fleet.PlatformFacts{Platform: "p1", Packages: []fleet.Package{{Name: "forms", Type: "plugin", Version: "1.2.3"}}},
		fleet.PlatformFacts{Platform: "p1", Packages: []fleet.Package{{Name: "forms", Type: "plugin", Version: "1.2.5"}}})
	if err != nil || !advice.AsOf.Equal(known) || len(advice.Failing) != 1 {
		t.Errorf("stale advice is not dated: %+v, %v", advice, err)
	}
	s.turn(29 * time.Minute)
	if f := s.feed(name); f.Fails != 1 {
		t.Error("it was asked before the time that it wanted to be left alone")
	}
}

// wordpressSample has the shape of the feed that docs/advisories.md describes.
const wordpressSample = `{
"11111111-0000-4000-8000-000000000001": {"id":"11111111-0000-4000-8000-000000000001","title":"Forms <= 1.2.3 - SQL injection",
 "software":[{"type":"plugin","name":"Forms","slug":"Forms","affected_versions":{"* - 1.2.3":{"from_version":"*","from_inclusive":true,"to_version":"1.2.3","to_inclusive":true},"2.0 - 2.1":{"from_version":"2.0","from_inclusive":true,"to_version":"2.1","to_inclusive":false}},"patched":true,"patched_versions":["1.2.4","2.1"]}],
 "informational":false,"references":["https://example.org/1"],"cvss":{"vector":"CVSS:3.1/…","score":9.8,"rating":"Critical"},"cve":"CVE-2026-2000","published":"2026-03-01 00:00:00"},
"11111111-0000-4000-8000-000000000002": {"id":"11111111-0000-4000-8000-000000000002","title":"A note","informational":true,"software":[{"type":"plugin","slug":"forms","affected_versions":{"*":{"from_version":"*","from_inclusive":true,"to_version":"*","to_inclusive":true}}}]},
"11111111-0000-4000-8000-000000000003": {"id":"11111111-0000-4000-8000-000000000003","title":"Theme","software":[{"type":"theme","slug":"twenty","affected_versions":{"2.0":{"from_version":"2.0","from_inclusive":true,"to_version":"2.0","to_inclusive":true}}}],"cvss":null,"cve":null},
"11111111-0000-4000-8000-000000000004": "not a record"}`

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "advisories.yml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := newScene(t, "file="+path)
	name := "file:" + path
	s.has("p1", "drupal", fleet.Package{Name: "ours", Type: "module", Version: "7.x-1.2"}, fleet.Package{Name: "acme/blog", Type: "library", Version: "1.0"})
	s.turn(0)
	if f := s.feed(name); !strings.Contains(f.Failing, "cannot be opened") {
		t.Errorf("a file that is not there: %+v", f)
	}
	write("version: 1\nadvisories:\n  - {id: OURS-1, package: ours, affected: '<=7.x-1.3', severity: highly critical, title: Access bypass, url: https://example.org/o}\n" +
		"  - {id: BLOG-1, package: acme/blog, affected: '^1', severity: low, unsupported: true}\n  - {id: X, package: elsewhere, affected: '*'}\n")
	s.turn(time.Hour)
	if got := s.exposed("drupal", fleet.Package{Name: "ours", Type: "module", Version: "7.x-1.2"}); got != "OURS-1 critical" {
		t.Errorf("exposed to %q", got)
	}
	before := s.feed(name)
	s.turn(2 * time.Hour)
	if f := s.feed(name); f.Rev != before.Rev || f.Failing != "" {
		t.Errorf("unchanged, the source is %+v", f)
	}
	for text, want := range map[string]string{"version: 2": "version: 1", "version: 1\nadvisory: []": "unknown field", "- a": "not a file of advisories",
		`{"version": 1, "advisories": [{"id": 7, "package": "ours", "affected": "*", "why": ""}]}`: "unknown field"} {
		write(text)
		s.turn(6 * time.Hour)
		if f := s.feed(name); !strings.Contains(f.Failing, want) || f.Count != before.Count {
			t.Errorf("%q: %q, %d advisories kept", text, f.Failing, f.Count)
		}
	}
	write(`{"version": 1, "advisories": []}`)
	s.turn(6 * time.Hour)
	if f := s.feed(name); f.Failing != "" || f.Count != 0 {
		t.Errorf("emptied, the source is %+v", f)
	}
}

// What a server does wrong is told, and costs little.
func TestHostileServers(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		answer     http.HandlerFunc
	}{
		{"redirect", "sends on", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://example.org/x", http.StatusFound)
		}},
		{"nonsense", "not an object", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }},
		{"cut", "breaks off", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, wordpressSample[:900]) }},
		{"refusal", "refuses to answer (403)", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }},
		{"broken line", "annot be reached", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			fmt.Fprint(w, `{"a":`)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(t, "wordpress=SERVER/feed")
			s.has("p1", "wordpress", fleet.Package{Name: "forms", Type: "plugin", Version: "1"})
			s.answers("/feed", tt.answer)
			s.turn(0)
			if f := s.feed(s.reader.Sources[0].Name); !strings.Contains(f.Failing, tt.want) || f.Count != 0 || !f.Checked.IsZero() {
				t.Errorf("the source is %+v, want %q", f, tt.want)
			}
		})
	}
}

// A server that is down is not asked for every project, and is asked less and
// less often.
func TestBackOff(t *testing.T) {
	s := newScene(t, "drupal=SERVER/history")
	for i := range 20 {
		s.has(fleet.PlatformName(fmt.Sprintf("p%d", i)), "drupal", fleet.Package{Name: fmt.Sprintf("module%d", i), Type: "module", Version: "7.x-1.0"})
	}
	for i := range 20 {
		s.answers(fmt.Sprintf("/history/module%d/7.x", i), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	}
	waits := []time.Duration{}
	next := time.Duration(0)
	for range 5 {
		s.turn(next)
		next = s.feed(s.reader.Sources[0].Name).Next.Sub(s.store.Now())
		waits = append(waits, next)
	}
	if fmt.Sprint(waits) != "[5m0s 10m0s 20m0s 40m0s 1h0m0s]" || s.requests() != 5*3 {
		t.Errorf("waits %v, %d requests", waits, s.requests())
	}
	if f := s.feed(s.reader.Sources[0].Name); !strings.HasPrefix(f.Failing, "20 of 20 documents could not be read: ") {
		t.Errorf("it says %q", f.Failing)
	}
}

// A source that is taken out of the settings is forgotten with what it said.
func TestTakenOut(t *testing.T) {
	s := newScene(t, "composer=SERVER/api")
	s.has("p1", "generic", fleet.Package{Name: "acme/blog", Version: "1.1"})
	s.says("/api/", "", composerSample)
	s.turn(0)
	if s.exposed("generic", fleet.Package{Name: "acme/blog", Version: "1.1"}) == "" {
		t.Fatal("nothing was read")
	}
	(&advisories.Reader{Advisories: s.as}).Turn(t.Context())
	if got := s.exposed("generic", fleet.Package{Name: "acme/blog", Version: "1.1"}); got != "" {
		t.Errorf("still exposed to %q", got)
	}
}

func TestParse(t *testing.T) {
	for _, entry := range []string{"osv", "file", "file=relative.yml", "composer=ftp://example.org", "wordpress=https://u:p@example.org/x", "drupal=/etc/x", "drupal="} {
		if got, err := advisories.Parse([]string{entry}, ""); err == nil {
			t.Errorf("%q was taken: %+v", entry, got)
		}
	}
	got, err := advisories.Parse([]string{"drupal", " composer ", "", "file=/etc/a.yml", "file=https://example.org/a.json", "drupal"}, "")
	if err != nil || len(got) != 4 {
		t.Errorf("%+v, %v", got, err)
	}
}

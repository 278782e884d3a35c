package web

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// retryAfter is what visitors of a held site are told, in seconds.
const retryAfter = 3

// A vhost is what vhost.conf.tmpl is filled with: one host name and its sites.
type vhost struct {
	Host       string       // without a port
	Listen     []string     // plain HTTP
	TLS        *certificate // nil: none
	Base       string       // "https://shop.example.org"
	Challenges string       // "" if there is none
	MaxBody    string
	Seconds    int // a request may take
	Held       string
	Retry      int
	Hidden     []string // files that are never shown, whatever the site
	NotRun     []string // programs that are never run
	Programs   string   // never run where visitors upload
	Redirects  []redirect
	Sites      []place // the shortest prefix first
	Longest    []place // the same, the longest first
	Whole      bool    // one of them is at the root
}

type certificate struct {
	Listen           []string
	Certificate, Key string
}

type redirect struct {
	Names []string
	To    string
	TLS   *certificate
}

// A place is one site of a vhost. Private and NoRun are regular expressions.
type place struct {
	URI              fleet.URI
	Prefix, PrefixRE string
	Root, Hold       string
	Socket           string
	PHP              bool
	Private, NoRun   []string
}

// programs are what an upload is never run or shown as.
const programs = `\.(?:php[0-9]?|pht|phtml|phar|phps|cgi|pl|py|rb|sh|aspx?|jsp)(?:/|$)`

// hidden are files below a docroot that no visitor needs: sources, dumps and
// settings of the systems we know. The lists of .htaccess files that Drupal,
// Backdrop and MediaWiki ship say the same to Apache. Only what exists is hidden;
// a wiki may have a page named robots.ini, or .NET. The first is spelled out by
// withheld as well.
var hidden = []string{
	`/(?:.*/)?\.(?!well-known(?:/|$)).*`,
	`/.*\.(?:engine|inc|install|make|module|profile|po|sh|theme|twig|xtmpl|yml|yaml|lock|ini|cgi|phps|tpl\.php)$`,
	`/.*\.(?:sql|sqlite3?|sqlite-(?:wal|shm|journal)|mysql|dump)(?:\.(?:gz|zst|bz2|xz|zip))?$`,
	`/.*(?:~|\.(?:bak|old|orig|save|swp|swo|log))$`,
	`/(?:.*/)?(?:composer\.json|package(?:-lock)?\.json|site\.json|view\.json|secrets\.json|web\.config|wp-config[^/]*)$`,
	`/(?:sites/[^/]+/)?(?:local)?settings[^/]*\.php[^/]*$`,
	`/(?:sites/[^/]+/)?files/(?:config_[^/]+|private|php)(?:/.*)?$`,
	`/sites/[^/]+/private(?:/.*)?$`,
	`/images/(?:deleted|lockdir|temp)(?:/.*)?$`,
}

// notRun are programs that are no pages: libraries, tools, and what was
// uploaded to the usual places.
var notRun = []string{
	`/(?:.*/)?(?:vendor|node_modules)/.*` + programs,
	`/(?:maintenance|includes|languages|serialized|tests)/.*` + programs,
	`/(?:wp-content/(?:uploads|files|cache|upgrade)|(?:sites/[^/]+/)?files|images|uploads|media|cache|tmp|userfiles)/.*` + programs,
	`/(?:.*/)?uploads/.*` + programs,
}

// vhost describes a host with the sites given, at least one.
func (f *Front) vhost(host string, sites []Served) vhost {
	name, port := nameAndPort(host)
	v := vhost{
		Host: name, Listen: f.listen(port), TLS: f.certificate(host), Base: "http://" + host,
		Challenges: f.Challenges, MaxBody: f.maxBody(), Seconds: int(f.limit() / time.Second),
		Held: filepath.Join(f.Dir, "held.html"), Retry: retryAfter, Hidden: hidden, NotRun: notRun, Programs: programs,
	}
	if v.TLS != nil {
		v.Base = "https://" + host
	}
	slices.SortFunc(sites, func(a, b Served) int {
		if d := len(a.URI) - len(b.URI); d != 0 {
			return d
		}
		return strings.Compare(string(a.URI), string(b.URI))
	})
	for _, s := range sites {
		p := f.place(s)
		v.Sites = append(v.Sites, p)
		v.Whole = v.Whole || p.Prefix == ""
		v.Redirects = append(v.Redirects, f.redirects(s, v)...)
	}
	v.Longest = slices.Clone(v.Sites)
	slices.Reverse(v.Longest)
	return v
}

func (f *Front) place(s Served) place {
	_, prefix := hostOf(s.URI)
	p := place{
		URI: s.URI, Prefix: prefix, PrefixRE: regexp.QuoteMeta(prefix), PHP: s.PHP,
		Root: filepath.Join(s.Dir, "live", "www"), Hold: filepath.Join(s.Dir, "hold"), Socket: f.socket(s.URI),
	}
	for _, rel := range s.Private {
		p.Private = append(p.Private, p.PrefixRE+regexp.QuoteMeta("/"+rel))
	}
	for _, rel := range s.Uploads {
		p.NoRun = append(p.NoRun, p.PrefixRE+regexp.QuoteMeta("/"+rel))
	}
	return p
}

// redirects sends the aliases of a site to its address, by TLS where they have a
// certificate of their own or the site has one.
func (f *Front) redirects(s Served, v vhost) []redirect {
	_, prefix := hostOf(s.URI)
	var out []redirect
	for _, a := range s.Aliases {
		r := redirect{Names: []string{string(a)}, To: v.Base + prefix, TLS: f.certificate(string(a))}
		if r.TLS == nil && v.TLS != nil {
			r.TLS = v.TLS
		}
		out = append(out, r)
	}
	return out
}

// listen gives the plain listeners, with another port if a site asks for one.
func (f *Front) listen(port string) []string {
	l := f.Listen
	if len(l) == 0 {
		l = everywhere("80")
	}
	if port == "" {
		return l
	}
	var out []string
	for _, a := range l {
		switch host, _, err := net.SplitHostPort(a); {
		case strings.HasPrefix(a, "unix:"):
			out = append(out, a)
		case err == nil && host != "":
			if strings.Contains(host, ":") {
				host = "[" + host + "]"
			}
			out = append(out, host+":"+port)
		default:
			out = append(out, port)
		}
	}
	return out
}

// everywhere listens on all addresses of the kinds this machine has.
func everywhere(port string) []string {
	if _, err := os.Stat("/proc/net/if_inet6"); err != nil {
		return []string{port}
	}
	return []string{port, "[::]:" + port}
}

// tls gives the certificate of a host; nil if it has none. Hosts with a port of
// their own are for tests and intranets and served without.
func (f *Front) certificate(host string) *certificate {
	if f.Certificate == "" || f.Key == "" || strings.Contains(host, ":") {
		return nil
	}
	at := func(pattern string) string { return strings.ReplaceAll(pattern, "{host}", host) }
	t := &certificate{Certificate: at(f.Certificate), Key: at(f.Key), Listen: f.listenTLS()}
	for _, p := range []string{t.Certificate, t.Key} {
		if info, err := os.Stat(p); err != nil || !info.Mode().IsRegular() {
			return nil
		}
	}
	return t
}

func (f *Front) listenTLS() []string {
	if len(f.ListenTLS) > 0 {
		return f.ListenTLS
	}
	return everywhere("443")
}

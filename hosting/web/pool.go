package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
)

// A pool is what pool.conf.tmpl is filled with.
type pool struct {
	URI             string
	Name            string
	User            *run.User
	Socket, Group   string
	Children        int
	Seconds         int
	Dir, Temp, Log  string
	Gate            string
	MaxBody, Memory string
	Basedir         string
	Digest          string // of all the above, to see whether PHP-FPM took it over
}

// pool describes the pool of a site.
func (f *Front) pool(s Served) pool {
	p := f.emptyPool()
	p.URI, p.Name, p.User, p.Socket = string(s.URI), poolName(s.URI), s.User, f.socket(s.URI)
	p.Dir, p.Temp, p.Log = s.Dir, filepath.Join(s.Dir, "tmp"), filepath.Join(s.Dir, "logs", "php.log")
	if f.Confine {
		p.Basedir = strings.Join([]string{s.Dir, f.Dir, "/usr/share"}, ":")
	}
	return p
}

// basePool has no site. It keeps PHP-FPM startable when there is none, and tells
// which configuration runs.
func (f *Front) basePool() pool {
	p := f.emptyPool()
	p.URI, p.Name, p.Socket, p.Children = "itself", "distrobot", filepath.Join(f.Dir, "run", "base.sock"), 2
	p.Dir, p.Temp, p.Log = filepath.Join(f.Dir, "none"), "/tmp", "/dev/null"
	if os.Geteuid() == 0 {
		p.User = &run.User{UID: 65534, GID: 65534} // nobody
	}
	return p
}

func (f *Front) emptyPool() pool {
	p := pool{
		Children: f.Children, Seconds: int(f.limit() / time.Second), Gate: f.gate(),
		MaxBody: f.maxBody(), Memory: fmt.Sprintf("%dM", orDefault(f.Memory, 256)),
	}
	p.Children = orDefault(p.Children, 10)
	if os.Geteuid() == 0 {
		p.Group = f.group()
	}
	return p
}

// renderPool fills the template, with a digest of what it holds and of the gate.
func (f *Front) renderPool(p pool) ([]byte, string, error) {
	text, err := f.render("pool.conf.tmpl", p)
	if err != nil {
		return nil, "", err
	}
	p.Digest = digest(append(text, gateText...))
	text, err = f.render("pool.conf.tmpl", p)
	return text, p.Digest, err
}

// poolName is a name that people recognise in a list of processes.
func poolName(u fleet.URI) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '_'
	}, string(u))
	return plain + "-" + short(u)
}

func short(u fleet.URI) string {
	sum := sha256.Sum256([]byte(u))
	return hex.EncodeToString(sum[:6])
}

// socket is where the pool of a site listens; the path of a unix socket must be
// short, so it is not named by the site.
func (f *Front) socket(u fleet.URI) string { return filepath.Join(f.Dir, "run", short(u)+".sock") }

func (f *Front) poolGlob() string { return filepath.Join(f.Dir, "pools", "*.conf") }

func (f *Front) gate() string { return filepath.Join(f.Dir, "gate.php") }

// group is the group of nginx.
func (f *Front) group() string {
	for _, g := range []string{f.Group, "www-data", "nginx"} {
		if _, err := user.LookupGroup(g); err == nil {
			return g
		}
	}
	return f.Group
}

func (f *Front) limit() time.Duration { return orDefault(f.Limit, 5*time.Minute) }

func (f *Front) maxBody() string { return fmt.Sprintf("%dm", orDefault(f.MaxBody, 64)) }

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

package web

import (
	"context"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A Front configures nginx and PHP-FPM for the sites of one machine. Make one
// with its fields; those without a comment on their zero value must be set. It
// is safe for concurrent use, also by several processes over one Dir.
type Front struct {
	Dir       string // absolute, DATA/web; made when needed
	Templates string // directory of vhost.conf.tmpl and pool.conf.tmpl that replace ours; may be empty

	Nginx, FPM Server

	Listen    []string // as in nginx's listen; empty: port 80 of all addresses
	ListenTLS []string // empty: port 443 of all addresses
	// Certificate and Key are files for {host}. A host that has both is served by
	// TLS, and plain requests are sent there. Empty: no TLS.
	Certificate, Key string
	// Challenges is the directory of ACME answers, the webroot of certbot.
	Challenges string

	Group    string        // nginx's, which may connect to pools; empty: www-data or nginx, what there is
	MaxBody  int           // MiB of a request; 0: 64
	Memory   int           // MiB of one PHP request; 0: 256
	Children int           // PHP requests of one site at a time; 0: 10
	Limit    time.Duration // of one PHP request, which is killed then; 0: 5 minutes
	Confine  bool          // open_basedir: PHP opens files of its own site only
	Wait     time.Duration // until servers have taken a configuration over; 0: 60 s

	mu    sync.Mutex
	queue []*change
	busy  bool
}

// A Server is a program that is tested and reloaded by command lines, like
// nginx -t and nginx -s reload.
type Server struct {
	Test, Reload []string
	// Dump prints the whole configuration, included files too, for Problems:
	// nginx -T, php-fpm8.2 -tt. May be empty.
	Dump []string
}

// Put makes the front serve the site, or serve it as s says now, and returns
// when it does. Repeated calls change nothing. Errors that people may read are
// *fleet.Error; after one the site is served as before.
func (f *Front) Put(ctx context.Context, s Served) error {
	s, err := f.cleaned(s)
	if err != nil {
		return err
	}
	return f.submit(ctx, &change{uri: s.URI, site: &s})
}

// Drop ends the serving of a site; one that is not served is no error.
func (f *Front) Drop(ctx context.Context, uri fleet.URI) error {
	if _, err := fleet.ParseURI(string(uri)); err != nil {
		return err
	}
	return f.submit(ctx, &change{uri: uri})
}

// Refresh renders every site again, after templates, settings or certificates
// changed; call it when a worker starts. What did not change costs no reload.
func (f *Front) Refresh(ctx context.Context) error { return f.submit(ctx, &change{all: true}) }

// A change is one caller's wish.
type change struct {
	uri  fleet.URI
	site *Served // nil: to be dropped
	all  bool    // render everything again
	done chan error
}

// submit hands a change to the one goroutine that changes the configuration,
// which takes all that wait at once: many sites cost few reloads.
func (f *Front) submit(ctx context.Context, c *change) error {
	c.done = make(chan error, 1)
	f.mu.Lock()
	f.queue = append(f.queue, c)
	if !f.busy {
		f.busy = true
		go f.work()
	}
	f.mu.Unlock()
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
	}
	if f.withdraw(c) {
		return context.Cause(ctx)
	}
	return <-c.done // under way; it is bounded
}

// withdraw takes back a change that nobody has begun.
func (f *Front) withdraw(c *change) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.queue {
		if f.queue[i] == c {
			f.queue = append(f.queue[:i], f.queue[i+1:]...)
			return true
		}
	}
	return false
}

// work applies changes until none is left.
func (f *Front) work() {
	for {
		f.mu.Lock()
		batch := f.queue
		f.queue = nil
		if len(batch) == 0 {
			f.busy = false
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		f.apply(batch)
	}
}

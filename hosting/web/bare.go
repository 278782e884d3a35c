package web

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// A Bare front leaves web servers alone, for people who keep their own virtual
// hosts and only want the pointer moved: it offers the gate (see WriteGate) and
// asks what they serve.
type Bare struct {
	Dir   string // DATA/web: for the gate
	Sites string // DATA/sites
	// Address is where the people's web server listens: "127.0.0.1:80".
	Address string
}

//go:embed router.php
var routerText []byte

// Put offers the gate, and lets the site's user lock it.
func (b *Bare) Put(_ context.Context, s Served) error {
	return errors.Join(WriteGate(b.Dir), put(filepath.Join(b.Dir, "router.php"), routerText), openGate(s))
}

// Drop has nothing to do: the virtual host is the people's.
func (b *Bare) Drop(context.Context, fleet.URI) error { return nil }

// Forget has nothing to do: whose PHP-FPM it is, is not known.
func (b *Bare) Forget(context.Context, fleet.URI, string) (int, error) { return 0, nil }

// Warm has nothing to do either.
func (b *Bare) Warm(context.Context, fleet.URI, string) (int, error) { return 0, nil }

// Compiled does not know either.
func (b *Bare) Compiled(context.Context, fleet.URI) ([]string, error) { return nil, nil }

// Probe fetches what a visitor of a site gets, without following redirects.
func (b *Bare) Probe(ctx context.Context, uri fleet.URI, page string) (hosting.Answer, error) {
	return fetch(ctx, b.Address, uri, page)
}

// Check serves a generation by PHP's own server, as the site's user, on a free
// port of loopback for the one request. The answer's Log is what PHP said.
func (b *Bare) Check(ctx context.Context, uri fleet.URI, gen, page string) (hosting.Answer, error) {
	site := filepath.Join(b.Sites, fileName(uri))
	root, err := filepath.EvalSymlinks(filepath.Join(site, "gen", filepath.Base(gen), "www"))
	if err != nil {
		return hosting.Answer{}, err
	}
	user, err := userOf(site)
	if err != nil {
		return hosting.Answer{}, err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return hosting.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	var log transcript
	ended := make(chan error, 1)
	serving, stop := context.WithCancel(ctx)
	go func() {
		_, err := run.Run(serving, run.Command{
			Program: "php", Args: []string{"-d", "log_errors=1", "-d", "display_errors=0", "-S", address, "-t", root, filepath.Join(b.Dir, "router.php")},
			Dir: root, Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HOME=" + root}, As: user, Lines: log.line, KillGrace: time.Millisecond,
		})
		ended <- err
	}()
	a, err := patiently(ctx, ended, func() (hosting.Answer, error) { return fetch(ctx, address, uri, page) })
	stop()
	if err == nil {
		<-ended
	}
	a.Log = log.String()
	return a, err
}

// patiently asks until the server listens, or has ended.
func patiently(ctx context.Context, ended <-chan error, ask func() (hosting.Answer, error)) (hosting.Answer, error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		a, err := ask()
		if err == nil {
			return a, nil
		}
		select {
		case why := <-ended:
			return a, fmt.Errorf("PHP's own server: %w", errors.Join(why, err))
		case <-ctx.Done():
			return a, err
		case <-tick.C:
		}
	}
}

// userOf reads the site's user as hosting/local keeps it; nil is our own.
func userOf(site string) (*run.User, error) {
	text, err := os.ReadFile(filepath.Join(site, "user.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var id struct{ UID, GID uint32 }
	if err := json.Unmarshal(text, &id); err != nil {
		return nil, err
	}
	if id.GID == 0 {
		id.GID = id.UID
	}
	return &run.User{UID: id.UID, GID: id.GID}, nil
}

func freeAddress(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// fetch gets a page of a site from the server at address.
func fetch(ctx context.Context, address string, uri fleet.URI, page string) (hosting.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	host, prefix := hostOf(uri)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+prefix+page, nil)
	if err != nil {
		return hosting.Answer{}, err
	}
	req.Host = host
	req.Header.Set("User-Agent", "distrobot")
	t := &http.Transport{DisableKeepAlives: true}
	begin := time.Now()
	resp, err := t.RoundTrip(req)
	if err != nil {
		return hosting.Answer{}, fleet.Errorf(fleet.Failed, "The site %s did not answer.", uri).Because(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, hosting.MaxBody))
	return hosting.Answer{Status: resp.StatusCode, Bytes: int64(len(body)), Body: body, Took: time.Since(begin)}, err
}

// maxTranscript bounds what is kept of what PHP says, in bytes.
const maxTranscript = 16 << 10

// A transcript keeps lines.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (t *transcript) line(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.text.Len() < maxTranscript {
		t.text.WriteString(s + "\n")
	}
}

// String gives what was said.
func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

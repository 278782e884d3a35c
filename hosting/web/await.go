package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// awaitNginx waits until nginx runs the configuration with a serial, and nothing
// else: a reload only tells the master to begin, and for a while workers of the
// old configuration take connections beside the new ones.
func (f *Front) awaitNginx(ctx context.Context, serial string, since time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, f.wait())
	defer cancel()
	first := time.Time{}
	err := until(ctx, func() error {
		got, err := f.serial(ctx)
		now, pid, _ := strings.Cut(got, " ")
		switch {
		case err != nil:
			return err
		case now != serial:
			first = time.Time{}
			return fmt.Errorf("nginx runs %q, not %q", now, serial)
		case first.IsZero():
			first = time.Now()
		}
		old, known := oldWorkers(pid, since)
		limit := overlap
		if known {
			limit = 10 * overlap // whatever the process table says
		}
		if (old > 0 || !known) && time.Since(first) < limit {
			return fmt.Errorf("%d workers have the old configuration", old)
		}
		return nil
	})
	if err == nil {
		return nil
	}
	return fleet.Errorf(fleet.Failed, "nginx was told to reload, but does not use the new configuration. %s", afterRefusal).
		WithHint(`The http block of nginx.conf needs the line: %s And nginx's error log may say more.`, f.includeLine()).Because(err)
}

// overlap is how long nothing but new workers must answer where processes cannot
// be looked at. nginx's master tells the old ones to stop after 100 ms.
const overlap = time.Second

// serial asks nginx what configuration it runs, and which process answers.
func (f *Front) serial(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+probeName+"/serial", nil)
	if err != nil {
		return "", err
	}
	t := f.transport(false, "")
	defer t.CloseIdleConnections()
	resp, err := t.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 100))
	if resp.StatusCode != http.StatusOK {
		err = errors.Join(err, fmt.Errorf("status %d", resp.StatusCode))
	}
	return string(b), err
}

// awaitPools waits until PHP-FPM runs the new pools, and each of them, as its
// user, runs the gate.
func (f *Front) awaitPools(ctx context.Context, p *plan) error {
	ctx, cancel := context.WithTimeout(ctx, f.wait())
	defer cancel()
	if err := f.awaitPool(ctx, f.basePool().Socket, p.fpm); err != nil {
		return fleet.Errorf(fleet.Failed, "PHP-FPM was told to reload, but does not use the new configuration. %s", afterRefusal).
			WithHint(`The end of php-fpm.conf needs the line: include=%s And PHP-FPM's log may say more.`, f.poolGlob()).Because(err)
	}
	for _, s := range p.pools {
		if err := f.awaitSite(ctx, s); err != nil {
			e := fleet.Errorf(fleet.Failed, "PHP of the site %s does not start. %s", s.URI, afterRefusal).
				WithHint("Its user must be able to read %s; PHP-FPM's log may say more.", f.gate())
			return &refusal{err: e.Because(err)} // of one site, not of the others
		}
	}
	return nil
}

// siteTime is how long the first process of a pool may take to start.
const siteTime = 15 * time.Second

func (f *Front) awaitSite(ctx context.Context, s Served) error {
	ctx, cancel := context.WithTimeout(ctx, min(siteTime, f.wait()))
	defer cancel()
	_, want, err := f.renderPool(f.pool(s))
	if err != nil {
		return err
	}
	return f.awaitPool(ctx, f.socket(s.URI), want)
}

func (f *Front) awaitPool(ctx context.Context, socket, want string) error {
	return until(ctx, func() error {
		a, err := hello(ctx, socket, f.gate())
		if err == nil && string(a.body) != want {
			err = fmt.Errorf("the pool answers %d %.100q %.300q, not %q", a.status, a.body, a.log, want)
		}
		return err
	})
}

// hello asks a pool which configuration it has; the gate answers.
func hello(ctx context.Context, socket, gate string) (reply, error) {
	return ask(ctx, call{socket: socket, params: map[string]string{
		"SCRIPT_FILENAME": gate, "REQUEST_METHOD": http.MethodGet, checkParam: "pool",
	}})
}

// until repeats try until it succeeds or ctx is done, and gives its last error.
func until(ctx context.Context, try func() error) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// transport connects to the front whatever host a request is for. Certificates
// are not checked: it is this machine, and a certificate that ran out is not the
// code's fault.
func (f *Front) transport(secure bool, port string) *http.Transport {
	network, addr := f.dialled(secure, port)
	return &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   insecure(),
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, addr)
		},
	}
}

// dialled is where this machine reaches the first listener, or the first one of
// a site's own port.
func (f *Front) dialled(secure bool, own string) (network, addr string) {
	l, port := f.listen(own)[0], "80"
	if secure {
		l, port = f.listenTLS()[0], "443"
	}
	l, _, _ = strings.Cut(l, " ")
	if path, ok := strings.CutPrefix(l, "unix:"); ok {
		return "unix", path
	}
	host, p, err := net.SplitHostPort(l)
	switch {
	case err == nil:
		port = p
	case strings.Trim(l, "0123456789") == "":
		port = l
	default:
		host = strings.Trim(l, "[]")
	}
	switch host {
	case "", "*", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	return "tcp", net.JoinHostPort(host, port)
}

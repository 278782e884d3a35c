package store

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// Times of the connection. Slack waits 3 s for an answer, so a server that
// does not answer is given up well before, and callers' deadlines hold too.
const (
	dialTimeout = 2 * time.Second
	ioTimeout   = 3 * time.Second
)

// silence keeps go-redis from printing to standard error: whatever it would say
// is in the errors that it returns, which we report. It can only be set for the
// whole process, and before the first client is used.
var silence = sync.OnceFunc(func() { redis.SetLogger(mute{}) })

// mute is a logger that says nothing.
type mute struct{}

// Printf implements go-redis's logger.
func (mute) Printf(context.Context, string, ...any) {}

// connect makes the client that the URL asks for.
func (s *Store) connect(o Options) error {
	silence()
	switch {
	case o.URL == "memory":
		return s.connectMemory()
	case o.URL == "local":
		return s.connectLocal(o)
	}
	u, err := parseURL(o.URL)
	if err != nil {
		return err
	}
	if err := o.TLS.use(u); err != nil {
		return err
	}
	s.copies.Store(u.MasterName != "") // what a Sentinel watches has replicas, be they away
	s.use(redis.NewUniversalClient(u))
	return nil
}

// use adopts a client.
func (s *Store) use(c redis.UniversalClient) {
	s.client = c
	s.closers = append(s.closers, c.Close)
}

// connectMemory starts a Redis inside this process, without a port.
func (s *Store) connectMemory() error {
	s.inProcess = true
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true) // otherwise nothing ever expires
	s.closers = append(s.closers, func() error { m.Close(); return nil })
	s.useDialer(func(context.Context, string, string) (net.Conn, error) {
		c, err := m.Dial()
		if err != nil {
			return nil, err
		}
		return newBufferedConn(c), nil
	})
	return nil
}

// useDialer connects to one server through a dialer.
func (s *Store) useDialer(dial func(context.Context, string, string) (net.Conn, error)) {
	o := &redis.UniversalOptions{Addrs: []string{"here"}, Dialer: dial}
	tune(o)
	s.use(redis.NewClient(o.Simple()))
}

// tune sets what all clients share. A commit that is repeated by the client
// after a lost reply is executed once, so repeating is right.
func tune(o *redis.UniversalOptions) {
	o.ContextTimeoutEnabled = true
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = dialTimeout, ioTimeout, ioTimeout
	o.MaxRetries, o.MaxRedirects = 3, 8
	o.DialerRetries = 1 // the repetitions above dial again
	o.ClientName = "distrobot"
}

// parseURL reads the URLs of servers. Its errors never quote the URL, which
// may hold a password.
func parseURL(raw string) (*redis.UniversalOptions, error) {
	bad := fleet.Errorf(fleet.Invalid, "DISTROBOT_REDIS_URL is not an address of Redis.").WithHint(
		"Use redis://HOST:PORT, rediss://…, unix:///PATH, redis+sentinel://HOST:PORT,HOST:PORT/MASTER, redis+cluster://HOST:PORT,HOST:PORT, local or memory.")
	u, err := url.Parse(raw)
	if err != nil {
		return nil, bad
	}
	o := &redis.UniversalOptions{}
	tune(o)
	scheme, kind, _ := strings.Cut(u.Scheme, "+")
	switch {
	case kind == "" && (scheme == "redis" || scheme == "rediss" || scheme == "unix"):
		one, err := redis.ParseURL(raw)
		if err != nil {
			return nil, bad
		}
		o.Addrs, o.DB, o.Username, o.Password, o.TLSConfig = []string{one.Addr}, one.DB, one.Username, one.Password, one.TLSConfig
		if one.Network == "unix" {
			o.Dialer = dialUnix
		}
		return o, nil
	case (scheme != "redis" && scheme != "rediss") || u.Host == "":
		return nil, bad
	}
	o.Addrs = strings.Split(u.Host, ",")
	o.Username = u.User.Username()
	o.Password, _ = u.User.Password()
	if scheme == "rediss" {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	switch master := strings.Trim(u.Path, "/"); {
	case kind == "sentinel" && master != "":
		o.MasterName = master
		o.SentinelUsername, o.SentinelPassword = u.Query().Get("sentinel_user"), u.Query().Get("sentinel_password")
	case kind == "cluster" && master == "":
		o.IsClusterMode = true
	default:
		return nil, bad
	}
	return o, nil
}

// dialUnix ignores the network that a universal client assumes.
func dialUnix(ctx context.Context, _, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	return d.DialContext(ctx, "unix", addr)
}

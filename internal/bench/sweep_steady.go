package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/distrobot/distrobot/internal/mirror"
)

// sweepsAnHour is how often each repository is read at the default interval of
// a minute.
const sweepsAnHour = 60

// steady notes what watching costs when nothing happens: the bytes of a look on
// a connection that is open already, and the CPU time of a sweep, over an hour.
func steady(ctx context.Context, b *B, cpu time.Duration) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var up, down atomic.Int64
	server := &http.Server{Handler: newSweepHandler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(bothWays{l, &up, &down}) }() // ends with Close
	defer server.Close()
	lister := mirror.NewLister(loopback)
	defer lister.Close()
	const looks = 20
	for i := range looks + 1 {
		if i == 1 { // the first learns what the server can do
			up.Store(0)
			down.Store(0)
		}
		repo := mirror.Repo{URL: sweepURL("http://"+l.Addr().String(), 0)}
		if _, err := lister.List(ctx, repo, []string{"refs/heads/main"}); err != nil {
			return fmt.Errorf("look at one repository: %w", err)
		}
	}
	hour := func(n int64) float64 { return float64(n) / looks * sweepRepos * sweepsAnHour / 1e6 }
	b.Note("sweep-wall steady state of %d repositories, each read %d times an hour: %.1f MB down and %.1f MB up an hour", sweepRepos, sweepsAnHour, hour(down.Load()), hour(up.Load()))
	b.Note("sweep-cpu steady state of %d repositories, each read %d times an hour: %.1f s CPU an hour", sweepRepos, sweepsAnHour, cpu.Seconds()*sweepsAnHour)
	return nil
}

// bothWays counts what a server receives and sends, headers included, TLS apart.
type bothWays struct {
	net.Listener
	in, out *atomic.Int64
}

func (l bothWays) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return bothWaysConn{c, l.in, l.out}, nil
}

type bothWaysConn struct {
	net.Conn
	in, out *atomic.Int64
}

func (c bothWaysConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.in.Add(int64(n))
	return n, err
}

func (c bothWaysConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.out.Add(int64(n))
	return n, err
}

package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/sample"
)

// gitRefs compares one poll of a branch in a repository with 100,000 refs, by
// our client and by git ls-remote, on a real git http-backend.
func gitRefs() Measurement {
	return Measurement{Names: []string{"refs-wall", "refs-bytes"}, Run: runGitRefs}
}

const manyRefs = 100_000

func runGitRefs(ctx context.Context, b *B) ([]Row, error) {
	if err := makeManyRefs(ctx, b.Dir); err != nil {
		return nil, err
	}
	server, err := serveGit(b.Dir)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	url := server.URL + "/many.git"
	lister := mirror.NewLister(loopback)
	defer lister.Close()

	ours := func(ctx context.Context, _ int) error {
		l, err := lister.List(ctx, mirror.Repo{URL: url}, []string{"refs/heads/main"})
		if _, ok := l.Find("refs/heads/main"); err == nil && !ok {
			return fmt.Errorf("the branch is not listed")
		}
		return err
	}
	lsRemote := func(ctx context.Context, _ int) error {
		out, err := sample.Git(ctx, b.Dir, "", "ls-remote", "--exit-code", url, "refs/heads/main")
		if err == nil && out == "" {
			return fmt.Errorf("the branch is not listed")
		}
		return err
	}
	medians, err := Interleave(ctx, 11, Contender{Name: "ours", Run: ours}, Contender{Name: "git ls-remote", Run: lsRemote})
	if err != nil {
		return nil, err
	}
	down, err := server.sentFor(ctx, 10, ours)
	if err != nil {
		return nil, err
	}
	b.Note("refs-wall %d refs: ours %.1f ms, git ls-remote %.1f ms", manyRefs, ms(medians[0]), ms(medians[1]))
	return []Row{
		{Name: "refs-wall", Value: medians[0].Seconds() / medians[1].Seconds(), Bound: 0.10},
		{Name: "refs-bytes", Value: down, Bound: 1000},
	}, nil
}

// sentFor returns how many bytes the server sends for one call of do, the mean of
// n. It shuts the server down, because an answer may reach the client before its
// last bytes have been counted.
func (s *gitServer) sentFor(ctx context.Context, n int, do func(context.Context, int) error) (float64, error) {
	before := s.sent.Load()
	for i := range n {
		if err := do(ctx, i); err != nil {
			return 0, err
		}
	}
	if err := s.Shutdown(ctx); err != nil {
		return 0, err
	}
	sent := s.sent.Load() - before
	if sent <= 0 {
		return 0, fmt.Errorf("the server sent nothing")
	}
	return float64(sent) / float64(n), nil
}

// loopback is the policy for servers that a measurement started itself.
var loopback = mirror.Policy{AllowPrivate: true, AllowHTTP: true}

// makeManyRefs makes many.git: a few branches, the rest what GitHub keeps of
// pull requests.
func makeManyRefs(ctx context.Context, dir string) error {
	repo, err := sample.Init(ctx, filepath.Join(dir, "many.git"))
	if err != nil {
		return err
	}
	hash, err := repo.Commit(ctx, "main", "First", map[string]sample.File{"a": {Content: "1"}})
	if err != nil {
		return err
	}
	names := []string{"refs/heads/main", "refs/heads/next", "refs/tags/1.0.0", "refs/tags/1.1.0"}
	for i := len(names); i < manyRefs; i++ {
		names = append(names, fmt.Sprintf("refs/pull/%d/head", i))
	}
	return repo.PackedRefs(names, hash)
}

// gitServer serves repositories and counts the bytes it sends, headers included.
type gitServer struct {
	*http.Server
	URL  string
	sent atomic.Int64
}

func serveGit(root string) (*gitServer, error) {
	handler, err := mirror.HTTPBackend(root)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &gitServer{URL: "http://" + l.Addr().String()}
	s.Server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(countingListener{l, &s.sent}) }() // ends with Close
	return s, nil
}

type countingListener struct {
	net.Listener
	sent *atomic.Int64
}

func (l countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countingConn{c, l.sent}, nil
}

type countingConn struct {
	net.Conn
	sent *atomic.Int64
}

func (c countingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

package store_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
	"github.com/distrobot/distrobot/store/storetest"
)

// A lossy stands between client and server and loses answers: the server has
// executed the commit, the client sees its connection break.
type lossy struct {
	socket string
	lose   atomic.Int64 // how many answers to commits are still to be lost
	lost   atomic.Int64
}

func newLossy(t *testing.T, to string) *lossy {
	t.Helper()
	dir, err := os.MkdirTemp("", "lossy")
	if err != nil {
		t.Fatal(err)
	}
	p := &lossy{socket: filepath.Join(dir, "s")}
	l, err := net.Listen("unix", p.socket)
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { p.serve(c, to) })
		}
	})
	t.Cleanup(func() { l.Close(); open.Wait(); os.RemoveAll(dir) })
	return p
}

// serve carries one connection. A request that runs the commit script marks
// the next answer.
func (p *lossy) serve(client net.Conn, to string) {
	defer client.Close()
	server, err := net.Dial("unix", to)
	if err != nil {
		return
	}
	defer server.Close()
	var commit atomic.Bool
	go func() {
		defer server.Close()
		buf := make([]byte, 1<<16)
		for {
			n, err := client.Read(buf)
			if err != nil {
				return
			}
			if bytes.Contains(buf[:n], []byte("evalsha")) {
				commit.Store(true)
			}
			if _, err := server.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		if commit.Swap(false) && !bytes.HasPrefix(buf[:n], []byte("-NOSCRIPT")) && p.lose.Add(-1) >= 0 {
			p.lost.Add(1)
			return
		}
		if _, err := client.Write(buf[:n]); err != nil && err != io.EOF {
			return
		}
	}
}

// TestLostReplies loses the answers of commits. The client repeats them; they
// are executed once. When all repetitions are lost the caller is told that it
// is not known, and it happened once or not at all.
func TestLostReplies(t *testing.T) {
	server := storetest.Start(t)
	p := newLossy(t, server.Socket())
	s, err := store.Open(t.Context(), store.Options{URL: "unix://" + p.socket, Key: []byte("k"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	raise := func() error {
		return s.Update(t.Context(), fleet.Schedules, func(tx fleet.Tx) error {
			d := &fleet.Digest{Name: "n"}
			if _, err := tx.Get(d); err != nil {
				return err
			}
			d.Spec += "x"
			d.Next = time.UnixMilli(int64(len(d.Spec)))
			tx.Put(d)
			tx.Emit(fleet.Effect{Review: "d"})
			return nil
		})
	}
	if err := raise(); err != nil { // loads the script
		t.Fatal(err)
	}
	for lose := range 6 {
		before, _ := look(t, s)
		p.lose.Store(int64(lose))
		p.lost.Store(0)
		err := raise()
		p.lose.Store(0)
		n, effects := look(t, s)
		if p.lost.Load() != int64(min(lose, 4)) {
			t.Errorf("%d answers were lost, want %d", p.lost.Load(), lose)
		}
		if lose <= 3 && (err != nil || n != before+1) || lose > 3 && (fleet.CodeOf(err) != fleet.Later || n > before+1) {
			t.Errorf("%d answers lost: %v; from %d to %d", lose, err, before, n)
		}
		if effects != n {
			t.Errorf("%d answers lost: %d effects of %d commits", lose, effects, n)
		}
	}
}

// look gives how often the digest was raised and how many effects there are.
func look(t *testing.T, s *store.Store) (n, effects int) {
	t.Helper()
	d := &fleet.Digest{Name: "n"}
	if _, err := s.Read(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	pending, err := s.Pending(t.Context(), fleet.Schedules, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(d.Spec), len(pending)
}

// TestAway asserts that a storage which is away is told as such, soon, and that
// work goes on when it is back.
func TestAway(t *testing.T) {
	server := storetest.Start(t)
	s, err := store.Open(t.Context(), store.Options{URL: server.URL(), Key: []byte("k")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	server.Stop()
	begun := time.Now()
	err = s.Update(t.Context(), fleet.Catalogue, func(tx fleet.Tx) error { return nil })
	if fleet.CodeOf(err) != fleet.Later || time.Since(begun) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(begun))
	}
	if _, err := s.Read(t.Context(), &fleet.Site{URI: "a"}); fleet.CodeOf(err) != fleet.Later {
		t.Error(err)
	}
	server.Restart()
	if _, err := s.Read(t.Context(), &fleet.Site{URI: "a"}); err != nil {
		t.Error(err)
	}
}

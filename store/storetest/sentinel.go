package storetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A Sentinel is a master and a replica on free loopback ports, watched by one
// sentinel.
type Sentinel struct {
	t       testing.TB
	masters string // address of the first master
	master  string // its pid file
	addr    string // of the sentinel
	replica string // its pid file
}

// StartSentinel starts the three, ends them with the test, and returns when the
// sentinel knows the replica.
func StartSentinel(t testing.TB) *Sentinel {
	t.Helper()
	p := freePorts(t, 3)
	first := filepath.Join(t.TempDir(), "pid")
	startAt(t, p[0], "--repl-diskless-sync-delay", "0", "--pidfile", first)
	pid := filepath.Join(t.TempDir(), "pid")
	startAt(t, p[1], "--replicaof", fmt.Sprintf("127.0.0.1 %d", p[0]), "--pidfile", pid)
	conf := filepath.Join(t.TempDir(), "sentinel.conf") // the sentinel rewrites it
	text := fmt.Sprintf("sentinel monitor main 127.0.0.1 %d 1\nsentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 5000\n", p[0])
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	startAt(t, p[2], conf, "--sentinel")
	s := &Sentinel{t: t, addr: fmt.Sprintf("127.0.0.1:%d", p[2]), replica: pid, masters: fmt.Sprintf("127.0.0.1:%d", p[0]), master: first}
	s.await("the sentinel knows the replica", func(info string) bool { return strings.Contains(info, "slaves=1") })
	return s
}

// URL is what DISTROBOT_REDIS_URL would be.
func (s *Sentinel) URL() string { return "redis+sentinel://" + s.addr + "/main" }

// FreezeReplica stops the first replica; the returned function lets it go on.
func (s *Sentinel) FreezeReplica() (awake func()) {
	s.t.Helper()
	SignalByFile(s.t, s.replica, syscall.SIGSTOP)
	return func() { s.t.Helper(); SignalByFile(s.t, s.replica, syscall.SIGCONT) }
}

// CutReplica cuts the first replica off: it gets no more writes. The returned
// function kills the first master and waits until the replica, which lacks
// what was written since, has taken its place.
func (s *Sentinel) CutReplica() (promote func()) {
	s.t.Helper()
	awake := s.FreezeReplica()
	if line, err := ask("tcp", s.masters, "CLIENT KILL TYPE replica"); err != nil || !strings.HasPrefix(line, ":") {
		s.t.Fatalf("CLIENT KILL: %s, %v", line, err)
	}
	return func() {
		s.t.Helper()
		KillByFile(s.t, s.master)
		awake()
		s.await("the replica takes over", func(string) bool {
			now, err := askAll(s.addr, "SENTINEL get-master-addr-by-name main")
			_, port, _ := strings.Cut(s.masters, ":")
			return err == nil && strings.Contains(now, "127.0.0.1") && !strings.Contains(now, port)
		})
	}
}

// Failover makes the replica the master.
func (s *Sentinel) Failover() {
	s.t.Helper()
	before, _ := askAll(s.addr, "SENTINEL get-master-addr-by-name main")
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		line, err := ask("tcp", s.addr, "SENTINEL FAILOVER main")
		if err == nil && line == "+OK" {
			break
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the sentinel refuses to fail over: %s, %v", line, err)
		}
	}
	s.await("the master changes", func(string) bool {
		now, err := askAll(s.addr, "SENTINEL get-master-addr-by-name main")
		return err == nil && now != before
	})
}

// await polls the sentinel's INFO.
func (s *Sentinel) await(what string, ok func(info string) bool) {
	s.t.Helper()
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if info, err := askAll(s.addr, "INFO sentinel"); err == nil && ok(info) {
			return
		}
	}
	s.t.Fatalf("%s: waited in vain", what)
}

// startAt starts a redis-server on a port of loopback.
func startAt(t testing.TB, port int, args ...string) {
	t.Helper()
	dir := t.TempDir()
	var conf []string
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		conf, args = args[:1], args[1:] // a configuration file comes first
	}
	argv := append([]string{"redis-server"}, conf...)
	argv = append(argv, "--bind", "127.0.0.1", "--port", fmt.Sprint(port), "--dir", dir, "--save", "")
	if len(conf) == 0 {
		argv = append(argv, "--appendonly", "yes", "--appendfsync", "always")
	}
	stop, err := Launch(context.Background(), append(argv, args...), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = stop(ctx)
	})
	awaitPong(t, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
}

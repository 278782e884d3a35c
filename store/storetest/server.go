package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// A Server is a redis-server of one test on a private unix socket.
type Server struct {
	t      testing.TB
	dir    string
	socket string
	args   []string
	before []string // redis-server on its command line
	stop   func(context.Context) error
}

// Start starts a Redis that is ended with the test. args are added to its
// command line. It keeps an append-only file, written out before each reply
// is given unless args say otherwise.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	return start(t, nil, args)
}

func start(t testing.TB, before, args []string) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "redis") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, dir: dir, socket: filepath.Join(dir, "s"), args: args, before: before}
	s.Restart()
	t.Cleanup(func() {
		s.Stop()
		os.RemoveAll(dir)
	})
	return s
}

// URL is what DISTROBOT_REDIS_URL would be.
func (s *Server) URL() string { return "unix://" + s.socket }

// Socket is the path of the unix socket.
func (s *Server) Socket() string { return s.socket }

// Restart starts the server again after Stop or Kill and waits until it
// answers.
func (s *Server) Restart() {
	s.t.Helper()
	argv := slices.Concat(s.before, []string{"redis-server", "--port", "0", "--unixsocket", s.socket, "--dir", s.dir, "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--pidfile", filepath.Join(s.dir, "pid")}, s.args)
	stop, err := Launch(context.Background(), argv, s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	s.stop = stop
	awaitPong(s.t, "unix", s.socket)
}

// Stop ends the server in good order.
func (s *Server) Stop() {
	if s.stop == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.stop(ctx); errors.Is(err, context.DeadlineExceeded) {
		s.t.Errorf("redis-server does not end: %v", err)
	}
	s.stop = nil
}

// Kill ends the server with SIGKILL.
func (s *Server) Kill() {
	s.t.Helper()
	KillByFile(s.t, filepath.Join(s.dir, "pid"))
	s.Stop()
}

// Freeze stops the server; the returned function lets it go on.
func (s *Server) Freeze() (awake func()) {
	s.t.Helper()
	pid := filepath.Join(s.dir, "pid")
	SignalByFile(s.t, pid, syscall.SIGSTOP)
	return func() { s.t.Helper(); SignalByFile(s.t, pid, syscall.SIGCONT) }
}

// KillByFile ends the process named in a pid file with SIGKILL.
func KillByFile(t testing.TB, pidfile string) {
	t.Helper()
	SignalByFile(t, pidfile, syscall.SIGKILL)
}

// SignalByFile sends the process named in a pid file a signal.
func SignalByFile(t testing.TB, pidfile string, sig syscall.Signal) {
	t.Helper()
	b, err := os.ReadFile(pidfile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid <= 1 {
		t.Fatalf("pid file holds %q", b)
	}
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatal(err)
	}
}

// Launch starts a program as cmd/distrobot does for "local"; it fits
// store.Options.Start. The error names the package to install.
func Launch(ctx context.Context, argv []string, dir string) (func(context.Context) error, error) {
	env := run.Environ()
	if _, err := run.LookPath(argv[0], env); err != nil {
		return nil, fmt.Errorf("%s is needed and missing; apt-get install redis-server: %w", argv[0], err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := run.Run(ctx, run.Command{Program: argv[0], Args: argv[1:], Dir: dir, Env: env})
		ended <- err
	}()
	return func(wait context.Context) error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-wait.Done():
			return wait.Err()
		}
	}, nil
}

// awaitPong waits until a Redis answers.
func awaitPong(t testing.TB, network, addr string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if line, _ := ask(network, addr, "PING"); line == "+PONG" {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatalf("redis-server at %s does not answer", addr)
}

// ask sends one inline command and gives the first line of the answer.
func ask(network, addr, command string) (string, error) {
	c, err := net.DialTimeout(network, addr, time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	if _, err := c.Write([]byte(command + "\r\n")); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	return strings.TrimSpace(line), err
}

// Commands runs commands on one connection; each has to be answered with
// anything but an error.
func (s *Server) Commands(lines ...string) {
	s.t.Helper()
	c, err := net.DialTimeout("unix", s.socket, time.Second)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	in := bufio.NewReader(c)
	for _, line := range lines {
		if _, err := c.Write([]byte(line + "\r\n")); err != nil {
			s.t.Fatal(err)
		}
		if got, err := in.ReadString('\n'); err != nil || strings.HasPrefix(got, "-") {
			s.t.Fatalf("%s: %s, %v", line, got, err)
		}
	}
}

// Info waits until INFO has a line.
func (s *Server) Info(line string) {
	s.t.Helper()
	awaitThat(s.t, line, func() bool {
		c, err := net.DialTimeout("unix", s.socket, time.Second)
		if err != nil {
			return false
		}
		defer c.Close()
		if c.SetDeadline(time.Now().Add(5*time.Second)) != nil {
			return false
		}
		if _, err := c.Write([]byte("INFO\r\nQUIT\r\n")); err != nil {
			return false
		}
		text, _ := io.ReadAll(c)
		return strings.Contains(string(text), line+"\r\n")
	})
}

// Dir is where the server keeps its files.
func (s *Server) Dir() string { return s.dir }

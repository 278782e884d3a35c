package lamp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// readyTime bounds how long a server may take to listen. It is long because
// machines differ; nothing sleeps for it.
const readyTime = 60 * time.Second

// A Server is a running program in a directory of its own.
type Server struct {
	Dir string // its configuration, sockets and log; removed by Stop

	command run.Command
	socket  string // it is ready when this accepts connections
	log     string // path

	pid  int
	stop context.CancelFunc
	done chan struct{}
	err  error // of the end, once done is closed
}

// newDir makes a directory for a server: short, because paths of sockets are
// limited to 107 bytes, and passable for other users.
func newDir() (string, error) {
	dir, err := os.MkdirTemp("", "lamp")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

// start runs the program and waits until it listens.
func (s *Server) start() error {
	g, err := startGuard()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	started := make(chan int, 1)
	s.stop, s.done = stop, make(chan struct{})
	c := s.command
	c.Started = func(pid int) { g.watch(pid); started <- pid }
	go func() {
		defer close(s.done)
		defer g.release()
		result, err := run.Run(ctx, c)
		if err != nil {
			s.err = fmt.Errorf("%w\n%s", err, result.Stderr)
		}
	}()
	select {
	case s.pid = <-started:
	case <-s.done:
		return s.err
	}
	return s.await()
}

// await waits until the socket accepts a connection.
func (s *Server) await() error {
	deadline := time.After(readyTime)
	for {
		c, err := net.Dial("unix", s.socket)
		if err == nil {
			return c.Close()
		}
		select {
		case <-s.done:
			return fmt.Errorf("%s ended: %w\n%s", filepath.Base(s.command.Program), s.err, s.Log())
		case <-deadline:
			s.halt()
			return fmt.Errorf("%s does not listen after %s: %w\n%s", filepath.Base(s.command.Program), readyTime, err, s.Log())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Pid is the process id of the server's first process.
func (s *Server) Pid() int { return s.pid }

// Log is what the server has written to its log.
func (s *Server) Log() string {
	text, _ := os.ReadFile(s.log)
	return string(text)
}

// Kill ends the server and its workers as a crash does (SIGKILL).
func (s *Server) Kill() {
	_ = syscall.Kill(-s.pid, syscall.SIGKILL)
	<-s.done
}

// Restart starts a server that was killed again, on its old data.
func (s *Server) Restart() error {
	select {
	case <-s.done:
		_ = os.Remove(s.socket)
		return s.start()
	default:
		return errors.New("the server still runs")
	}
}

// halt ends the server if it runs.
func (s *Server) halt() {
	s.stop()
	<-s.done
}

// Stop ends the server and removes its directory. It may be called twice.
func (s *Server) Stop() {
	s.halt()
	_ = os.RemoveAll(s.Dir)
}

// find gives the path of a program that may be in a directory which only root's
// PATH has; pack is the Debian package to install when it is missing.
func find(pack string, names ...string) (string, error) {
	for _, name := range names {
		if path, err := run.LookPath(name, nil); err == nil { // the default PATH has /usr/sbin
			return path, nil
		}
		if found, _ := filepath.Glob(filepath.Join("/usr/sbin", name)); len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return "", fmt.Errorf("%s is missing: install the Debian package %s", names[0], pack)
}

// account gives a user of the system, nil when this process may not become it.
func account(name string) (*run.User, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	return &run.User{UID: uint32(uid), GID: uint32(gid)}, errors.Join(err1, err2)
}

// FreePort gives a TCP port of loopback that nobody uses at the moment.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

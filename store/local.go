package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// localServer is the Redis of "local": one redis-server per data directory on
// a unix socket, started by the first process that needs it. Every connection
// makes sure that it runs, so a server that was killed, or that ended with the
// process that had started it, is started again by whoever asks next. The
// append-only file is written out before each reply: nothing acknowledged is
// lost.
type localServer struct {
	dir    string // of the server's files
	socket string
	start  func(ctx context.Context, argv []string, dir string) (func(context.Context) error, error)
	log    *slog.Logger
	life   context.Context // of the server, not of a request
	end    context.CancelFunc

	turn chan struct{}               // holds one value: only one goroutine starts the server
	mu   sync.Mutex                  // guards stop
	stop func(context.Context) error // of the server this process started, else nil
}

// How long a server may take. Reading a large append-only file takes time, so
// a start is given up only when its asker gives up.
const (
	stopTime  = 15 * time.Second
	pollEvery = 5 * time.Millisecond
)

// connectLocal uses the server of a data directory.
func (s *Store) connectLocal(o Options) error {
	if o.DataDir == "" || o.Start == nil {
		return fleet.Errorf(fleet.Invalid, "The local storage needs a data directory.").WithHint("Set DISTROBOT_DATA.")
	}
	dir, err := filepath.Abs(filepath.Join(o.DataDir, "redis"))
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return fleet.Errorf(fleet.Invalid, "The data directory cannot be written.").WithHint("Set DISTROBOT_DATA to a directory of yours.").Because(err)
	}
	socket, err := socketFor(dir)
	if err != nil {
		return err
	}
	l := &localServer{dir: dir, socket: socket, start: o.Start, log: o.Log, turn: make(chan struct{}, 1)}
	l.life, l.end = context.WithCancel(context.Background())
	s.closers = append(s.closers, l.close)
	s.local = l
	s.useDialer(l.dial)
	return nil
}

// socketFor gives the path of the socket: in the directory, or, where that is
// too long for a socket's address (108 bytes), in a private directory that is
// derived from it.
func socketFor(dir string) (string, error) {
	path := filepath.Join(dir, "redis.sock")
	if len(path) <= 100 {
		return path, nil
	}
	sum := sha256.Sum256([]byte(dir))
	short := filepath.Join(os.TempDir(), "distrobot-"+hex.EncodeToString(sum[:8]))
	err := os.Mkdir(short, 0o700)
	if err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("store: directory of the socket: %w", err)
	}
	if st, err := os.Lstat(short); err != nil || !st.IsDir() || st.Mode().Perm() != 0o700 || !mine(st) {
		return "", fmt.Errorf("store: %s is not a private directory of ours", short)
	}
	return filepath.Join(short, "redis.sock"), nil
}

func mine(st os.FileInfo) bool {
	sys, ok := st.Sys().(*syscall.Stat_t)
	return ok && int(sys.Uid) == os.Geteuid()
}

// dial connects, and starts the server if it does not run.
func (l *localServer) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if c, err := dialUnix(ctx, "", l.socket); err == nil {
		return c, nil
	}
	if err := l.ensure(ctx); err != nil {
		return nil, err
	}
	return dialUnix(ctx, "", l.socket)
}

// ensure returns when the server answers. Over all processes one at a time
// looks after it.
func (l *localServer) ensure(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	unlock, err := lockFile(ctx, filepath.Join(l.dir, "lock"))
	if err != nil {
		return err
	}
	defer unlock()
	// A server that listens may be one that is about to end, with the process
	// that started it and was killed just now.
	if err := poll(ctx, func() (bool, error) { return l.ready(ctx) || !l.listening(ctx), nil }); err != nil {
		return err
	}
	if !l.listening(ctx) {
		if err := l.launch(ctx); err != nil {
			return err
		}
	}
	return poll(ctx, func() (bool, error) { return l.ready(ctx), nil })
}

// launch starts the server, once a former one has wholly ended: two servers
// would spoil each other's files.
func (l *localServer) launch(ctx context.Context) error {
	if l.life.Err() != nil {
		return net.ErrClosed
	}
	if l.reap() {
		l.log.Warn("the local Redis had ended; it is started again", slog.String("dir", l.dir))
	}
	pidfile := filepath.Join(l.dir, "redis.pid")
	if err := poll(ctx, func() (bool, error) { return !redisRuns(pidfile), nil }); err != nil {
		return err
	}
	stop, err := l.start(l.life, []string{"redis-server", "--port", "0",
		"--unixsocket", l.socket, "--unixsocketperm", "700", "--dir", l.dir, "--pidfile", pidfile,
		"--appendonly", "yes", "--appendfsync", "always", "--save", "",
		"--maxmemory-policy", "noeviction", "--daemonize", "no", "--loglevel", "warning"}, l.dir)
	if err != nil {
		return fleet.Errorf(fleet.Later, "The local Redis could not be started.").
			WithHint("Install redis-server (Debian: apt-get install redis-server), or set DISTROBOT_REDIS_URL to a Redis that runs.").Because(err)
	}
	l.mu.Lock()
	l.stop = stop
	l.mu.Unlock()
	return nil
}

// listening reports whether something accepts connections.
func (l *localServer) listening(ctx context.Context) bool {
	c, err := dialUnix(ctx, "", l.socket)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// ready asks the server whether it has read its files.
func (l *localServer) ready(ctx context.Context) bool {
	c, err := dialUnix(ctx, "", l.socket)
	if err != nil {
		return false
	}
	defer c.Close()
	if c.SetDeadline(time.Now().Add(time.Second)) != nil {
		return false
	}
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	return err == nil && strings.HasPrefix(line, "+PONG")
}

// reap ends what this process started before, if anything.
func (l *localServer) reap() bool {
	l.mu.Lock()
	stop := l.stop
	l.stop = nil
	l.mu.Unlock()
	if stop == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := stop(ctx); err != nil {
		l.log.Debug("the local Redis has ended", slog.Any("error", err))
	}
	return true
}

// close ends the server if this process started it; others that still need it
// start it again.
func (l *localServer) close() error {
	l.end() // nothing is started any more; a server that runs is told to stop
	l.reap()
	return nil
}

// redisRuns reports whether the process named in a pid file is a Redis.
func redisRuns(pidfile string) bool {
	b, err := os.ReadFile(pidfile)
	if err != nil {
		return false
	}
	cmd, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(b)), "cmdline"))
	return err == nil && strings.Contains(string(cmd), "redis-server")
}

// lockFile takes an exclusive lock that ends with the process at the latest.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: lock: %w", err)
	}
	err = poll(ctx, func() (bool, error) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("store: lock %s: %w", path, err)
	}
	return func() { f.Close() }, nil
}

// poll asks until the answer is yes, an error, or ctx ends.
func poll(ctx context.Context, ask func() (bool, error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if ok, err := ask(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

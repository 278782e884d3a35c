package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"time"
)

// buildDistrobot compiles the program that is measured into dir.
func buildDistrobot(ctx context.Context, dir string) (string, error) {
	exe := filepath.Join(dir, "distrobot")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", exe, "github.com/distrobot/distrobot/cmd/distrobot").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return exe, nil
}

// A program is a process of ours and what it has said.
type program struct {
	name   string
	data   string // its own directory, where it has one
	cmd    *exec.Cmd
	screen *screen
	ended  chan struct{}
}

// startTime bounds how long a program may take until it is ready.
const startTime = 60 * time.Second

// A launch says how a program is started.
type launch struct {
	until *regexp.Regexp // in what it says, when it is ready
	env   []string       // all that it gets
	argv  []string
	uid   uint32 // the user it runs as, and the group of that number; 0 is ourselves
}

// startProgram runs argv with nothing but env and returns when until matches
// what it has said; that match is given back.
func startProgram(ctx context.Context, until *regexp.Regexp, env []string, argv ...string) (*program, []string, error) {
	return launch{until: until, env: env, argv: argv}.start(ctx)
}

func (l launch) start(ctx context.Context) (*program, []string, error) {
	p := &program{name: filepath.Base(l.argv[0]), screen: newScreen(), ended: make(chan struct{})}
	if len(l.argv) > 1 {
		p.name += " " + l.argv[1]
	}
	p.cmd = exec.CommandContext(ctx, l.argv[0], l.argv[1:]...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = l.env, p.screen, p.screen
	if l.uid != 0 {
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: l.uid, Gid: l.uid}}
	}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 20 * time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, nil, err
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in ProcessState
		close(p.ended)
	}()
	timer := time.NewTimer(startTime)
	defer timer.Stop()
	for {
		if found := l.until.FindStringSubmatch(p.screen.text()); found != nil {
			return p, found, nil
		}
		select {
		case <-p.screen.wake:
		case <-p.ended:
			return nil, nil, fmt.Errorf("%s ended with %v:\n%s", p.name, p.cmd.ProcessState, p.screen.text())
		case <-timer.C:
			p.end()
			return nil, nil, fmt.Errorf("%s was not ready within %v:\n%s", p.name, startTime, p.screen.text())
		}
	}
}

// end asks the program to end, insists after WaitDelay, and waits.
func (p *program) end() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.ended:
	case <-time.After(p.cmd.WaitDelay):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// screen keeps the last that a program has said.
type screen struct {
	wake chan struct{} // holds a value after something new

	mu  sync.Mutex
	buf bytes.Buffer
}

func newScreen() *screen { return &screen{wake: make(chan struct{}, 1)} }

// screenLimit bounds what is kept; what is waited for comes in the beginning.
const screenLimit = 1 << 20

// Write implements io.Writer.
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	if s.buf.Len() > screenLimit {
		s.buf.Next(screenLimit / 2)
	}
	s.buf.Write(b)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// bareEnv is what programs get of our own environment, and settings.
func bareEnv(settings ...string) []string {
	env := settings
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

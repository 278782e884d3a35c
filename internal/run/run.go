package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Run starts c and waits until it and everything it left in its process group
// has ended. Every error is an *Error; use errors.Is with the causes above, with
// context.Canceled or with context.DeadlineExceeded.
func Run(ctx context.Context, c Command) (Result, error) {
	result := Result{ExitCode: -1}
	path, err := LookPath(c.Program, c.Env)
	if err != nil {
		return result, err
	}
	if err := checkEnv(c); err != nil {
		return result, newError(c, -1, "", err)
	}
	if ctx.Err() != nil {
		return result, newError(c, -1, "", context.Cause(ctx))
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if c.Timeout > 0 {
		timer := time.AfterFunc(c.Timeout, func() { stop(fmt.Errorf("%w of %s", ErrTimeout, c.Timeout)) })
		defer timer.Stop()
	}

	out := newStreams(c, stop)
	begin := time.Now()
	state, err := supervise(ctx, c, out.command(path, c))
	out.flush()
	result.Duration = time.Since(begin)
	result.Stdout, result.Stderr = out.stdout.String(), out.stderr.String()
	result.ExitCode = state
	// The program may have ended by itself before the stop reached it, but what
	// it wrote is incomplete.
	if err == nil && out.cut() {
		err = context.Cause(ctx)
	}
	if err != nil || state != 0 {
		return result, newError(c, state, result.Stderr, err)
	}
	return result, nil
}

// supervise starts cmd, ends its group when ctx is done, and reaps it. The exit
// code is -1 after a signal. The error is nil whenever the program ended by
// itself and all of its output was read. A program that was told to stop has
// failed even if it exits with 0: nobody knows how far it got.
func supervise(ctx context.Context, c Command, cmd *exec.Cmd) (int, error) {
	// The parent-death signal fires when the thread that made the child ends, not
	// the process. Holding the goroutine on its thread until the child is gone
	// keeps that thread alive.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		if errors.Is(err, syscall.ENOENT) && cmd.Dir != "" {
			return -1, fmt.Errorf("start in %s: %w", cmd.Dir, err)
		}
		return -1, err
	}
	if c.Started != nil {
		c.Started(cmd.Process.Pid)
	}
	group := -cmd.Process.Pid
	exited, reap := await(cmd)
	var stopped error
	select {
	case <-exited:
	case <-ctx.Done():
		stopped = context.Cause(ctx)
		_ = syscall.Kill(group, syscall.SIGTERM)
		grace := time.NewTimer(orDefault(c.KillGrace, DefaultKillGrace))
		select {
		case <-exited:
		case <-grace.C:
		}
		grace.Stop()
	}
	// The program is now a zombie or out of time. Either way its pid still names
	// its group, so this cannot hit a stranger.
	_ = syscall.Kill(group, syscall.SIGKILL)
	<-exited
	return ending(cmd, reap(), stopped)
}

// ending interprets how the reaped program ended. err is what Wait returned,
// stopped the reason why the program was told to stop, if it was.
func ending(cmd *exec.Cmd, err, stopped error) (int, error) {
	code := cmd.ProcessState.ExitCode()
	var exit *exec.ExitError
	switch {
	case stopped != nil:
		return code, stopped
	case errors.Is(err, exec.ErrWaitDelay):
		return code, ErrHeldOutput
	case errors.As(err, &exit) && code == -1:
		return code, fmt.Errorf("ended by a signal (%s)", cmd.ProcessState)
	case errors.As(err, &exit):
		return code, nil
	}
	return code, err
}

// streams are the collectors of one program's output.
type streams struct {
	stdout, stderr tail
	lines          []*liner
	copied         *capped  // standard output, if the caller takes it
	direct         *os.File // standard output, if the program writes to it itself
}

func newStreams(c Command, stop func(error)) *streams {
	r := newRedactor(c.Secrets)
	limit := orDefault(c.OutputLimit, DefaultOutputLimit)
	s := &streams{
		stdout: tail{redactor: r, limit: limit},
		stderr: tail{redactor: r, limit: limit},
	}
	if c.Lines != nil {
		var mu sync.Mutex
		for range 2 {
			s.lines = append(s.lines, &liner{redactor: r, mu: &mu, emit: c.Lines})
		}
	}
	if f, ok := c.Stdout.(*os.File); ok && c.StdoutLimit == 0 {
		s.direct = f
	} else if c.Stdout != nil {
		s.copied = &capped{w: c.Stdout, limit: c.StdoutLimit, stop: stop}
	}
	return s
}

// command builds the exec.Cmd for c, its streams connected.
func (s *streams) command(path string, c Command) *exec.Cmd {
	stdout, stderr := []io.Writer{&s.stdout}, []io.Writer{&s.stderr}
	if s.copied != nil {
		stdout = []io.Writer{s.copied}
	}
	if s.lines != nil {
		if s.copied == nil {
			stdout = append(stdout, s.lines[0])
		}
		stderr = append(stderr, s.lines[1])
	}
	args := append([]string{c.Program}, c.Args...)
	if c.Memory > 0 {
		// Before the program begins, so that nothing it starts is without the bound.
		args = append([]string{"sh", "-c", fmt.Sprintf(`ulimit -d %d && exec "$@"`, max(c.Memory>>10, 1)), "sh", path}, c.Args...)
		path = "/bin/sh"
	}
	cmd := &exec.Cmd{
		Path:        path,
		Args:        args,
		Dir:         c.Dir,
		Env:         append([]string{}, c.Env...), // never nil: nil would inherit
		Stdin:       c.Stdin,
		Stdout:      io.MultiWriter(stdout...),
		Stderr:      io.MultiWriter(stderr...),
		ExtraFiles:  c.Files,
		SysProcAttr: attributes(c.As),
		WaitDelay:   DefaultDrain,
	}
	if s.direct != nil {
		cmd.Stdout = s.direct
	}
	return cmd
}

// flush hands out lines without a line end. Call it when the program is gone.
func (s *streams) flush() {
	for _, l := range s.lines {
		l.flush()
	}
}

// cut reports whether copying output was given up.
func (s *streams) cut() bool { return s.copied != nil && s.copied.done }

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

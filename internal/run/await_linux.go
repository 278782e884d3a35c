package run

import (
	"errors"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes puts the child into its own process group, under the identity as,
// and lets the kernel kill it when the thread that made it ends.
func attributes(as *User) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Setpgid:    true,
		Pdeathsig:  syscall.SIGKILL,
		Credential: credential(as),
	}
}

// await closes exited when the program has ended but is not reaped yet, so that
// its pid, and with it the name of its group, cannot be given to another process
// until reap is called.
func await(cmd *exec.Cmd) (exited <-chan struct{}, reap func() error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
			if !errors.Is(err, unix.EINTR) {
				return
			}
		}
	}()
	return done, cmd.Wait
}

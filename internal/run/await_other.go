//go:build unix && !linux

package run

import (
	"os/exec"
	"syscall"
)

// attributes puts the child into its own process group under the identity as.
// Only Linux can also tie its life to the parent's.
func attributes(as *User) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: credential(as)}
}

// await closes exited when the program was reaped. Systems other than Linux have
// no dependable way to wait without reaping (golang.org/issue/19314), so here a
// group signal sent in that instant could in theory meet a new group.
func await(cmd *exec.Cmd) (exited <-chan struct{}, reap func() error) {
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		err = cmd.Wait()
	}()
	return done, func() error { <-done; return err }
}

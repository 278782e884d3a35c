package database_test

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"
)

// asServer makes a server of ours end with us, however we end. It must have its
// own account from the start: a process that changes it, as --user makes mariadbd
// do, is no longer ended by the kernel with its parent.
func asServer(t testing.TB) *syscall.SysProcAttr {
	t.Helper()
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		return attr
	}
	u, err := user.Lookup("mysql")
	if err != nil {
		t.Fatalf("no account mysql: install the Debian package mariadb-server (%v)", err)
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	if errUID != nil || errGID != nil {
		t.Fatalf("account mysql: %v, %v", errUID, errGID)
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr
}

const (
	stem  = "distrobot-database-" // begins the names of our directories
	small = "small"               // a volume of its own in one of them
)

// directory makes one for a server. A lock beside it shows that we are alive.
func directory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", stem+"*")
	if err != nil {
		t.Fatal(err)
	}
	// A bare descriptor, which nobody closes before the process ends.
	fd, err := syscall.Open(dir+".lock", syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err == nil {
		err = syscall.Flock(fd, syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// forget removes a directory of a server.
func forget(dir string) {
	if dir != "" {
		_ = unix.Unmount(filepath.Join(dir, small), unix.MNT_DETACH) // if the test had one
		_ = os.RemoveAll(dir)
		_ = os.Remove(dir + ".lock")
	}
}

// removeStale removes directories of test runs that were killed, if they are older
// than age: another run may be about to lock its own.
func removeStale(age time.Duration) {
	locks, err := filepath.Glob(filepath.Join(os.TempDir(), stem+"*.lock"))
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for _, path := range locks {
		if info, err := os.Stat(path); err != nil || time.Since(info.ModTime()) < age {
			continue
		}
		lock := flock.New(path)
		if got, err := lock.TryLock(); got && err == nil {
			forget(path[:len(path)-len(".lock")])
			_ = lock.Unlock()
		}
	}
}

// A test run that is killed leaves no server behind.
func TestServerEndsWithAKilledRun(t *testing.T) {
	if _, is := told(); is {
		s := ownServer(t)
		fmt.Printf("ready %d %s\n", s.cmd.Process.Pid, s.dir)
		select {} // until it is killed
	}
	var pid int
	var dir string
	other := again(t, "start")
	if _, err := fmt.Sscan(other.ready(t), &pid, &dir); err != nil {
		t.Fatal(err)
	}
	other.kill()
	for deadline := time.Now().Add(20 * time.Second); syscall.Kill(pid, 0) == nil && !zombie(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("the server outlived its test run")
		}
	}
	removeStale(0)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory of the killed run is left: %v", err)
	}
}

// zombie reports whether a process has ended but nobody asked how.
func zombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	var id int
	var name, state string
	_, err = fmt.Sscan(string(text), &id, &name, &state)
	return err == nil && state == "Z"
}

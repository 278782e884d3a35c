package main

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// TestSocketKnowsItsCaller: the kernel tells who asks, whatever the request
// says; a caller with another user's number is that user.
func TestSocketKnowsItsCaller(t *testing.T) {
	dir, err := os.MkdirTemp("", "peer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	ln, err := listenSocket(path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if at, err := os.Stat(path); err != nil || at.Mode().Perm() != 0o600 {
		t.Errorf("the socket has mode %v, %v", at.Mode(), err)
	}
	callers := []int{os.Getuid()}
	if os.Getuid() == 0 {
		callers = append(callers, 65534)
		for name, mode := range map[string]os.FileMode{dir: 0o711, path: 0o666} { // so that it gets as far as being asked
			if err := os.Chmod(name, mode); err != nil {
				t.Fatal(err)
			}
		}
	} else {
		t.Log("not root: only our own number can be tried")
	}
	for _, uid := range callers {
		failed := make(chan error, 1)
		go func() { failed <- dialAs(path, uid) }()
		c, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := peerUID(c); err != nil || got != uid {
			t.Errorf("user %d is taken for %d, %v", uid, got, err)
		}
		c.Close()
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}

// dialAs connects as another user: one thread takes its number, and ends with
// the goroutine that it stays locked to.
func dialAs(path string, uid int) error {
	runtime.LockOSThread()
	if uid != os.Getuid() {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
			return errno
		}
	}
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	return os.NewSyscallError("connect", syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}))
}

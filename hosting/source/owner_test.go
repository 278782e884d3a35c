package source_test

import (
	"os"
	"syscall"
	"testing"
)

// ownerOf gives the user that a file belongs to.
func ownerOf(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal("the system does not tell owners")
	}
	return int(st.Uid)
}

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// passable is a directory of the test that other users may pass through, as the
// user of builds has to.
func passable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != filepath.Clean(os.TempDir()) && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestBuildUser(t *testing.T) {
	c := Config{Data: t.TempDir(), BuildUser: "nobody"}
	u, err := c.buildUser()
	switch {
	case err != nil:
		t.Fatal(err)
	case os.Geteuid() != 0 && u != nil:
		t.Errorf("%+v, though we are not root", u)
	case os.Geteuid() != 0:
		return
	case u == nil || u.UID == 0 || u.GID == 0:
		t.Errorf("as root, builds would run as %+v", u)
	}
	if info, err := os.Stat(c.Data); err != nil || info.Mode().Perm()&0o011 != 0o011 {
		t.Errorf("the data directory is %v (%v)", info.Mode(), err)
	}
	for _, name := range []string{"root", "no-such-user-here"} {
		c.BuildUser = name
		if u, err := c.buildUser(); err == nil {
			t.Errorf("%s: %+v", name, u)
		}
	}
}

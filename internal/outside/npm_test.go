package outside_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// offline names the setting that says there is no way to npm's registry here.
const offline = "DISTROBOT_TESTS_OFFLINE"

// tools is what testdata/npm asks for, installed.
type tools struct {
	modules string // the directory node_modules
	node    string // Node 24, itself from npm
}

// fromNPM gives the tools, which the first test of the first run installs. The
// test fails where they cannot be had; it is skipped only where somebody has
// said that there is no network, and never in CI.
func fromNPM(t *testing.T) tools {
	t.Helper()
	if os.Getenv(offline) != "" {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is set in CI, where these tests must run", offline)
		}
		t.Skipf("%s is set: what runs here comes from npm's registry", offline)
	}
	got, err := install()
	if err != nil {
		t.Fatalf("the packages of testdata/npm cannot be installed (%s=1 skips these tests where there is no network): %v", offline, err)
	}
	return got
}

var install = sync.OnceValues(func() (tools, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return tools{}, err
	}
	lock, err := os.ReadFile("testdata/npm/package-lock.json")
	if err != nil {
		return tools{}, err
	}
	sum := sha256.Sum256(lock)
	dir := filepath.Join(cache, "distrobot-tests", "npm-"+hex.EncodeToString(sum[:8])+"-"+runtime.GOOS+"-"+runtime.GOARCH)
	if err := installInto(dir); err != nil {
		return tools{}, err
	}
	arch := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	// The package "node" would link this file in a script of its own, and no
	// scripts of packages are run here.
	got := tools{modules: filepath.Join(dir, "node_modules")}
	got.node = filepath.Join(got.modules, "node-"+runtime.GOOS+"-"+arch, "bin", "node")
	if _, err := os.Stat(got.node); err != nil {
		return tools{}, fmt.Errorf("package.json names no Node for this machine: %w", err)
	}
	return got, nil
})

// installInto runs `npm ci` beside dir and renames, so that dir is whole as soon
// as it exists; of several test processes one installs and the others wait.
func installInto(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	guard, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer guard.Close() // and gives the lock back
	if err := syscall.Flock(int(guard.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	work := dir + ".new"
	if err := os.RemoveAll(work); err != nil { // of one that was killed
		return err
	}
	if err := os.CopyFS(work, os.DirFS("testdata/npm")); err != nil {
		return err
	}
	_, err = run.Run(context.Background(), run.Command{Program: "npm", Dir: work, Env: os.Environ(), Timeout: 5 * time.Minute,
		Args: []string{"ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"}})
	if err != nil {
		return err
	}
	return os.Rename(work, dir)
}

// project makes a directory in which the files of testdata/NAME find the
// installed packages.
func (got tools) project(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(got.modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return dir
}

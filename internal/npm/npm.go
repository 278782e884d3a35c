// Package npm installs, for tests, packages from npm's registry whose versions
// and contents a lock file names. Nothing of them is in the product.
package npm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// Offline names the setting that says there is no way to npm's registry here.
const Offline = "DISTROBOT_TESTS_OFFLINE"

// Packages gives the directory node_modules of what package.json and
// package-lock.json in wanted ask for; the first test of the first run installs
// it in the user's cache. The test fails where it cannot be had; it is skipped
// only where somebody has said that there is no network, and never in CI.
func Packages(t testing.TB, wanted fs.FS) string {
	t.Helper()
	if os.Getenv(Offline) != "" {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is set in CI, where these tests must run", Offline)
		}
		t.Skipf("%s is set: what runs here comes from npm's registry", Offline)
	}
	dir, err := install(wanted)
	if err != nil {
		t.Fatalf("the packages cannot be installed (%s=1 skips these tests where there is no network): %v", Offline, err)
	}
	return filepath.Join(dir, "node_modules")
}

// install runs `npm ci` beside its place and renames, so that the place is whole
// as soon as it exists; of several test processes one installs and the others
// wait.
func install(wanted fs.FS) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	lock, err := fs.ReadFile(wanted, "package-lock.json")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(lock)
	dir := filepath.Join(cache, "distrobot-tests", "npm-"+hex.EncodeToString(sum[:8])+"-"+runtime.GOOS+"-"+runtime.GOARCH)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	guard, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer guard.Close() // and gives the lock back
	if err := syscall.Flock(int(guard.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return dir, err
	}
	work := dir + ".new"
	if err := os.RemoveAll(work); err != nil { // of one that was killed
		return "", err
	}
	if err := os.CopyFS(work, wanted); err != nil {
		return "", err
	}
	_, err = run.Run(context.Background(), run.Command{Program: "npm", Dir: work, Env: os.Environ(), Timeout: 5 * time.Minute,
		Args: []string{"ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"}})
	if err != nil {
		return "", err
	}
	return dir, os.Rename(work, dir)
}

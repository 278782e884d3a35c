package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/distrobot/distrobot/internal/chat"
)

// realEnv names a file of settings of a real Aegir 3: lines of NAME=VALUE. Those
// that begin with DISTROBOT_AEGIR_ are a worker's; OLD and NEW are two releases of
// Drupal 7, unpacked, without sites. docs/aegir.md tells how it is used.
const realEnv = "DISTROBOT_REAL_AEGIR"

// TestRealAegir tells the story over a real Aegir 3 on this machine instead of
// the stub. It makes a site and platforms there and deletes them again.
func TestRealAegir(t *testing.T) {
	if os.Getenv(realEnv) == "" {
		t.Skipf("%s names no settings of a real Aegir 3; the stub of it runs in TestScripts", realEnv)
	}
	testscript.Run(t, testscript.Params{
		Files: []string{"testdata/real/aegir.txtar"}, Cmds: scriptCommands(t), Setup: setupScript,
		Condition: func(name string) (bool, error) { return false, fmt.Errorf("unknown condition %q", name) },
	})
}

// cmdReal: real sets the settings of the file that realEnv names.
func cmdReal(ts *testscript.TestScript, _ bool, _ []string) {
	f, err := os.Open(os.Getenv(realEnv))
	ts.Check(err)
	defer f.Close()
	ts.Setenv("DISTROBOT_BACKEND", "aegir")
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok && !strings.HasPrefix(name, "#") {
			ts.Setenv(name, value)
		}
	}
}

// realPatience bounds a wait for a real Aegir, which sleeps 20 s in each migrate.
const realPatience = 10 * time.Minute

// cmdEventually: eventually CHANNEL WORDS... is see for what takes long, and tells how long
// it took.
func cmdEventually(ts *testscript.TestScript, _ bool, args []string) {
	begin := time.Now()
	ts.Check(theChat(ts).Await(realPatience, func(s chat.State) (bool, string) {
		_, ok := s.Find(args[0], args[1:]...)
		return ok, fmt.Sprintf("no message holds %q:\n%s", args[1:], s.Dump(args[0]))
	}))
	ts.Logf("%q after %.1f s", args[1:], time.Since(begin).Seconds())
}

// cmdOverlay: overlay FROM TO copies the files of FROM that TO has not.
func cmdOverlay(ts *testscript.TestScript, _ bool, args []string) {
	to := args[1]
	if !filepath.IsAbs(to) {
		to = filepath.Join(ts.Getenv("WORK"), to)
	}
	ts.Check(ts.Exec("cp", "-rn", args[0]+"/.", to))
}

package lamp_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/lamp"
)

// TestMain makes the test binary, on demand, a process that starts all servers
// and waits to be killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("LAMP_TEST_VICTIM"); dir != "" {
		if err := victim(dir); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func victim(include string) error {
	m, err1 := lamp.StartMariaDB()
	n, err2 := lamp.StartNginx(filepath.Join(include, "nginx"))
	f, err3 := lamp.StartFPM(filepath.Join(include, "fpm"))
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return err
		}
	}
	fmt.Println(m.Dir, n.Dir, f.Dir, m.Pid(), n.Pid(), f.Pid())
	select {}
}

// The kernel ends children with their parent, but not the workers of nginx and
// PHP-FPM, nor a server that has changed its user: this is the proof that nothing
// of them is left when a test is killed.
func TestServersEndWithTheirProcess(t *testing.T) {
	include := t.TempDir()
	write(t, filepath.Join(include, "fpm/p.conf"), "[p]\nlisten = "+include+"/p.sock\npm = static\npm.max_children = 3\n"+poolUser())
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LAMP_TEST_VICTIM="+include)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	defer func() {
		if !killed {
			_ = cmd.Process.Kill()
		}
		_ = cmd.Wait()
	}()
	var d [3]string
	var leaders [3]int
	if _, err := fmt.Fscanln(out, &d[0], &d[1], &d[2], &leaders[0], &leaders[1], &leaders[2]); err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, dir := range d {
			_ = os.RemoveAll(dir)
		}
	}()
	eventually(t, "all workers", func() bool { return len(groups(leaders[:])) >= 1+2+4 })
	killed = cmd.Process.Kill() == nil
	eventually(t, "end of all servers", func() bool { return len(groups(leaders[:])) == 0 })
}

// groups lists the processes of some process groups, without zombies.
func groups(leaders []int) []string {
	var out []string
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		f := strings.Fields(rest) // state, parent, group
		if len(f) < 3 || f[0] == "Z" {
			continue
		}
		if group, _ := strconv.Atoi(f[2]); slices.Contains(leaders, group) {
			out = append(out, string(text))
		}
	}
	return out
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s after 20 s", what)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// poolUser is a user as a site has one: a number that no account has.
func poolUser() string {
	if os.Geteuid() != 0 {
		return ""
	}
	return "user = 54321\ngroup = 54321\nlisten.owner = " + lamp.WebUser + "\n"
}

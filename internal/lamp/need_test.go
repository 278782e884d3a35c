package lamp_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNeedScript runs scripts/need.sh on a made-up machine, whose programs are a
// few scripts: it installs what is missing, without starting services, and says
// so where it cannot.
func TestNeedScript(t *testing.T) {
	script, err := filepath.Abs("../../scripts/need.sh")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(script)
	must(t, err)
	list, _, _ := strings.Cut(strings.SplitN(string(text), `needed="`, 2)[1], `"`)
	all := "php-fpm"
	for _, pair := range strings.Fields(list) {
		program, _, _ := strings.Cut(pair, ":")
		all += " " + program
	}
	if !strings.Contains(all, "nginx") || !strings.Contains(all, "php ") {
		t.Fatalf("the script needs %s", all)
	}
	extensions := "zip mysqli gd dom mbstring curl intl pdo_sqlite"
	for name, c := range map[string]struct {
		uid, programs, extensions string
		want, code                string // words of what it says; "" is nothing
	}{
		"nothing is missing": {"0", all, extensions, "", "0"},
		"an extension":       {"0", all, strings.Replace(extensions, "gd", "", 1), "install php-gd", "0"},
		"no php at all":      {"0", strings.Replace(all, "php ", "", 1), "", "install php-cli php-zip php-mysql php-gd php-xml php-mbstring php-curl php-intl php-sqlite3", "0"},
		"no rights":          {"1000", all, "zip", "neither root nor sudo is at hand: php-mysql", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			stub := func(name, text string) {
				write(t, filepath.Join(dir, name), "#!/bin/sh\n"+text+"\n")
				if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for _, p := range strings.Fields(c.programs) {
				stub(p, "exit 0")
			}
			if strings.Contains(c.programs, "php ") {
				stub("php", "printf '%s\\n' "+c.extensions)
			}
			stub("id", "echo "+c.uid)
			stub("uname", "echo Test") // no headers of a C library are looked for
			stub("apt-get", `for a; do case $a in install) i=install;; php-*|nginx) i="$i $a";; esac; done; [ -z "$i" ] || echo "$i" >&2`)
			for _, p := range []string{"grep", "ls"} {
				link(t, p, filepath.Join(dir, p))
			}
			// policy-rc.d exists on this made-up machine, or it would be written to the real one.
			write(t, filepath.Join(dir, "need.sh"), strings.ReplaceAll(string(text), "/usr/sbin", dir))
			write(t, filepath.Join(dir, "policy-rc.d"), "")
			cmd := exec.Command("/bin/sh", filepath.Join(dir, "need.sh"))
			cmd.Env = []string{"PATH=" + dir}
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if got := cmd.ProcessState.ExitCode(); got != int(c.code[0]-'0') {
				t.Errorf("exit code %d, want %s", got, c.code)
			}
			if !strings.Contains(string(out), c.want) || c.want == "" && len(out) > 0 {
				t.Errorf("it said %q, want %q", out, c.want)
			}
		})
	}
}

func link(t *testing.T, program, to string) {
	t.Helper()
	from, err := exec.LookPath(program)
	if err == nil {
		err = os.Symlink(from, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

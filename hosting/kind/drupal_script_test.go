package kind_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// executed runs a program of a site as a backend does, and gives its output and
// the last line of what it said of a failure.
func (p *laidOut) executed(x hosting.Program) (out, last string, code int) {
	p.Helper()
	var b strings.Builder
	_, err := run.Run(p.Context(), run.Command{
		Program: x.Argv[0], Args: x.Argv[1:], Dir: p.Root, Stdin: strings.NewReader(x.Stdin), Stdout: &b,
		Env: append([]string{"PATH=/usr/bin:/bin"}, x.Env...),
	})
	var failed *run.Error
	if errors.As(err, &failed) {
		return b.String(), failed.Last, 1
	}
	if err != nil {
		p.Fatal(err)
	}
	return b.String(), "", 0
}

// fakes are the systems in the place of real ones: where their functions are,
// and what has to be there besides.
var fakes = []struct {
	name, code, source string
	files              []string
	rename             []string
}{
	{"drupal7", small7, "legacy.php", []string{"includes/bootstrap.inc"}, nil},
	{"backdrop", smallBackdrop, "legacy.php", []string{"core/includes/bootstrap.inc"}, []string{"drupal_", "backdrop_", "DRUPAL_", "BACKDROP_"}},
	{"drupal10", small10, "modern.php", []string{"web/autoload.php"}, nil},
}

// parts are files that the scripts load and that need not hold anything here.
var parts = []string{
	"includes/update.inc", "includes/common.inc", "includes/file.inc", "includes/entity.inc", "includes/unicode.inc", "includes/install.inc",
	"core/includes/update.inc", "core/includes/common.inc", "core/includes/file.inc", "core/includes/unicode.inc", "core/includes/install.inc",
	"web/core/includes/install.inc", "web/core/includes/update.inc",
}

// updated runs the update script over a fake with a case of its own.
func updated(t *testing.T, i int, text string) (out, last string, code int) {
	t.Helper()
	f := fakes[i]
	p := layOut(t, lay(t, f.code))
	source, err := os.ReadFile(filepath.Join("testdata/drupal", f.source))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range parts {
		p.write(filepath.Join(p.Root, name), "<?php\n")
	}
	for _, name := range f.files {
		p.write(filepath.Join(p.Root, name), strings.NewReplacer(f.rename...).Replace(string(source)))
	}
	p.write(filepath.Join(p.Root, p.App.Docroot, "case.php"), "<?php\n"+text)
	p.write(filepath.Join(p.Data, ".config/active/system.core.json"), "{}")
	return p.executed(p.App.Update(p.Place)[0])
}

const twoModules = `function modules() { return array('system' => array('is' => 7001, 'updates' => array(7001, 7002, 7010)), 'node' => array('is' => 0, 'updates' => array(7001))); }
`

// TestUpdateScripts: whatever ends an update, the program fails and says why in
// one sentence.
func TestUpdateScripts(t *testing.T) {
	for name, c := range map[string]struct{ text, last, out string }{
		"all run": {twoModules + `function update($m, $n, &$s) {}`, "", "system_update_7002 system_update_7010 node_update_7001 3 updates ran."},
		"in passes": {
			twoModules + `function update($m, $n, &$s) { static $i = 0; if ($n == 7010) { $s['#finished'] = ++$i / 4; } elseif ($m === 'node' && $i !== 4) { throw new Exception("after $i"); } }`,
			"", "3 updates ran.",
		},
		"nothing to do": {`function modules() { return array(); }`, "", "0 updates ran."},
		"an exception": {
			twoModules + `function update($m, $n, &$s) { if ($n == 7010) { throw new Exception('No column "x" & no <b>hope</b>'); } }`,
			`system_update_7010 failed: Exception: No column "x" & no hope.`, "",
		},
		"an error of PHP": {twoModules + `function update($m, $n, &$s) { nothing(); }`, "Call to undefined function nothing() in ", ""},
		"out of memory":   {twoModules + `function update($m, $n, &$s) { ini_set('memory_limit', '8M'); str_repeat('x', 1 << 25); }`, "PHP stopped: Allowed memory size of 8388608 bytes exhausted", ""},
		"exit with 0":     {twoModules + `function update($m, $n, &$s) { echo '<html>'; exit(0); }`, "The script was ended by code of the platform before it was done.", ""},
		"refused":         {`function modules() { return array('old' => array('is' => 1, 'updates' => array(), 'warning' => '<em>old</em> module can not be updated.')); }`, "old module can not be updated.", ""},
		"needs another":   {twoModules + `function missing($m, $n) { return $n == 7010 ? array('views_update_7301') : array(); } function update($m, $n, &$s) {}`, "system_update_7010 cannot run: it needs views_update_7301.", ""},
		"left":            {`function modules() { static $i = 0; $i++; return array('system' => array('is' => 1, 'updates' => $i > 3 ? array(2, 3) : array(2))); } function update($m, $n, &$s) {}`, "Updates of system are still pending.", ""},
		"requirements":    {twoModules + `function requirements() { return array(array('title' => 'PHP', 'severity' => 2, 'description' => 'Too old.'), array('title' => 'Cron', 'severity' => 1)); }`, "cannot be updated here. PHP: Too old.", ""},
		"a file in ruins": {twoModules + `function update( {`, "syntax error", ""},
	} {
		for i, f := range fakes {
			t.Run(name+" in "+f.name, func(t *testing.T) {
				out, last, code := updated(t, i, c.text)
				if (code == 0) != (c.last == "") || !strings.Contains(last, c.last) {
					t.Errorf("code %d, last line %q", code, last)
				}
				if !strings.Contains(strings.Join(strings.Fields(out), " "), c.out) {
					t.Errorf("output %q", out)
				}
			})
		}
	}
}

func TestPostUpdates(t *testing.T) {
	const posts = twoModules + `function posts() { return array('views_post_update_a', 'views_post_update_b'); }
`
	out, last, code := updated(t, 2, posts+`function update($m, $n, &$s) {}`)
	if code != 0 || !strings.Contains(out, "views_post_update_b\n5 updates ran.") {
		t.Errorf("code %d, %s: %s", code, last, out)
	}
	_, last, code = updated(t, 2, posts+`function update($m, $n, &$s) { if ($n === 'a') { throw new Exception('of a'); } }`)
	if code == 0 || last != "views_post_update_a failed: Exception: of a." {
		t.Errorf("code %d, last line %q", code, last)
	}
}

// What is not there at all is said as well, by every script.
func TestScriptsWithoutASite(t *testing.T) {
	for _, f := range fakes {
		p := layOut(t, lay(t, f.code))
		all := append(p.App.Install(p.Place), p.App.Update(p.Place)...)
		all = append(all, p.App.Cron(p.Place)...)
		login, err := p.App.Login(p.Place)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range append(all, login) {
			if out, last, code := p.executed(x); code == 0 || !strings.HasSuffix(last, ".") {
				t.Errorf("%s, %s: code %d, last line %q, output %q", f.name, x.Says, code, last, out)
			}
			for _, arg := range append(x.Argv, x.Env...) {
				if strings.Contains(arg, hostile[:3]) {
					t.Errorf("%s: a password is in %q", x.Says, arg)
				}
			}
		}
	}
	// No Drupal in the database, no configuration of Backdrop.
	if _, last, code := updated(t, 0, `define('EMPTY_DATABASE', true);`); code == 0 || last != "The database of the site holds no Drupal 7." {
		t.Errorf("an empty database: %d, %q", code, last)
	}
}

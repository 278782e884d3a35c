package source_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/distrobot/distrobot/internal/run"
)

// A project is a composer project whose packages come from a repository over
// file://, from an archive and from a directory, none from the network.
type project struct {
	*shop
	lib   *mirrortest.Repo
	files map[string]string
}

func newProject(t *testing.T) *project {
	t.Helper()
	for program, pkg := range map[string]string{"composer": "composer", "php": "php-cli", "unzip": "unzip"} {
		if _, err := run.LookPath(program, run.Environ()); err != nil {
			t.Fatalf("the test needs %s; install the package %s", program, pkg)
		}
	}
	p := &project{shop: newShop(t)}
	p.opts.Composer.Cache = filepath.Join(opened(t, t.TempDir()), "cache")
	p.lib = p.git.Repo(t, "lib")
	p.lib.Tag("1.0.0", p.lib.Commit("main", "first", map[string]string{
		"composer.json": `{"name": "acme/lib", "autoload": {"psr-4": {"Acme\\Lib\\": "src/"}}}`, "src/Lib.php": "<?php namespace Acme\\Lib; class Lib {}\n"}))
	given(t, p.lib.Dir)
	p.files = map[string]string{
		"composer.json": fmt.Sprintf(`{
 "name": "acme/site", "require": {"acme/lib": "^1.0", "acme/packed": "1.2.0", "acme/local": "*"},
 "require-dev": {"acme/dev": "*"},
 "repositories": [{"packagist": false}, {"type": "vcs", "url": "file://%s"}, {"type": "artifact", "url": "artifacts"},
  {"type": "path", "url": "packages/*", "options": {"symlink": false}}],
 "scripts": {"post-install-cmd": "touch script-ran"}, "config": {"secure-http": false}}`, p.lib.Dir),
		"artifacts/packed.zip":         zipped(t, map[string]string{"composer.json": `{"name": "acme/packed", "version": "1.2.0"}`, "packed.txt": "packed\n"}),
		"packages/local/composer.json": `{"name": "acme/local", "version": "0.1.0"}`,
		"packages/local/local.txt":     "local\n",
		"packages/dev/composer.json":   `{"name": "acme/dev", "version": "0.1.0"}`,
		"web/index.php":                "<?php\n",
	}
	return p
}

// opened lets other users through to dir.
func opened(t *testing.T, dir string) string {
	t.Helper()
	for d := dir; filepath.Base(d) != filepath.Base(os.TempDir()) && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// given gives a repository to the user composer runs as, since git reads none of
// other users.
func given(t *testing.T, dir string) {
	t.Helper()
	opened(t, dir)
	owned(t, dir, 65534)
}

// owned makes a tree somebody's, where that can be done.
func owned(t *testing.T, dir string, uid int) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, uid)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func zipped(t testing.TB, files map[string]string) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, content := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// locked has composer itself write the lock, as a developer does.
func (p *project) locked() map[string]string {
	p.t.Helper()
	dir := p.t.TempDir()
	for name, content := range p.files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(content), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	home := p.t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte("[safe]\n\tdirectory = *\n"), 0o644); err != nil {
		p.t.Fatal(err)
	}
	result, err := run.Run(p.t.Context(), run.Command{Program: "composer", Args: []string{"update", "--no-install", "--no-scripts", "--no-audit", "-q"}, Dir: dir,
		Env: run.Environ("HOME="+home, "COMPOSER_HOME="+home+"/c", "COMPOSER_ALLOW_SUPERUSER=1", "COMPOSER_NO_INTERACTION=1")})
	if err != nil {
		p.t.Fatalf("composer update: %v\n%s", err, result.Stderr)
	}
	lock, err := os.ReadFile(filepath.Join(dir, "composer.lock"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.files["composer.lock"] = string(lock)
	return p.files
}

func (p *project) platform(files map[string]string) fleet.Platform {
	pl := p.commit("", files)
	pl.Source.Type = "composer"
	return pl
}

func TestComposerInstallsTheLock(t *testing.T) {
	p := newProject(t)
	pl := p.platform(p.locked())
	dir := p.mustBuild(pl)
	want(t, dir, map[string]string{
		"web/index.php":                 "<?php\n",
		"vendor/acme/lib/src/Lib.php":   "<?php namespace Acme\\Lib; class Lib {}\n",
		"vendor/acme/packed/packed.txt": "packed\n",
		"vendor/acme/local/local.txt":   "local\n",
		"vendor/acme/dev":               "-", // --no-dev
		"vendor/acme/lib/.git":          "-", // no history is served
		"script-ran":                    "-", // --no-scripts
	})
	again := p.mustBuild(pl)
	if a, b := digest(t, dir), digest(t, again); a != b {
		t.Errorf("the same lock gives the trees %s and %s", a, b)
	}
	if os.Geteuid() == 0 {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if uid := ownerOf(t, path); uid != 0 {
				t.Errorf("%s belongs to user %d", path, uid)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestComposerRunsWhatTheDistributionAllows(t *testing.T) {
	p := newProject(t)
	files := p.locked()
	files["distrobot.yml"] = "version: 1\ncomposer:\n  scripts: true\n  dev: true\n"
	files["composer.json"] = strings.Replace(files["composer.json"], "touch script-ran", "id -u > script-ran", 1)
	dir := p.mustBuild(p.platform(files))
	uid := fmt.Sprintln(os.Geteuid())
	if uid == "0\n" {
		uid = "65534\n" // never root
	}
	want(t, dir, map[string]string{"script-ran": uid, "vendor/acme/dev/composer.json": files["packages/dev/composer.json"]})
}

func TestComposerRefuses(t *testing.T) {
	p := newProject(t)
	good := p.locked()
	tests := []struct {
		name, file, content, words string
	}{
		{"no lock", "composer.lock", "", "There is no composer.lock"},
		{"no json", "composer.json", "", "There is no composer.json"},
		{"broken lock", "composer.lock", "{", "composer.lock is not right"},
		{"a path out", "composer.lock", `{"packages":[{"name":"a/b","dist":{"type":"path","url":"../../etc"}}]}`, "package a/b: Its path leads out"},
		{"an absolute path", "composer.lock", `{"packages":[{"name":"a/b","dist":{"type":"path","url":"/etc"}}]}`, "leads out"},
		{"a helper", "composer.lock", `{"packages":[{"name":"a/b","source":{"type":"git","url":"ext::sh -c id"}}]}`, "a/b"},
		{"another directory", "distrobot.yml", "composer: {plugin: true}\nversion: 1\n", "distrobot.yml is not right"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{}
			for k, v := range good {
				files[k] = v
			}
			files[tt.file] = tt.content
			pl := p.platform(files)
			dir, err := p.build(pl)
			if err == nil || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("error %v, want %q", err, tt.words)
			}
			if _, err := os.Lstat(dir); !os.IsNotExist(err) {
				t.Error("half a platform is left")
			}
		})
	}
}

func TestComposerIsMissing(t *testing.T) {
	p := newProject(t)
	pl := p.platform(p.locked())
	bin := t.TempDir()
	p.opts.Composer.Env = []string{"PATH=" + bin}
	for _, program := range []string{"composer", "php"} {
		dir, err := p.build(pl)
		if fleet.CodeOf(err) != fleet.Failed || !strings.Contains(err.Error(), "This host has no program "+program) || !strings.Contains(err.Error(), "Install the package "+program) {
			t.Errorf("without %s: %v", program, err)
		}
		if _, err := os.Lstat(dir); !os.IsNotExist(err) {
			t.Error("half a platform is left")
		}
		if err := os.WriteFile(filepath.Join(bin, program), []byte("#!/bin/sh\necho 'In Solver.php line 7:'; echo '  no such package'; echo 'install [--dev]' >&2; exit 1\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	opened(t, bin)
	if _, err := p.build(pl); fleet.CodeOf(err) != fleet.Failed || !strings.Contains(err.Error(), "could not install the packages: no such package.") {
		t.Errorf("the reason of a failure is %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "distrobot-composer-*-"+string(pl.Name))); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

package makefile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/source/makefile"
)

const head = "core = 7.x\napi = 2\n"

func TestRefusals(t *testing.T) {
	tests := []struct{ name, text, words string }{
		{"no assignment", head + "projects[x]", "line 3: \"projects[x]\" is neither"},
		{"unknown section", head + "translations[] = de", "line 3: \"translations\" is not supported"},
		{"unknown key", head + "projects[x][l10n_url] = u", "line 3: \"l10n_url\" of x is not supported"},
		{"working copy", head + "projects[x][options][working-copy] = TRUE", "\"options\" of x is not supported"},
		{"overwrite", head + "projects[x][overwrite] = TRUE", "\"overwrite\" of x is not supported"},
		{"svn", head + "libraries[x][download][type] = svn\nlibraries[x][download][url] = u", "line 3: download type \"svn\" is not supported"},
		{"submodules", head + "projects[x][download][submodule] = 1", "\"submodule\" of a download is not supported"},
		{"bad sum", head + "libraries[x][download][type] = get\nlibraries[x][download][url] = u\nlibraries[x][download][md5] = 12", "line 5: \"12\" is not a md5 checksum"},
		{"absolute subdir", head + "projects[x][subdir] = /etc", "line 3: \"/etc\" is not a path inside"},
		{"climbing subdir", head + "projects[x][subdir] = a/../../b", "is not a path inside"},
		{"climbing directory", head + "projects[x][directory_name] = ..", "is not a path inside"},
		{"climbing destination", head + "libraries[x][destination] = ../x\nlibraries[x][download][type] = get\nlibraries[x][download][url] = u", "is not a path inside"},
		{"climbing contrib", head + "projects[x][contrib_destination] = ../x", "is not a path inside"},
		{"hidden directory", head + "projects[x][subdir] = .git", "is not a path inside"},
		{"climbing subtree", head + "libraries[x][download][type] = get\nlibraries[x][download][url] = u\nlibraries[x][download][subtree] = ../x", "is not a path inside"},
		{"name", head + "projects[../x] = 1.0", "cannot be the name of a project"},
		{"dash name", head + "projects[-x] = 1.0", "cannot be the name of a project"},
		{"dash branch", head + "projects[x][download][branch] = --upload-pack=id", "cannot be the name of a branch"},
		{"dash url", head + "projects[x][download][url] = --upload-pack=id", "is not an address"},
		{"version", head + "projects[x][version] = ../1", "is not a version"},
		{"two cores", head + "projects[drupal] = 7.1\nprojects[pressflow] = 7.1", "line 4: \"drupal\" and \"pressflow\" are both the core"},
		{"translation", head + "projects[x][type] = translation", "is not a type that is built"},
		{"api 1", "core = 7.x\napi = 1", "line 2: only api 2 is known"},
		{"no api", "core = 7.x", "says no api"},
		{"no core", "api = 2", "says no core"},
		{"core", "api = 2\ncore = seven", "line 2: \"seven\" is not a version"},
		{"open quote", head + `projects[x] = "1.0`, "line 3: the quote is not closed"},
		{"after a quote", head + `projects[x] = "1.0" 2`, "more after the closing quote"},
		{"comment after a value", head + "projects[x] = 1.0 ; why", "line 3: a comment follows"},
		{"true", head + "projects[x] = TRUE", "neither a version nor FALSE"},
		{"library without download", head + "libraries[x][destination] = y", "library x has no download"},
		{"deep", head + "projects[a][b][c][d][e][f][g][h][i] = 1", "nested more than 8 deep"},
		{"core into a subdir", head + "projects[drupal][subdir] = x", "a core is not put into a subdir"},
		{"patch key", head + "projects[x][patch][a][why] = b", "\"why\" of a patch is not supported"},
		{"default", head + "defaults[projects][patch] = x\nprojects[y] = 1", "cannot be a default"},
		{"other default", head + "defaults[core] = x", "defaults has no \"core\""},
		{"yaml anchor", "y:core: 7.x\napi: 2\na: &a {b: c}", "line 3: anchors"},
		{"yaml list", "y:- core", "line 1: \"0\" is not supported"},
		{"yaml text", "y:core", "does not begin with a key"},
		{"yaml documents", "y:core: 7.x\n---\ncore: 8.x", "more than one document"},
		{"yaml twice", "y:core: 7.x\ncore: 8.x", ""},
		{"yaml deep", "y:a: {a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}}", "nested more than 8 deep"},
		{"yaml broken", "y:core: [", ""},
		{"yaml revision and sums", "y:core: 7.x\napi: 2\nprojects:\n  x:\n    download:\n      type: git\n      md5: 0123456789abcdef0123456789abcdef", "line 5: a git download has no checksum"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, name := t.TempDir(), "x.make"
			text, yaml := strings.CutPrefix(tt.text, "y:")
			if yaml {
				name = "x.make.yml"
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := makefile.Loader{}.Load(t.Context(), openDir(t, dir), name)
			if fleet.CodeOf(err) != fleet.Invalid || !strings.Contains(err.Error(), tt.words) || !strings.Contains(err.Error(), name+", line ") {
				t.Errorf("error %v, want one with its line and %q", err, tt.words)
			}
		})
	}
}

func TestIncludesStayInside(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "repo")
	files := map[string]string{
		"../secret.make": head, "loop.make": head + "includes[] = sub/back.make", "sub/back.make": head + "includes[] = ../loop.make",
		"self.make": head + "includes[] = self.make", "up.make": head + "includes[] = ../secret.make", "abs.make": head + "includes[] = " + outer + "/secret.make",
		"link.make": head + "includes[] = linked.make", "gone.make": head + "includes[] = none.make", "remote.make": head + "includes[] = https://example.org/x.make",
		"git.make":        head + "includes[a][makefile] = ../x.make\nincludes[a][download][url] = https://example.org/x.git",
		"ok.make":         head + "includes[] = sub/ok.make",
		"sub/ok.make":     head + "projects[a] = 1.0\nincludes[] = beside.make\nincludes[] = sub/top.make",
		"sub/beside.make": head + "projects[b] = 1.0", "sub/top.make": head + "projects[c] = 1.0",
	}
	for i := range 20 {
		files[fmt.Sprintf("deep%d.make", i)] = head + fmt.Sprintf("includes[] = deep%d.make", i+1)
	}
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(outer, "secret.make"), filepath.Join(dir, "linked.make")); err != nil {
		t.Fatal(err)
	}
	for name, words := range map[string]string{
		"loop.make": "sub/back.make, line 3: \"loop.make\" includes itself", "self.make": "includes itself", "up.make": "leads out of the repository",
		"abs.make": "leads out of the repository", "link.make": "", "gone.make": "there is no file \"none.make\"", "remote.make": "line 3: remote makefiles cannot be included",
		"git.make": "a path inside its repository", "deep0.make": "nested more than 16 deep",
	} {
		if _, err := (makefile.Loader{}).Load(t.Context(), openDir(t, dir), name); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: error %v, want %q", name, err, words)
		}
	}
	m, err := makefile.Loader{}.Load(t.Context(), openDir(t, dir), "ok.make")
	if err != nil || len(m.Projects) != 3 {
		t.Errorf("ok.make: %d projects, %v", len(m.Projects), err)
	}
}

// web gives remote makefiles from memory.
type web map[string]string

func (w web) Get(_ context.Context, url string, _ int64) ([]byte, error) {
	text, ok := w[url]
	if !ok {
		return nil, fleet.Errorf(fleet.Refused, "The host is not on the list.")
	}
	return []byte(text), nil
}

func (w web) Repository(context.Context, makefile.Download) (makefile.Tree, error) {
	return nil, errors.New("not asked for here")
}

func TestRemoteIncludes(t *testing.T) {
	dir := t.TempDir()
	text := head + "includes[] = https://example.org/make/a.make\nprojects[own] = 1.0\n"
	if err := os.WriteFile(filepath.Join(dir, "x.make"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w := web{"https://example.org/make/a.make": head + "projects[a] = 1.0\nincludes[] = b.make", "https://example.org/make/b.make": head + "projects[b] = 1.0\n"}
	m, err := makefile.Loader{Remote: w}.Load(t.Context(), openDir(t, dir), "x.make")
	if err != nil || len(m.Projects) != 3 {
		t.Fatalf("%d projects, %v", len(m.Projects), err)
	}
	w["https://example.org/make/b.make"] = head + "includes[] = https://example.org/make/a.make"
	if _, err := (makefile.Loader{Remote: w}).Load(t.Context(), openDir(t, dir), "x.make"); err == nil || !strings.Contains(err.Error(), "includes itself") {
		t.Errorf("a remote loop gives %v", err)
	}
	w["https://example.org/make/b.make"] = head + "includes[] = https://private.example/x.make"
	_, err = makefile.Loader{Remote: w}.Load(t.Context(), openDir(t, dir), "x.make")
	if fleet.CodeOf(err) != fleet.Refused || !strings.Contains(err.Error(), "b.make, line 3: The host is not on the list.") {
		t.Errorf("a refused address gives %v", err)
	}
}

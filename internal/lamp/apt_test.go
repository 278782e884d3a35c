package lamp

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestMirrorOfSources(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"one line":   {"sources.list", "# deb http://old.example/debian x main\ndeb http://a.example/debian bookworm main\n", "http://a.example/debian"},
		"deb822":     {"sources.list.d/debian.sources", "Types: deb\nURIs: http://b.example/debian/\nSuites: x\n", "http://b.example/debian/"},
		"other":      {"sources.list.d/x.list", "deb https://c.example/apt x main\n", ""},
		"no sources": {"README", "", ""},
		"security":   {"sources.list", "deb http://s.example/debian-security x-security main\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, c.file)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(c.text), 0o644)); err != nil {
				t.Fatal(err)
			}
			if got := mirrorOfSources(dir); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// A suite that the mirror does not have is told apart from a failure.
func TestAbsentSuite(t *testing.T) {
	a, err := newApt(t.Context(), t.TempDir())
	if errors.Is(err, ErrNotDebian) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := a.unpack(t.Context(), "nosuchsuite", []string{"wordpress"}, t.TempDir()); !errors.Is(err, errAbsent) {
		t.Errorf("error %v, want errAbsent", err)
	}
	a.mirror = "http://127.0.0.1:1/debian"
	if err := a.unpack(t.Context(), "trixie", []string{"wordpress"}, t.TempDir()); err == nil || errors.Is(err, errAbsent) {
		t.Errorf("error %v, want one that says that there is no server", err)
	} else {
		t.Log(err)
	}
}

package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestDirectoryIsCopiedAsItIs(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "tree")
	write(t, from+"/web/index.html", "hello")
	write(t, from+"/.git/config", "secret")
	if err := os.Symlink("index.html", from+"/web/start.html"); err != nil {
		t.Fatal(err)
	}
	p := fleet.Platform{Name: "old", Source: fleet.Source{Type: fleet.SourceDirectory, Path: from}}
	if err := (directory{}).Fetch(t.Context(), p, to, nil); err != nil {
		t.Fatal(err)
	}
	write(t, from+"/web/index.html", "changed later")
	if got, err := os.ReadFile(to + "/web/start.html"); err != nil || string(got) != "hello" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := os.Stat(to + "/.git"); !os.IsNotExist(err) {
		t.Errorf("version control was taken: %v", err)
	}
}

func TestDirectoryRefusesInOneSentence(t *testing.T) {
	tests := []struct {
		name, want string
		make       func(dir string) error
	}{
		{"absolute link", "leads out of the directory", func(d string) error { return os.Symlink("/etc/passwd", d+"/x") }},
		{"link upwards", "leads out of the directory", func(d string) error { return os.Symlink("../../etc", d+"/x") }},
		{"a file", "is no directory", func(d string) error { return os.Remove(d) }},
		{"nothing", "There is no directory", func(d string) error { return os.Remove(d) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "from")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := tt.make(dir); err != nil {
				t.Fatal(err)
			}
			if tt.name == "a file" {
				write(t, dir, "x")
			}
			p := fleet.Platform{Name: "old", Source: fleet.Source{Type: fleet.SourceDirectory, Path: dir}}
			err := (directory{}).Fetch(t.Context(), p, filepath.Join(t.TempDir(), "tree"), nil)
			if fleet.CodeOf(err) == "" || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

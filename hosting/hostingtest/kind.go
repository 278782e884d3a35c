package hostingtest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/hosting"
)

// Kind tests what every kind promises about foreign trees: it never leaves the
// tree, never fails because a file is not what its name says, and gives
// packages in order, once each.
func Kind(t *testing.T, k hosting.Kind, manifests []string) {
	if k.Name() == "" {
		t.Error("a kind has a name")
	}
	secret := filepath.Join(t.TempDir(), "secret.json")
	write(t, secret, `{"name":"secret/secret","version":"1.0.0","packages":[{"name":"secret/lock","version":"1"}]}`)
	for name, content := range map[string]string{
		"empty": "", "not JSON": "<html>", "list": "[]", "number": "7", "null": "null", "deep": strings.Repeat("[", 20000),
		"odd types": `{"name":7,"version":[],"packages":{"a":[]},"require":[]}`, "link": "",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, m := range manifests {
				if name == "link" {
					at := filepath.Join(dir, m)
					if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.Symlink(secret, at); err != nil {
						t.Fatal(err)
					}
					continue
				}
				write(t, filepath.Join(dir, m), content)
			}
			spec, err := hosting.ReadSpec(dir)
			if err != nil {
				t.Fatal(err)
			}
			tree := hosting.Tree{Dir: dir, Spec: spec}
			k.Detect(tree)
			facts, err := k.Read(t.Context(), tree)
			if err != nil {
				t.Fatalf("read: %v", err)
			}
			var names []string
			for _, p := range facts.Packages {
				names = append(names, p.Type+" "+p.Name)
				if strings.Contains(p.Name, "secret") {
					t.Errorf("read outside of the tree: %+v", p)
				}
			}
			if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
				t.Errorf("packages are not in order, or twice: %v", names)
			}
			if c := k.App(tree).Check; !strings.HasPrefix(c.Path, "/") || c.Status == 0 {
				t.Errorf("check %+v", c)
			}
		})
	}
}

func write(t *testing.T, at, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

package makefile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/hosting/source/makefile"
	"github.com/distrobot/distrobot/internal/golden"
)

// dirTree reads makefiles from a directory and nowhere else.
type dirTree struct{ root *os.Root }

func (d *dirTree) ReadFile(name string, _ int64) ([]byte, error) { return d.root.ReadFile(name) }

func openDir(t testing.TB, dir string) *dirTree {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return &dirTree{root}
}

// row is what a golden file shows of a project.
type row struct {
	Project  string
	Place    string
	Release  string   `json:",omitempty"`
	Download string   `json:",omitempty"`
	Patches  []string `json:",omitempty"`
	Line     string
}

type plan struct {
	Core     makefile.Core
	Warnings []string `json:",omitempty"`
	Projects []row
}

func planOf(t testing.TB, tree makefile.Tree, name string) (plan, error) {
	t.Helper()
	var out plan
	m, err := makefile.Loader{Warn: func(w string) { out.Warnings = append(out.Warnings, w) }}.Load(t.Context(), tree, name)
	if err != nil {
		return out, err
	}
	out.Core = m.Core
	for _, p := range m.Projects {
		r := row{Project: p.Key() + " " + string(p.Kind), Place: p.Place(m.Core.Base()), Line: p.Pos.String()}
		if d := p.Download; d.Type != "" {
			d.Pos = makefile.Pos{}
			r.Download = strings.Join(strings.Fields(fmt.Sprint(d.Type, " ", d.URL, " ", d.Branch, " ", d.Tag, " ", d.Revision, " ", d.Refspec, " ", d.Subtree, " ", d.Filename, " ", d.Sums)), " ")
		}
		if p.Version != "" {
			rel := makefile.ReleaseOf(p, m.Core)
			r.Release = strings.TrimSpace(rel.Label + " " + rel.Branch)
		}
		for _, patch := range p.Patches {
			r.Patches = append(r.Patches, patch.Key+": "+patch.URL+strings.TrimRight(" "+patch.Sums.MD5, " "))
		}
		out.Projects = append(out.Projects, r)
	}
	return out, nil
}

func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/make/*.make*")
	if err != nil || len(files) < 7 {
		t.Fatalf("%d makefiles (%v)", len(files), err)
	}
	tree := openDir(t, "testdata/make")
	for _, f := range files {
		name := filepath.Base(f)
		t.Run(name, func(t *testing.T) {
			p, err := planOf(t, tree, name)
			if err != nil {
				t.Fatal(err)
			}
			golden.JSON(t, "plans/"+name, p)
		})
	}
}

package makefile_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting/source/makefile"
)

// memory is a tree of one file.
type memory struct {
	name string
	b    []byte
}

func (m *memory) ReadFile(name string, _ int64) ([]byte, error) {
	if name != m.name {
		return nil, os.ErrNotExist
	}
	return m.b, nil
}

// fuzz checks that whatever is read is either refused in words, or places every
// project inside the platform.
func fuzz(t *testing.T, name string, b []byte) {
	m, err := makefile.Loader{}.Load(t.Context(), &memory{name, b}, name)
	if err != nil {
		if fleet.CodeOf(err) == "" {
			t.Errorf("an error without words: %v", err)
		}
		return
	}
	for _, p := range m.Projects {
		place := p.Place(m.Core.Base())
		if place == "" && p.Kind == makefile.CoreKind {
			continue
		}
		if !filepath.IsLocal(place) || place == "." || strings.HasPrefix(filepath.Base(place), ".") {
			t.Errorf("%s goes to %q", p.Name, place)
		}
		if rel := makefile.ReleaseOf(p, m.Core); strings.ContainsAny(rel.Label+rel.Branch, "/\\ ") || strings.Contains(rel.Label, "..") {
			t.Errorf("%s is release %q", p.Name, rel.Label)
		}
	}
}

func seeds(f *testing.F, end string) {
	files, err := filepath.Glob("testdata/make/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, end) {
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
}

func FuzzINI(f *testing.F) {
	seeds(f, ".make")
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "x.make", b) })
}

func FuzzYAML(f *testing.F) {
	seeds(f, ".yml")
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "x.make.yml", b) })
}

// large is a makefile with n projects, five lines each.
func large(n int, yaml bool) []byte {
	var out bytes.Buffer
	if yaml {
		out.WriteString("core: 7.x\napi: 2\nprojects:\n")
	} else {
		out.WriteString("core = 7.x\napi = 2\n")
	}
	for i := range n {
		if yaml {
			fmt.Fprintf(&out, "  p%d:\n    version: '1.%d'\n    subdir: contrib\n    type: module\n    patch:\n      a: https://example.org/%d.patch\n", i, i, i)
			continue
		}
		fmt.Fprintf(&out, "; project %d\nprojects[p%d][version] = 1.%d\nprojects[p%d][subdir] = contrib\nprojects[p%d][type] = module\nprojects[p%d][patch][a] = https://example.org/%d.patch\n", i, i, i, i, i, i, i)
	}
	return out.Bytes()
}

func benchmark(b *testing.B, name string, yaml bool) {
	tree := &memory{name, large(1000, yaml)}
	b.ReportAllocs()
	for b.Loop() {
		m, err := makefile.Loader{}.Load(b.Context(), tree, name)
		if err != nil || len(m.Projects) != 1000 {
			b.Fatalf("%d projects, %v", len(m.Projects), err)
		}
	}
}

func BenchmarkINI1000(b *testing.B)  { benchmark(b, "x.make", false) }
func BenchmarkYAML1000(b *testing.B) { benchmark(b, "x.make.yml", true) }

// TestLargeStaysCheap bounds the work by what it allocates, which no busy machine
// changes; the benchmarks tell the time.
func TestLargeStaysCheap(t *testing.T) {
	for name, bound := range map[string]float64{"x.make": 80_000, "x.make.yml": 80_000} {
		for _, n := range []int{1000, 2000} {
			tree := &memory{name, large(n, strings.HasSuffix(name, "yml"))}
			got := testing.AllocsPerRun(1, func() {
				if _, err := (makefile.Loader{}).Load(t.Context(), tree, name); err != nil {
					t.Fatal(err)
				}
			})
			if most := bound * float64(n) / 1000; got > most {
				t.Errorf("%s with %d projects makes %.0f allocations, want at most %.0f", name, n, got, most)
			}
		}
	}
}

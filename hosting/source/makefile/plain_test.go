package makefile

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// agree asserts that the quick reader, where it reads a file at all, gives what
// the library gives; it reports whether it did.
func agree(t *testing.T, b []byte) bool {
	t.Helper()
	quick, ok := readPlain("x.make.yml", b)
	if !ok {
		return false
	}
	full, err := parseFullYAML("x.make.yml", b)
	if err != nil {
		t.Fatalf("the quick reader takes what the library refuses: %v\n%s", err, b)
	}
	if !reflect.DeepEqual(quick, full) {
		t.Fatalf("the readers differ:\n%s\nquick %s\nfull  %s", b, show(quick), show(full))
	}
	return true
}

func show(n *Node) string {
	if !n.isMap() {
		return fmt.Sprintf("%q/%t@%d", n.Text, n.Null, n.Pos.Line)
	}
	var out []string
	for _, k := range n.Keys {
		out = append(out, k+"="+show(n.Sub[k]))
	}
	return fmt.Sprintf("{%s}@%d#%d", strings.Join(out, " "), n.Pos.Line, n.count)
}

// TestPlainIsRead asserts that what makefiles look like is read without the
// library, and that what is beyond them is left to it.
func TestPlainIsRead(t *testing.T) {
	for text, quick := range map[string]bool{
		"core: 7.x\napi: 2\n": true,
		"---\n# a comment\ncore: \"7.x\"\napi: '2'\nprojects:\n  views:\n    version: 3.10\n    patch:\n      - http://example.org/a.patch\n      - \"https://example.org/b.patch?x=1&y=2\"\n  token: ~\n  ctools:\n  x: null\n": true,
		"a:\n- b\n- c\nd: e\n":                    true,
		"a:\n  - b\n  - c\n\n\n  # x\nd: e f g\n": true,
		"a: b: c\n": false, "a: b #c\n": false, "a: |\n  b\n": false, "a: [b]\n": false, "a: {b: c}\n": false,
		"a: &b c\n": false, "a:\n  - b: c\n": false, "a: b\n  c: d\n": false, "a:\n    b: c\n  d: e\n": false, "a: 'it''s'\n": false,
		"a: b\na: c\n": false, "a:\tb\n": false, "yes: a\n": false, "a: ü\n": false, "- a\n": true, "a:\n  - b\n c: d\n": false,
		"": false, " a: b\n": false, "a: b\n---\nc: d\n": false, "a: b\n- c\n": false,
		"a:\n#\r0": false, "a: b\r\n": false, "a: b\n# \u2028c: d\n": false,
	} {
		if got := agree(t, []byte(text)); got != quick {
			t.Errorf("%q: read quickly %t, want %t", text, got, quick)
		}
	}
}

// FuzzPlain looks for files that the two readers read differently.
func FuzzPlain(f *testing.F) {
	for _, s := range []string{"core: 7.x\napi: 2\nprojects:\n  views:\n    version: 3.10\n    patch:\n      - http://example.org/a.patch\n",
		"a: 1e3\nb: 0x1F\nc: 1_000\nd: .5\ne: 010\nf: 2001-01-01\ng: 12:30:45\n", "a:\n- b\n-  c\n- d e\nf: ~\n", "a: b \n  \n#x\nc:\n   d:\n    e: f\n",
		"a: y\nb: No\nc: +1\nd: 1.\ne: =\n", "---\na: b\n", "a: \"\"\nb: ''\nc: \"x y\"\n", "a: (b);c,d\n", "a: <<\nb: @c\n"} {
		f.Add([]byte(s))
	}
	samples, err := filepath.Glob("testdata/make/*.yml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range samples {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 4096 {
			agree(t, b)
		}
	})
}

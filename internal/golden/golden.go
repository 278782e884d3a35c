// Package golden compares what a test made with what a file in testdata says
// it should be. `go test ./commands -update` writes the files anew; their
// differences are then read in review.
package golden

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// JSON compares v, as indented JSON, with testdata/NAME.json. HTML escaping is
// off: "<" reads as "<", so that a missing escape is seen.
func JSON(t *testing.T, name string, v any) {
	t.Helper()
	var got bytes.Buffer
	e := json.NewEncoder(&got)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatalf("golden %s: %v", name, err)
	}
	path := filepath.Join("testdata", filepath.FromSlash(name)+".json")
	if *update {
		write(t, path, got.Bytes())
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("golden %s: %v (write it with -update)", name, err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("golden %s differs at line %d\n--- want\n%s\n--- got\n%s", name, firstDifference(want, got.Bytes()), want, got.Bytes())
	}
}

// Text compares text with a file, path relative to the test's directory.
func Text(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		write(t, path, []byte(got))
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("golden %s: %v (write it with -update)", path, err)
	}
	if string(want) != got {
		t.Errorf("golden %s differs at line %d (write it with -update)", path, firstDifference(want, []byte(got)))
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// firstDifference is the number of the first line that is not the same.
func firstDifference(a, b []byte) int {
	x, y := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range x {
		if i >= len(y) || !bytes.Equal(x[i], y[i]) {
			return i + 1
		}
	}
	return len(x) + 1
}

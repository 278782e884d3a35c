package sbom_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/run"
	"github.com/distrobot/distrobot/internal/sbom"
)

// TestWrite lists what is in a program (this package's own: test programs do
// not carry their modules), the same twice.
func TestWrite(t *testing.T) {
	self := filepath.Join(t.TempDir(), "program")
	if _, err := run.Run(t.Context(), run.Command{Program: "go", Args: []string{"build", "-o", self, "./cmd"},
		Env: os.Environ(), Timeout: 5 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := sbom.Write(&first, self); err != nil {
		t.Fatal(err)
	}
	if err := sbom.Write(&second, self); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same program gives two different bills")
	}
	var bom struct {
		BomFormat  string
		Components []struct {
			Name, Version, Purl string
			Hashes              []struct{ Alg, Content string }
		}
	}
	if err := json.Unmarshal(first.Bytes(), &bom); err != nil {
		t.Fatal(err)
	}
	if bom.BomFormat != "CycloneDX" {
		t.Errorf("format is %q", bom.BomFormat)
	}
	found := map[string]bool{}
	for _, c := range bom.Components {
		found[c.Name] = true
		if !strings.HasPrefix(c.Purl, "pkg:golang/"+c.Name+"@") {
			t.Errorf("%s has the package URL %q", c.Name, c.Purl)
		}
		if c.Name != "std" && (len(c.Hashes) != 1 || len(c.Hashes[0].Content) != 64) {
			t.Errorf("%s has the hashes %v", c.Name, c.Hashes)
		}
	}
	for _, want := range []string{"std", "github.com/CycloneDX/cyclonedx-go"} {
		if !found[want] {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(file, []byte("not a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sbom.Write(&bytes.Buffer{}, file); err == nil {
		t.Error("a text has modules")
	}
}

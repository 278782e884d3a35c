package advisories

import (
	"io"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// ReadAs reads a text as a document of a kind, with everything being wanted.
func ReadAs(kind, text string) ([]fleet.Advisory, error) {
	all := func(fleet.Ware) bool { return true }
	f, err := map[string]func(io.Reader) (findings, error){
		"drupal":    func(r io.Reader) (findings, error) { return readHistory(r, kind, "drupal:views") },
		"composer":  func(r io.Reader) (findings, error) { return readComposer(r, kind, all) },
		"wordpress": func(r io.Reader) (findings, error) { return readWordPress(r, kind, all) },
		"file":      func(r io.Reader) (findings, error) { return readFile(r, kind, all) },
	}[kind](strings.NewReader(text))
	return f.advisories, err
}

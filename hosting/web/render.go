package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"unicode"

	"github.com/distrobot/distrobot/fleet"
)

//go:embed templates/*.tmpl
var ours embed.FS

//go:embed gate.php
var gateText []byte

//go:embed held.html
var heldText []byte

// maxTemplate bounds a template of the operator, in bytes.
const maxTemplate = 256 << 10

// functions of templates. quote makes one parameter of nginx of a text whose
// "$" are variables; ini makes a value of PHP-FPM.
var functions = template.FuncMap{"quote": quote, "ini": ini}

func quote(s string) (string, error) {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", fmt.Errorf("control character in %q", s)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, nil
}

// ini refuses what has a meaning inside quotes, instead of escaping it: nothing
// that we write needs it.
func ini(s string) (string, error) {
	if strings.ContainsAny(s, "\"\\$`';#") || strings.ContainsFunc(s, unicode.IsControl) {
		return "", fmt.Errorf("special character in %q", s)
	}
	return `"` + s + `"`, nil
}

// render fills a template: the operator's, if there is one of that name.
func (f *Front) render(name string, data any) ([]byte, error) {
	own, err := f.own(name)
	if err != nil {
		return nil, err
	}
	return f.fill(name, own, data)
}

// own reads a file of the operator's that replaces one of ours; nil if there is
// none.
func (f *Front) own(name string) ([]byte, error) {
	if f.Templates == "" {
		return nil, nil
	}
	b, err := os.ReadFile(filepath.Join(f.Templates, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err == nil && len(b) > maxTemplate:
		return nil, fleet.Errorf(fleet.Failed, "The template %s is larger than %d KiB.", name, maxTemplate>>10)
	}
	return b, err
}

// fill fills the template own, or ours of that name if own is nil.
func (f *Front) fill(name string, own []byte, data any) ([]byte, error) {
	text := own
	if own == nil {
		var err error
		if text, err = ours.ReadFile("templates/" + name); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	t, err := template.New(name).Funcs(functions).Option("missingkey=error").Parse(string(text))
	if err == nil {
		err = t.Execute(&out, data)
	}
	if err != nil && own != nil {
		return nil, fleet.Errorf(fleet.Failed, "The template %s is not right (%s).", name, fleet.Clean(err.Error(), 200)).Because(err)
	}
	return out.Bytes(), err
}

// held is the page of a site that is held.
func (f *Front) held() ([]byte, error) {
	if own, err := f.own("held.html"); own != nil || err != nil {
		return own, err
	}
	return heldText, nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

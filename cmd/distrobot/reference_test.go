package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/distrobot/distrobot"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/golden"
)

// TestReferenceIsWhatTheProgramKnows: `go test ./cmd/distrobot -run Reference
// -update` writes docs/reference.md anew.
func TestReferenceIsWhatTheProgramKnows(t *testing.T) {
	parser, err := kong.New(&cli{}, kong.Name("distrobot"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := writeReference(&b, parser.Model); err != nil {
		t.Fatal(err)
	}
	golden.Text(t, "../../docs/reference.md", b.String())
}

// TestSiteFileIsComplete holds docs/distrobot.yml and hosting.Spec together: the
// file is accepted as it is, and explains every key.
func TestSiteFileIsComplete(t *testing.T) {
	if _, err := hosting.ParseSpec([]byte(distrobot.Site)); err != nil {
		t.Error(err)
	}
	for _, key := range keys(reflect.TypeFor[hosting.Spec]()) {
		if !strings.Contains(distrobot.Site, key+":") {
			t.Errorf("docs/distrobot.yml does not explain %s", key)
		}
	}
}

// keys lists those that a YAML document may have, in it and below.
func keys(of reflect.Type) []string {
	var out []string
	for f := range of.Fields() {
		if key := f.Tag.Get("yaml"); key != "" {
			out = append(out, key)
		}
		if f.Type.Kind() == reflect.Struct {
			out = append(out, keys(f.Type)...)
		}
	}
	return out
}

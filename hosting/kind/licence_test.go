package kind

import (
	"encoding/json"
	"testing"
)

// A licence is read as Composer, npm and old packages of npm write it; whatever
// else stands there says nothing and spoils nothing.
func TestLicence(t *testing.T) {
	for in, want := range map[string]string{
		`"MIT"`: "MIT", `["GPL-2.0-or-later"]`: "GPL-2.0-or-later", `["MIT", "Apache-2.0", "MIT"]`: "Apache-2.0 or MIT",
		`{"type": "BSD", "url": "x"}`: "BSD", `[]`: "", `null`: "", `7`: "", `[{"type": "MIT"}, 3]`: "MIT",
	} {
		var p lockedPackage
		if err := json.Unmarshal([]byte(`{"name": "a/b", "license": `+in+`}`), &p); err != nil || string(p.Licence) != want || p.Name != "a/b" {
			t.Errorf("%s: %q %v, want %q", in, p.Licence, err, want)
		}
	}
	if got := parseHeader([]byte("/*\nPlugin Name: Shop\nLicense: GPL v2 or later\n*/"))["license"]; got != "GPL v2 or later" {
		t.Errorf("a plugin's licence is %q", got)
	}
}

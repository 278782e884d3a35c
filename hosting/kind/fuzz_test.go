package kind

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/distrobot/distrobot/fleet"
)

func FuzzPHP(f *testing.F) {
	for _, seed := range []string{
		`<?php $wp_version='6.2';define('VERSION','7.1');const X = 1.5;`, "<?php <<<EOT\nx\nEOT;", `<?php function a_update_1() { return 7000; } function a_removed_post_updates() { return ['a_post_update_x' => '1']; }`,
		"<?php /* // # ?> '\\", "<?= `x` ?><?php \"\\\"$a\"", "<?php <<<'", strings.Repeat("<<<", 100), "<?php function a_update_last_removed(",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		tokens := phpTokens(src)
		length := 0
		for _, token := range tokens {
			if token.kind == phpPunct && len(token.text) != 1 || token.kind == 0 {
				t.Errorf("token %+v", token)
			}
			length += len(token.text)
		}
		if length > len(src) {
			t.Errorf("%d bytes of tokens from %d bytes", length, len(src))
		}
		phpValues(src)
		var m fleet.ModuleSchema
		readUpdates(&m, "a", src)
		for _, n := range m.Updates {
			if n < 0 {
				t.Errorf("update %d", n)
			}
		}
	})
}

func FuzzDescriptions(f *testing.F) {
	for _, seed := range []string{"name = x\nversion = \"1\"\n[s]\nversion=2", "type: module\nversion: '1' # x\n", "/* Plugin Name: x\rVersion: 1 */", "a:\n b: '", "- https://x\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, got := range []map[string]string{parseIni(src), parseInfoYAML(src), parseHeader(src)} {
			for key, value := range got {
				if strings.ContainsAny(key+value, "\n") {
					t.Errorf("%q: %q goes over lines", key, value)
				}
			}
			list := packages{}
			list.add(fleet.Package{Name: got["name"], Type: "module", Version: got["version"], Parts: []string{got["project"]}, Patches: parsePatches(src)})
			for _, p := range list.sorted() {
				if len(p.Name) > maxName || len(p.Version) > maxVersion+16 || !utf8.ValidString(p.Name+p.Version) {
					t.Errorf("package %+v", p)
				}
			}
		}
	})
}

func FuzzComposer(f *testing.F) {
	for _, seed := range []string{
		`{"packages":[{"name":"a/b","version":"dev-x","type":"drupal-module","extra":[],"source":{"reference":"0123456789"}}]}`,
		`[{"name":"a/b","extra":{"patches_applied":{"x":"y"}}}]`, `{"extra":{"patches":{"a/b":[{"description":"x","url":"y"}]}},"require":[]}`, `{"packages":{"a":1}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var file composerFile
		_ = json.Unmarshal(src, &file)
		var items []composerItem
		_ = json.Unmarshal(src, &items)
		c := composerTree{}
		for _, item := range append(items, file.Packages...) {
			c.list = append(c.list, item.pack("vendor", patchesOf(file.Extra["patches"])[item.Name]))
		}
		list := packages{}
		c.wordpress(list)
		for _, p := range append(list.sorted(), group(fleet.Package{}, c, nil).sorted()...) {
			if p.Name == "" || len(p.Name) > maxName || len(p.Version) > maxVersion {
				t.Errorf("package %+v", p)
			}
		}
	})
}

// TestHostileSizes reads texts that would take for ever if the time rose with
// the square of their size: four times the text may take ten times as long,
// not sixteen.
func TestHostileSizes(t *testing.T) {
	php := func(src []byte) {
		phpValues(src)
		var m fleet.ModuleSchema
		readUpdates(&m, "a", src)
	}
	for _, unit := range []string{"<<<", "'", "<?", "?>", "/*", "//", "#", "function a_update_last_removed(", "function a_removed_post_updates(){", "<<<A\n", "$", "{", "define('a',", "\"\\"} {
		linear(t, unit, "<?php ", maxPHP, php)
	}
	for _, unit := range []string{"a", "a = \n", "a:\n", " ", "Version:", "'", "[", "*/"} {
		linear(t, unit, "", maxInfo, func(src []byte) {
			parseIni(src)
			parseInfoYAML(src)
			parseHeader(src)
		})
	}
}

// linear reads a text of many units, and one of four times as many.
func linear(t *testing.T, unit, head string, size int, read func([]byte)) {
	t.Helper()
	times := func(size int) time.Duration {
		src := []byte(head + strings.Repeat(unit, size/len(unit)))
		best := time.Hour
		for range 2 {
			began := time.Now()
			read(src)
			best = min(best, time.Since(began))
		}
		return best
	}
	large := times(size)
	if large < time.Second {
		return
	}
	if small := times(size / 4); large > 10*small {
		t.Errorf("%d bytes of %q took %s, a quarter of them %s", size, unit, large, small)
	}
}

package kind

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
)

func TestPHPValues(t *testing.T) {
	src := `<html>$wp_version = 'outside';
<?php
/* $wp_version = 'in a comment'; */
// $wp_version = 'in a line comment';
# define('VERSION', 'in a shell comment');
$text = "define('VERSION', 'in a string')";
$doc = <<<'EOT'
const VERSION = 'in a heredoc';
  EOT;
$wp_version = '6.8.7'; $wp_db_version = 60421; $wp_version = 'later';
if ($wp_local == 'x') {}
define("VERSION", "7.98");
const MINIMUM_PHP = '8.1.0', OTHER = 1;
$float = 5.5;
#[Attribute] const AFTER = 'attribute';
?> define('TAIL', 'outside');`
	got := phpValues([]byte(src))
	want := map[string]string{
		"$text": "define('VERSION', 'in a string')", "$doc": "const VERSION = 'in a heredoc';\n", "$wp_version": "6.8.7", "$wp_db_version": "60421",
		"VERSION": "7.98", "MINIMUM_PHP": "8.1.0", "$float": "5.5", "AFTER": "attribute",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	minified := phpValues([]byte(`<?php $wp_version='6.2.6';$wp_db_version=53496;$required_php_version='5.6.20';`))
	if minified["$wp_version"] != "6.2.6" || minified["$wp_db_version"] != "53496" || minified["$required_php_version"] != "5.6.20" {
		t.Errorf("minified: %v", minified)
	}
}

func TestReadUpdates(t *testing.T) {
	var m fleet.ModuleSchema
	readUpdates(&m, "shop", []byte(`<?php
/**
 * function shop_update_7999() {}
 */
function shop_update_7001() { return t('function shop_update_7998() {}'); }
  function &shop_update_7003(&$sandbox) {}
Function shop_update_7002 ( ) { if (1) { $x = "}"; } }
// function shop_update_7997() {}
function shop_update_last_removed() { // return 1;
  return 7000;
}
function shop_update_dependencies() { return array('shop' => array(7001 => 1)); }
function shop_extra_update_7100() {}
function workshop_update_7101() {}
function shop_update_7004_helper() {}
function shop_update_99999999999() {}
$x = <<<PHP
function shop_update_7996() {}
PHP;
`))
	readUpdates(&m, "shop", []byte(`<?php
function shop_post_update_rename() {}
function shop_post_update_gone_twice() {}
function shop_removed_post_updates() {
  return [
    'shop_post_update_old' => '9.0.0',
    "shop_post_update_older" => "8.0.0", // 'shop_post_update_comment' => '1',
    'other_post_update_x' => '9.0.0',
  ];
}
`))
	want := fleet.ModuleSchema{
		Updates: []int{7001, 7003, 7002}, LastRemoved: 7000, Post: []string{"rename", "gone_twice"},
		Gone: map[string]string{"old": "9.0.0", "older": "8.0.0"},
	}
	if d := cmp.Diff(want, m); d != "" {
		t.Error(d)
	}
}

func TestParseIni(t *testing.T) {
	got := parseIni([]byte("\xef\xbb\xbf; $Id$\r\nname = Media\r\ncore = 7.x\nversion = 7.x-2.0 ; not yet\nfiles[] = a.inc\n" +
		"dependencies[] = views (>=3.0)\nphp = \"5.3\"\nempty =\nno value\n[section]\nversion = \"7.x-2.26\"\nproject = 'media'\nname = Section\n"))
	want := info{"name": "Media", "core": "7.x", "version": "7.x-2.26", "php": "5.3", "empty": "", "project": "media"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestParseInfoYAML(t *testing.T) {
	got := parseInfoYAML([]byte(`name: 'Shop: the module'
type: module # a comment
description: >
  version: not this
core_version_requirement: ^9.5 || ^10 
version: VERSION
dependencies:
  - drupal:node
- stray: list
"quoted": yes
url: http://x
empty:
  # Information added by Drupal.org packaging script on 2024-01-01
version: '8.x-1.4'
project: "shop"
datestamp: 1700000000
`))
	want := info{"name": "Shop: the module", "type": "module", "description": ">", "core_version_requirement": "^9.5 || ^10", "version": "8.x-1.4",
		"dependencies": "", "quoted": "yes", "url": "http://x", "empty": "", "project": "shop", "datestamp": "1700000000"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestParseHeader(t *testing.T) {
	got := parseHeader([]byte("<?php\n/**\n * @version 9.9\n * Plugin Name: Shop & Co */\n * Version: 1.4.2\r * Version: later\n * Requires PHP:  7.4 \n * Requires Plugins: woo, forms\n */"))
	want := map[string]string{"plugin name": "Shop & Co", "version": "1.4.2", "requires php": "7.4", "requires plugins": "woo, forms"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if one := parseHeader([]byte("<?php /* Plugin Name: One line */")); one["plugin name"] != "One line" {
		t.Errorf("%v", one)
	}
	if far := parseHeader([]byte(strings.Repeat("\n", maxHeader) + "Plugin Name: too far")); len(far) > 0 {
		t.Errorf("%v", far)
	}
}

// TestSampleInfoYAML holds the reader of descriptions against a real YAML
// parser on every real file at hand: the scalars that count are the same.
func TestSampleInfoYAML(t *testing.T) {
	files := samples(t, "*.info.yml")
	for _, at := range files {
		b, err := os.ReadFile(at)
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]any
		if err := yaml.UnmarshalWithOptions(b, &want, yaml.AllowDuplicateMapKey()); err != nil {
			t.Errorf("%s: %v", at, err)
			continue
		}
		got := parseInfoYAML(b)
		for _, key := range []string{"type", "version", "project", "package", "core_version_requirement", "core", "php", "lifecycle"} {
			if text, ok := want[key].(string); ok && strings.TrimSpace(text) != got[key] {
				t.Errorf("%s: %s is %q, want %q", at, key, got[key], text)
			}
		}
		if got["type"] == "" {
			t.Errorf("%s: no type", at)
		}
	}
	if len(files) > 0 {
		t.Logf("%d files read alike", len(files))
	}
}

// TestSampleInfo reads every real .info file at hand; of one with a packaging
// block, the block counts.
func TestSampleInfo(t *testing.T) {
	packaged := 0
	for _, at := range samples(t, "*.info") {
		b, err := os.ReadFile(at)
		if err != nil {
			t.Fatal(err)
		}
		got := parseIni(b)
		if got["name"] == "" || got["core"] == "" && got["backdrop"] == "" {
			t.Errorf("%s: %v", at, got)
		}
		_, block, found := strings.Cut(string(b), "packaging script")
		if !found {
			continue
		}
		packaged++
		if !strings.Contains(block, "version = \""+got["version"]+"\"") || got["project"] == "" {
			t.Errorf("%s: version %q, project %q, not those of the packaging block", at, got["version"], got["project"])
		}
	}
	t.Logf("%d files with a packaging block", packaged)
}

// samples finds real files below DISTROBOT_SAMPLES.
func samples(t *testing.T, pattern string) []string {
	t.Helper()
	dir := os.Getenv("DISTROBOT_SAMPLES")
	if dir == "" {
		t.Log("DISTROBOT_SAMPLES is not set: no real files are read; the cases written out here hold the same shapes")
		return nil
	}
	var out []string
	err := filepath.WalkDir(dir, func(at string, d os.DirEntry, err error) error {
		if ok, _ := filepath.Match(pattern, filepath.Base(at)); ok {
			out = append(out, at)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("no %s below %s: %v", pattern, dir, err)
	}
	slices.Sort(out)
	return out
}

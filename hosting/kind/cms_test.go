package kind_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// lay writes a code base out: "=== PATH" lines part the files of a text.
func lay(t *testing.T, text string) hosting.Tree {
	t.Helper()
	dir := t.TempDir()
	for _, part := range strings.Split(text, "\n=== ")[1:] {
		name, content, _ := strings.Cut(part, "\n")
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	spec, err := hosting.ReadSpec(dir)
	if err != nil {
		t.Fatal(err)
	}
	return hosting.Tree{Dir: dir, Spec: spec}
}

// reads wants the kind that detects the tree to read these facts.
func reads(t *testing.T, tree hosting.Tree, kind fleet.KindName, want fleet.PlatformFacts) {
	t.Helper()
	k := detect(tree)
	if k.Name() != kind {
		t.Fatalf("detected %s, want %s", k.Name(), kind)
	}
	got, err := k.Read(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWordPress(t *testing.T) {
	reads(t, lay(t, `
=== wp-includes/version.php
<?php $wp_version='6.5.5';$wp_db_version=57155;$required_php_version='7.0.0';
=== wp-content/plugins/hello.php
<?php
/* Plugin Name: Hello
Version: 1.7.2 */
=== wp-content/plugins/index.php
<?php // Plugin Name: silence
=== wp-content/plugins/shop/aaa.php
<?php /* Plugin Name: Shop extras
Version: 0.1 */
=== wp-content/plugins/shop/shop.php
<?php
/**
 * Plugin Name: Shop
 * @version 9.9
 * Version: v8.2.1
 * Requires Plugins: forms, pay
 */
=== wp-content/plugins/shop/deep/deep.php
<?php /* Plugin Name: Too deep */
=== wp-content/plugins/nothing/readme.php
<?php
=== wp-content/mu-plugins/loader.php
<?php require __DIR__ . '/host/host.php';
=== wp-content/mu-plugins/host/host.php
<?php /* Plugin Name: Host
Version: 1.5 */
=== wp-content/object-cache.php
<?php /* Plugin Name: Redis drop-in
Version: 2.5.0 */
=== wp-content/themes/parent/style.css
/*
Theme Name: Parent
Version: 1.2
*/
=== wp-content/themes/child/style.css
/*
Theme Name: Child
Template: parent
Version: {$VERSION}
*/
=== wp-content/themes/broken/style.css
body { color: red }
`), "wordpress", fleet.PlatformFacts{
		Docroot: ".", PHP: ">=7.0.0", Schema: "57155", Code: &fleet.CodeSchema{Core: "wordpress", Number: 57155},
		Packages: []fleet.Package{
			{Name: "wordpress", Type: "core", Version: "6.5.5"},
			{Name: "object-cache", Type: "drop-in", Version: "2.5.0"},
			{Name: "host", Type: "mu-plugin", Version: "1.5"},
			{Name: "loader", Type: "mu-plugin"},
			{Name: "hello", Type: "plugin", Version: "1.7.2"},
			{Name: "shop", Type: "plugin", Version: "8.2.1", Needs: []string{"forms", "pay"}},
			{Name: "child", Type: "theme", Needs: []string{"parent"}},
			{Name: "parent", Type: "theme", Version: "1.2"},
		},
	})
}

// In Bedrock's layout core and content stand apart, and Composer knows the
// plugins by other names than sites do.
func TestWordPressByComposer(t *testing.T) {
	reads(t, lay(t, `
=== composer.json
{"require":{"php":">=8.1","roots/wordpress":"6.5.5"},"extra":{"patches":{"wpackagist-plugin/shop":{"Fix the till":"https://example.org/1.patch"}}}}
=== composer.lock
{"packages":[{"name":"roots/wordpress","type":"metapackage","version":"6.5.5"},{"name":"wpackagist-plugin/shop","type":"wordpress-plugin","version":"8.2.1"},
 {"name":"wpackagist-plugin/later","type":"wordpress-plugin","version":"1.0"},{"name":"monolog/monolog","type":"library","version":"v3.1.0"}],"packages-dev":[]}
=== web/wp/wp-includes/version.php
<?php
$wp_version = '6.5.5';
$wp_db_version = 57155;
$required_php_version = '7.0.0';
=== web/app/plugins/shop/shop.php
<?php
/* Plugin Name: Shop
Version: 8.2.1 */
`), "wordpress", fleet.PlatformFacts{
		Docroot: "web", PHP: ">=8.1", Schema: "57155", Code: &fleet.CodeSchema{Core: "wordpress", Number: 57155},
		Packages: []fleet.Package{
			{Name: "wordpress", Type: "core", Version: "6.5.5"},
			{Name: "monolog/monolog", Type: "library", Version: "3.1.0"},
			{Name: "later", Type: "plugin", Version: "1.0"},
			{Name: "shop", Type: "plugin", Version: "8.2.1", Patches: []string{"Fix the till"}},
		},
	})
}

func TestDrupal7(t *testing.T) {
	reads(t, lay(t, `
=== docroot/includes/bootstrap.inc
<?php
define('VERSION', '7.103');
define('DRUPAL_MINIMUM_PHP', '5.3.3');
=== docroot/modules/system/system.info
name = System
version = VERSION
=== docroot/modules/system/system.install
<?php
function system_update_last_removed() { return 6055; }
function system_update_7087() {}
function system_update_7088() {}
=== docroot/modules/system/tests/system_test.info
name = Test
version = VERSION
=== docroot/modules/node/node.info
name = Node
version = VERSION
; Information added by packaging script on 2024-12-04
version = "7.103"
project = "drupal"
=== docroot/modules/hoster/hoster.info
name = Of the hoster, among core's
version = "7.x-1.0"
=== docroot/profiles/standard/standard.info
name = Standard
version = VERSION
=== docroot/profiles/atrium/atrium.info
name = Atrium
version = "7.x-2.69"
project = "atrium"
=== docroot/profiles/atrium/modules/contrib/views/views.info
name = Views of the profile
version = "7.x-3.20"
project = "views"
=== docroot/profiles/atrium/modules/atrium_mail/atrium_mail.info
name = Mail
version = "7.x-2.69"
project = "atrium"
=== docroot/sites/all/modules/views/views.info
name = Views
version = "7.x-3.0"
; Information added by Drupal.org packaging script
version = "7.x-3.24"
project = "views"
=== docroot/sites/all/modules/views/views.install
<?php
function views_update_7301() {}
=== docroot/sites/all/modules/views/views_ui.info
name = Views UI
version = "7.x-3.24"
project = "views"
=== docroot/sites/all/modules/views/PATCHES.txt
The following patches have been applied to this project:
- https://example.org/views-1.patch
=== docroot/sites/all/modules/custom/own/own.info
name = Own
=== docroot/sites/all/modules/custom/own/modules/own_sub/own_sub.info
name = Part of own
=== docroot/sites/all/themes/skin/skin.info
name = Skin
version = 7.x-1.x-dev
=== docroot/sites/shop.example.org/modules/local/local.info
name = Of one site
=== docroot/sites/shop.example.org/files/modules/evil/evil.info
name = Uploaded
=== docroot/sites/all/modules/bad-name/bad-name.info
name = Not a machine name
`), "drupal", fleet.PlatformFacts{
		Docroot: "docroot", PHP: ">=5.3.3",
		Packages: []fleet.Package{
			{Name: "drupal", Type: "core", Version: "7.103", Parts: []string{"node", "standard", "system"}},
			{Name: "hoster", Type: "module", Version: "7.x-1.0"},
			{Name: "local", Type: "module"},
			{Name: "own", Type: "module", Parts: []string{"own_sub"}},
			{Name: "views", Type: "module", Version: "7.x-3.24", Parts: []string{"views_ui"}, Patches: []string{"https://example.org/views-1.patch"}},
			{Name: "atrium", Type: "profile", Version: "7.x-2.69", Parts: []string{"atrium_mail"}},
			{Name: "skin", Type: "theme", Version: "7.x-1.x-dev"},
		},
		Code: &fleet.CodeSchema{Modules: map[string]fleet.ModuleSchema{
			"system": {Updates: []int{7087, 7088}, LastRemoved: 6055}, "views": {Updates: []int{7301}},
			"node": {}, "hoster": {}, "standard": {}, "atrium": {}, "atrium_mail": {}, "views_ui": {}, "own": {}, "own_sub": {}, "skin": {}, "local": {},
		}},
	})
}

func TestDrupal10(t *testing.T) {
	reads(t, lay(t, `
=== composer.json
{"require":{"php":">=8.2","drupal/core-recommended":"^10"}}
=== composer.lock
{"packages":[{"name":"not/installed","version":"1"}]}
=== vendor/composer/installed.json
{"packages":[
 {"name":"drupal/core","type":"drupal-core","version":"10.3.6","install-path":"../../web/core","extra":{"patches_applied":{"Fix core":"https://example.org/c.patch"}}},
 {"name":"drupal/token","type":"drupal-module","version":"1.15.0","install-path":"../../web/modules/contrib/token"},
 {"name":"drupal/feeds","type":"drupal-module","version":"dev-3.x","source":{"reference":"0123456789abcdef0123456789abcdef01234567"},"install-path":"../../web/modules/contrib/feeds"},
 {"name":"cweagans/composer-patches","type":"composer-plugin","version":"1.7.3","extra":[]}],"dev":false}
=== web/core/lib/Drupal.php
<?php
class Drupal { const VERSION = '10.3.6'; const MINIMUM_PHP = '8.1.0'; }
=== web/core/composer.json
{"name":"drupal/core","require":{"php":">=8.1.0"}}
=== web/core/modules/system/system.info.yml
name: System
type: module
version: VERSION
=== web/core/modules/system/system.install
<?php
function system_update_last_removed() { return 8901; }
function system_update_10201() {}
=== web/core/modules/system/system.post_update.php
<?php
function system_removed_post_updates() { return ['system_post_update_old' => '10.0.0']; }
function system_post_update_new() {}
=== web/core/modules/config/config.info.yml
name: Config
type: module
=== web/core/modules/system/config/install/trap.info.yml
type: module
=== web/core/modules/mysql/tests/modules/mysql_test/mysql_test.info.yml
type: module
=== web/core/themes/olivero/olivero.info.yml
type: theme
=== web/core/themes/olivero/olivero.post_update.php
<?php
function olivero_post_update_add_primary_color() {}
=== web/modules/contrib/token/token.info.yml
type: module
version: '8.x-1.15'
project: token
=== web/modules/contrib/feeds/feeds.info.yml
type: module
=== web/modules/contrib/feeds/modules/feeds_log/feeds_log.info.yml
type: module
=== web/modules/contrib/byhand/byhand.info.yml
type: module
version: 1.0.0
version: '2.1.0'
project: byhand
=== web/modules/contrib/byhand/byhand_ui/byhand_ui.info.yml
type: module
version: '2.1.0'
project: byhand
=== web/modules/custom/own/own.info.yml
type: module
version: VERSION
=== web/modules/custom/hidden/hidden.info.yml
type: module
package: Testing
=== web/modules/custom/nothing/nothing.info.yml
name: has no type
=== web/sites/default/files/evil/evil.info.yml
type: module
=== web/node_modules/x/x.info.yml
type: module
`), "drupal", fleet.PlatformFacts{
		Docroot: "web", PHP: ">=8.2",
		Packages: []fleet.Package{
			{Name: "drupal/core", Type: "core", Version: "10.3.6", Parts: []string{"config", "olivero", "system"}, Patches: []string{"Fix core"}},
			{Name: "cweagans/composer-patches", Type: "library", Version: "1.7.3"},
			{Name: "byhand", Type: "module", Version: "2.1.0", Parts: []string{"byhand_ui"}},
			{Name: "drupal/feeds", Type: "module", Version: "dev-3.x#0123456", Parts: []string{"feeds", "feeds_log"}},
			{Name: "drupal/token", Type: "module", Version: "1.15.0", Parts: []string{"token"}},
			{Name: "own", Type: "module", Version: "10.3.6"},
		},
		Code: &fleet.CodeSchema{Floor: 8000, Modules: map[string]fleet.ModuleSchema{
			"system":  {Updates: []int{10201}, LastRemoved: 8901, Post: []string{"new"}, Gone: map[string]string{"old": "10.0.0"}},
			"olivero": {Post: []string{"add_primary_color"}},
			"config":  {}, "token": {}, "feeds": {}, "feeds_log": {}, "byhand": {}, "byhand_ui": {}, "own": {},
		}},
	})
}

func TestBackdrop(t *testing.T) {
	reads(t, lay(t, `
=== core/includes/bootstrap.inc
<?php
define('BACKDROP_VERSION', '1.27.1');
define('BACKDROP_MINIMUM_PHP', '5.6.0');
=== core/modules/system/system.info
type = module
backdrop = 1.x
version = BACKDROP_VERSION
=== core/modules/system/system.install
<?php
function system_update_last_removed() { return 7078; }
function system_update_1094() {}
=== core/layouts/boxton/boxton.info
type = layout
version = BACKDROP_VERSION
=== modules/shop/shop.info
type = module
backdrop = 1.x
core = 7.x
version = 1.x-1.2.0
`), "backdrop", fleet.PlatformFacts{
		Docroot: ".", PHP: ">=5.6.0",
		Packages: []fleet.Package{
			{Name: "backdrop", Type: "core", Version: "1.27.1", Parts: []string{"boxton", "system"}},
			{Name: "shop", Type: "module", Version: "1.x-1.2.0"},
		},
		Code: &fleet.CodeSchema{Legacy: true, Modules: map[string]fleet.ModuleSchema{
			"system": {Updates: []int{1094}, LastRemoved: 7078}, "boxton": {}, "shop": {},
		}},
	})
}

package kind_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// found reads the settings of an installed site of a small code base.
func found(t *testing.T, code string, uri fleet.URI) (string, hosting.Existing, error) {
	t.Helper()
	tree := lay(t, code)
	e, err := detect(tree).App(tree).Found(uri)
	return tree.Dir, e, err
}

func TestDrupal7Found(t *testing.T) {
	code := small7 + `
=== sites/default/settings.php
<?php
/** $databases = array('default' => 'of a comment'); */
$databases = array (
  'default' =>
  array (
    'default' =>
    array (
      'database' => 'old',
      'username' => 'u\'s',
      'password' => "pa\"ss",
      'host' => 'localhost',
      'port' => '',
      'driver' => 'mysql',
      'prefix' => 'd_',
    ),
  ),
);
$update_free_access = FALSE;
$drupal_hash_salt = 'salt';
# $base_url = 'http://www.example.com';
ini_set('session.gc_probability', 1);
if (isset($_SERVER['HTTPS'])) { $conf['https'] = TRUE; }
$conf['404_fast_html'] = '<html xmlns="x"><p>{</p></html>';
=== sites/example.org.shop/settings.php
<?php
$databases['default']['default'] = ['driver' => 'mysql', 'database' => 'shop', 'username' => 'shop', 'password' => 'first', 'host' => 'db', 'port' => 3307];
$databases['default']['default']['password'] = 'sec' . 'ond';
$conf['file_private_path'] = '/srv/private';
$base_url = 'https://example.org/shop';
`
	_, got, err := found(t, code, "blog.example.net")
	want := hosting.Existing{
		Database: hosting.Access{Engine: "mysql", Name: "old", User: "u's", Password: `pa"ss`, Host: "localhost", Prefix: "d_", Charset: "utf8"},
		Secrets:  map[string]string{"hash_salt": "salt"}, Files: []string{"sites/default/settings.php"}, Paths: map[string]string{},
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	_, got, err = found(t, code, "www.example.org:8080/shop")
	want = hosting.Existing{
		Database: hosting.Access{Engine: "mysql", Name: "shop", User: "shop", Password: "second", Host: "db", Port: 3307, Charset: "utf8"},
		Secrets:  map[string]string{}, URL: "https://example.org/shop",
		Files: []string{"sites/example.org.shop/files", "sites/example.org.shop/settings.php"},
		Paths: map[string]string{"sites/default/files": "sites/example.org.shop/files", ".private/files": "/srv/private"},
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
}

func TestDrupal10Found(t *testing.T) {
	settings := `
=== web/sites/default/settings.php
<?php
$databases = [];
$settings['hash_salt'] = 'salt';
$settings['update_free_access'] = FALSE;
$settings['file_private_path'] = $app_root . '/../private';
$settings['container_yamls'][] = $app_root . '/' . $site_path . '/services.yml';
if (file_exists($app_root . '/' . $site_path . '/settings.local.php')) {
  include $app_root . '/' . $site_path . '/settings.local.php';
}
=== web/sites/default/settings.local.php
<?php
$databases['default']['default'] = array (
  'database' => 'd10', 'username' => 'u', 'password' => 'p', 'prefix' => '', 'unix_socket' => '/run/db.sock', 'host' => 'localhost',
  'namespace' => 'Drupal\\mysql\\Driver\\Database\\mysql', 'driver' => 'mysql',
  'init_commands' => ['isolation_level' => 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'],
);
`
	dir, got, err := found(t, small10+settings, "shop.example.org")
	want := hosting.Existing{
		Database: hosting.Access{Engine: "mysql", Name: "d10", User: "u", Password: "p", Host: "localhost", Socket: "/run/db.sock"},
		Secrets:  map[string]string{"hash_salt": "salt"},
		Files:    []string{"web/sites/default/settings.local.php", "web/sites/default/settings.php"},
		Paths:    map[string]string{".private/files": filepath.Join(dir, "private")},
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
}

func TestBackdropFound(t *testing.T) {
	code := strings.Replace(smallBackdrop, "$sites['shop", "// $sites['shop", 1) + `
=== settings.php
<?php
$database = 'mysql://us%40er:p%2Fw@db.example:3307/bd';
$database_prefix = '';
$database_charset = 'utf8mb4';
$config_directories['active'] = 'files/config_' . md5($database) . '/active';
$config_directories['staging'] = 'files/config_' . md5($database) . '/staging';
$settings['hash_salt'] = 'salt';
if (file_exists(__DIR__ . '/settings.local.php')) { include __DIR__ . '/settings.local.php'; }
`
	_, got, err := found(t, code, "shop.example.org")
	if d := cmp.Diff(map[string]string{".config": "files/config_1f42214c34ff636b4cdb9ed17e413b32"}, got.Paths); d != "" {
		t.Error(d)
	}
	want := hosting.Access{Engine: "mysql", Name: "bd", User: "us@er", Password: "p/w", Host: "db.example", Port: 3307, Charset: "utf8mb4"}
	if d := cmp.Diff(want, got.Database); err != nil || d != "" || got.Secrets["hash_salt"] != "salt" {
		t.Errorf("%v %s", err, d)
	}
}

// What cannot be told is refused by a sentence that names it.
func TestFoundRefuses(t *testing.T) {
	const plain = `$databases['default']['default'] = array('driver' => 'mysql', 'database' => 'd', 'username' => 'u', 'password' => 'p', 'host' => 'h');
`
	for text, want := range map[string]string{
		`$databases['default']['default'] = array('driver' => 'mysql', 'database' => getenv('DB'));`: "$databases['default']['default']",
		plain + `$databases['default']['default']['password'] = $_ENV['PW'];`:                        "$databases['default']['default']['password']",
		plain + `if (PHP_SAPI === 'cli') { $databases['default']['default']['host'] = 'other'; }`:    "['host']",
		plain + `if (PHP_SAPI === 'cli') $databases['default']['default']['host'] = 'other';`:        "['host']",
		plain + `$drupal_hash_salt = file_get_contents('/etc/salt');`:                                "$drupal_hash_salt",
		plain + `$conf['file_private_path'] = dirname(DRUPAL_ROOT) . '/private';`:                    "file_private_path",
		`$databases['default']['default'] = array('driver' => 'pgsql', 'database' => 'd');`:          "pgsql",
		`$databases['default']['default'] = array('driver' => 'mysql', 'database' => "d$x");`:        "$databases",
		plain + `$databases = array('default' => array('default' => array('driver' => 'mysql')));`:   "['database']",
		`die();`: "",
	} {
		_, got, err := found(t, small7+"=== sites/default/settings.php\n<?php\n"+text+"\n", "blog.example.net")
		if fleet.CodeOf(err) != fleet.Refused || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %+v", text, err, got.Database.Name)
		}
	}
	if _, _, err := found(t, small7, "blog.example.net"); fleet.CodeOf(err) != fleet.NotFound {
		t.Errorf("without settings: %v", err)
	}
	// The same value under a condition changes nothing.
	if _, _, err := found(t, small7+"=== sites/default/settings.php\n<?php\n"+plain+`if ($x) { $databases['default']['default']['host'] = 'h'; }`+"\n", "b.example"); err != nil {
		t.Error(err)
	}
}

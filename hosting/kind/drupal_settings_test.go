package kind_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// Small code bases, as much of them as App looks at.
const (
	small7 = `
=== includes/bootstrap.inc
<?php
define('VERSION', '7.103');
=== sites/default/default.settings.php
<?php
=== sites/all/modules/README.txt
=== sites/shop.example.org/settings.php
<?php die('of another site');
=== profiles/standard/standard.info
name = Standard
`
	small10 = `
=== web/core/lib/Drupal.php
<?php
class Drupal { const VERSION = '10.3.6'; }
=== web/core/modules/mysql/mysql.info.yml
type: module
=== web/profiles/README.txt
`
	smallBackdrop = `
=== core/includes/bootstrap.inc
<?php
define('BACKDROP_VERSION', '1.27.1');
=== sites/sites.php
<?php
$sites['shop.example.org'] = 'shop';
`
)

// hostile is a text that would break out of a careless template.
const hostile = `p'a\'s$s"w{$o}r?>d <?php /* # ` + "\n" + `end\`

// A laidOut is a site that is laid out by hand.
type laidOut struct {
	*testing.T
	hosting.Place
	secrets map[string]string
}

// layOut describes a site of a tree; nothing of it exists but its directories.
func layOut(t *testing.T, tree hosting.Tree) *laidOut {
	t.Helper()
	dir := t.TempDir()
	p := &laidOut{T: t, secrets: map[string]string{}}
	p.Copy = hosting.Copy{
		URI: "shop.example.org", ID: "01J", Platform: "cms-1.0", Generation: 7, Tree: tree, App: detect(tree).App(tree),
	}
	p.Root, p.Shared, p.Data = filepath.Join(dir, "root"), filepath.Join(dir, "shared"), filepath.Join(dir, "data")
	p.Database = &hosting.Access{Engine: "mysql", Name: "bot_db_g7", User: "bot_db", Password: hostile, Socket: "/run/db's.sock"}
	p.Place.Secret = func(name string) (string, error) {
		p.secrets[name] = "secret of " + name
		return p.secrets[name], nil
	}
	for _, at := range []string{p.Root, p.Shared, p.Data} {
		if err := os.MkdirAll(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// write puts a file into the site's directories.
func (p *laidOut) write(at, content string) {
	p.Helper()
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(content), 0o644); err != nil {
		p.Fatal(err)
	}
}

// settings writes the settings into the view, and gives their paths.
func (p *laidOut) settings() []string {
	p.Helper()
	files, err := p.App.Settings(p.Place)
	if err != nil {
		p.Fatal(err)
	}
	var paths []string
	for _, f := range files {
		p.write(filepath.Join(p.Root, f.Path), string(f.Content))
		paths = append(paths, f.Path)
	}
	return paths
}

// values lets PHP run a settings file, strictly, and gives its variables.
func (p *laidOut) values(file string) map[string]any {
	p.Helper()
	const show = `set_error_handler(function ($n, $m) { fwrite(STDERR, $m); exit(3); });
$app_root = getenv('ROOT'); $site_path = 'sites/default';
include $argv[1];
unset($argv, $argc);
echo json_encode(array_diff_key(get_defined_vars(), array_flip(array('_GET', '_POST', '_COOKIE', '_FILES', '_ENV', '_REQUEST', 'GLOBALS', '_SERVER'))) + array('https' => $_SERVER['HTTPS'] ?? null), JSON_THROW_ON_ERROR);`
	var out strings.Builder
	_, err := run.Run(p.Context(), run.Command{
		Program: "php", Args: []string{"-d", "error_reporting=-1", "-d", "display_errors=stderr", "-r", show, "--", filepath.Join(p.Root, file)},
		Env: []string{"PATH=/usr/bin:/bin", "ROOT=" + p.Root}, Stdout: &out,
	})
	if err != nil {
		text, _ := os.ReadFile(filepath.Join(p.Root, file))
		p.Fatalf("%v\n%s", err, text)
	}
	values := map[string]any{}
	if err := json.Unmarshal([]byte(out.String()), &values); err != nil {
		p.Fatalf("%v: %s", err, out.String())
	}
	return values
}

// at gives a value of nested arrays.
func at(v any, keys ...string) any {
	for _, key := range keys {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// want compares values by their path, "settings hash_salt".
func (p *laidOut) want(got map[string]any, want map[string]any) {
	p.Helper()
	for path, value := range want {
		if d := cmp.Diff(value, at(got, strings.Split(path, " ")...)); d != "" {
			p.Errorf("%s: %s", path, d)
		}
	}
}

// byHand is a file of people that tries to change what is not theirs.
const byHand = `<?php
$databases['default']['default'] = array('driver' => 'mysql', 'database' => 'another');
$databases['legacy']['default'] = array('driver' => 'mysql', 'database' => 'legacy');
$drupal_hash_salt = $settings['hash_salt'] = 'mine';
$update_free_access = $settings['update_free_access'] = TRUE;
$config_directories['active'] = '/elsewhere';
$conf['file_public_path'] = $settings['file_public_path'] = 'elsewhere';
$conf['site_name'] = $config['system.site']['name'] = 'By hand';
`

func TestDrupal7Settings(t *testing.T) {
	p := layOut(t, lay(t, small7))
	p.write(filepath.Join(p.Root, "sites/default/settings.platform.php"), "<?php $conf['from'] = 'platform'; $conf['site_name'] = 'of the platform';")
	p.write(filepath.Join(p.Shared, "settings.local.php"), byHand)
	if paths := p.settings(); !slices.Equal(paths, []string{"sites/default/settings.php", "sites/sites.php"}) {
		t.Errorf("files %v", paths)
	}
	got := p.values("sites/default/settings.php")
	p.want(got, map[string]any{
		"databases default default": map[string]any{
			"driver": "mysql", "database": "bot_db_g7", "username": "bot_db", "password": hostile, "prefix": "",
			"charset": "utf8mb4", "collation": "utf8mb4_general_ci", "unix_socket": "/run/db's.sock", "host": "localhost",
		},
		"databases legacy default database": "legacy",
		"drupal_hash_salt":                  "secret of hash_salt", "update_free_access": false, "base_url": "http://shop.example.org",
		"conf file_public_path": "sites/default/files", "conf file_private_path": p.Shared + "/.private/files",
		"conf file_temporary_path": p.Shared + "/.private/tmp", "conf from": "platform", "conf site_name": "By hand",
		"conf mail_system": nil, "conf proxy_server": nil, "conf cron_safe_threshold": nil, "https": nil,
	})
	// The directory of another site of the tree leads to this one's.
	p.want(p.values("sites/sites.php"), map[string]any{"sites shop.example.org": "default"})
}

func TestDrupal7SettingsOfARehearsal(t *testing.T) {
	p := layOut(t, lay(t, small7))
	p.Quiet, p.HTTPS = true, true
	p.Database = &hosting.Access{Engine: "mysql", Name: "x", User: "u", Host: "db.example", Port: 3307, Prefix: "old_", Charset: "utf8"}
	p.settings()
	p.want(p.values("sites/default/settings.php"), map[string]any{
		"databases default default host": "db.example", "databases default default port": "3307", "databases default default prefix": "old_",
		"databases default default collation": "utf8_general_ci", "databases default default unix_socket": nil, "base_url": "https://shop.example.org", "https": "on",
		"conf mail_system default-system": "TestingMailSystem", "conf cron_safe_threshold": 0.0,
		"conf proxy_server": "127.0.0.1", "conf proxy_exceptions": []any{},
	})
}

func TestDrupal10Settings(t *testing.T) {
	p := layOut(t, lay(t, small10))
	p.HTTPS = true
	p.Copy.Aliases = []fleet.URI{"www.shop.example.org", "shop.example.org:8443", "10.0.0.1:80/sub"}
	p.write(filepath.Join(p.Root, "web/sites/default/settings.platform.php"), "<?php $settings['from'] = __DIR__; $settings['config_sync_directory'] = '../config';")
	p.write(filepath.Join(p.Shared, "settings.local.php"), byHand)
	if paths := p.settings(); !slices.Equal(paths, []string{"web/sites/default/settings.php"}) {
		t.Errorf("files %v", paths)
	}
	got := p.values("web/sites/default/settings.php")
	p.want(got, map[string]any{
		"databases default default password": hostile, "databases default default unix_socket": "/run/db's.sock",
		"databases default default namespace": `Drupal\mysql\Driver\Database\mysql`,
		"databases default default autoload":  "core/modules/mysql/src/Driver/Database/mysql/",
		"databases legacy default database":   "legacy",
		"settings hash_salt":                  "secret of hash_salt", "settings update_free_access": false,
		"settings trusted_host_patterns": []any{`^shop\.example\.org$`, `^www\.shop\.example\.org$`, `^10\.0\.0\.1$`},
		"settings deployment_identifier": "cms-1.0-g7", "settings from": p.Root + "/web/sites/default",
		"settings config_sync_directory": "../config", "settings file_public_path": "sites/default/files",
		"settings file_private_path": p.Shared + "/.private/files", "settings file_temp_path": p.Shared + "/.private/tmp",
		"settings php_storage twig directory": p.Shared + "/.private/php/g7",
		"settings container_yamls":            []any{p.Root + "/sites/default/services.yml"},
		"settings reverse_proxy_addresses":    []any{"127.0.0.1", "::1"},
		"settings http_client_config":         nil, "config system.mail": nil, "config system.site name": "By hand",
	})

	p.Quiet = true
	p.settings()
	p.want(p.values("web/sites/default/settings.php"), map[string]any{
		"settings deployment_identifier":                 "cms-1.0-rehearsal",
		"settings php_storage twig directory":            p.Shared + "/.private/php/rehearsal",
		"settings http_client_config proxy https":        "http://127.0.0.1:9",
		"config system.mail interface default":           "test_mail_collector",
		"config automated_cron.settings interval":        0.0,
		"config system.performance stale_file_threshold": 31536000.0,
	})
}

func TestDrupal10SettingsOnSQLite(t *testing.T) {
	p := layOut(t, lay(t, small10+"=== distrobot.yml\nversion: 1\ndatabase: {engine: sqlite}\n=== config/sync/core.extension.yml\nmodule: {}\n=== web/sites/sites.php\n<?php\n=== web/sites/other/settings.php\n<?php\n"))
	if p.App.Database.Engine != "sqlite" {
		t.Errorf("engine %s", p.App.Database.Engine)
	}
	p.Database = &hosting.Access{Engine: "sqlite", Name: p.Data + "/it's.sqlite"}
	if paths := p.settings(); !slices.Equal(paths, []string{"web/sites/default/settings.php", "web/sites/sites.php"}) {
		t.Errorf("files %v", paths)
	}
	p.want(p.values("web/sites/default/settings.php"), map[string]any{
		"databases default default database":  p.Data + "/it's.sqlite",
		"databases default default namespace": `Drupal\sqlite\Driver\Database\sqlite`,
		"settings config_sync_directory":      p.Root + "/config/sync",
	})
	p.want(p.values("web/sites/sites.php"), map[string]any{"sites other": "default"})
}

func TestBackdropSettings(t *testing.T) {
	p := layOut(t, lay(t, smallBackdrop))
	p.write(filepath.Join(p.Root, "settings.platform.php"), "<?php $settings['from'] = 'platform';")
	p.write(filepath.Join(p.Shared, "settings.local.php"), byHand)
	if paths := p.settings(); !slices.Equal(paths, []string{"settings.php", "sites/sites.php"}) {
		t.Errorf("files %v", paths)
	}
	p.want(p.values("settings.php"), map[string]any{
		"databases default default password": hostile, "databases default default unix_socket": "/run/db's.sock",
		"settings hash_salt": "secret of hash_salt", "settings update_free_access": false, "settings from": "platform",
		"settings trusted_host_patterns": []any{`^shop\.example\.org$`}, "base_url": "http://shop.example.org",
		"config_directories active": p.Data + "/.config/active", "config_directories staging": p.Data + "/.config/staging",
		"config system.core file_private_path": p.Shared + "/.private/files", "config system.mail": nil,
		"config system.site name": "By hand",
	})
	p.want(p.values("sites/sites.php"), map[string]any{"sites": []any{}})

	p.Quiet = true
	p.settings()
	p.want(p.values("settings.php"), map[string]any{
		"config system.mail default-system": "TestingMailSystem", "settings proxy_port": 9.0, "config system.core cron_safe_threshold": 0.0,
	})
	p.Database.Engine = "sqlite"
	if _, err := p.App.Settings(p.Place); fleet.CodeOf(err) != fleet.Refused {
		t.Errorf("Backdrop on SQLite: %v", err)
	}
}

// A template of distrobot.yml is the whole of its file; without a database there
// are no settings.
func TestSettingsOfTheSpecificationWin(t *testing.T) {
	for name, text := range map[string]string{
		"sites/default/settings.php":     small7 + "=== s.php\n<?php\n=== distrobot.yml\nversion: 1\nsettings: {s.php: sites/default/settings.php}\n",
		"web/sites/default/settings.php": small10 + "=== s.php\n<?php\n=== distrobot.yml\nversion: 1\nsettings: {s.php: web/sites/default/settings.php}\n",
		"settings.php":                   smallBackdrop + "=== s.php\n<?php\n=== distrobot.yml\nversion: 1\nsettings: {s.php: settings.php}\n",
	} {
		p := layOut(t, lay(t, text))
		if paths := p.settings(); slices.Contains(paths, name) {
			t.Errorf("%s is among %v", name, paths)
		}
		p.Database = nil
		if _, err := p.App.Settings(p.Place); fleet.CodeOf(err) != fleet.Refused {
			t.Errorf("%s without a database: %v", name, err)
		}
	}
}

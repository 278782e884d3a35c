package kind_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/database"
	"github.com/distrobot/distrobot/internal/run"
)

const releasedWordPress = `
=== index.php
<?php require __DIR__ . '/wp-blog-header.php';
=== wp-includes/version.php
<?php $wp_version='6.5.5';$wp_db_version=57155;
=== wp-content/index.php
<?php
`

// wpPlace is a generation whose values are told by secret and access.
func wpPlace(t hosting.Tree, access *hosting.Access, secret string) hosting.Place {
	p := hosting.Place{Database: access, Root: t.Dir, Secret: func(name string) (string, error) { return secret + name, nil }}
	p.URI, p.ID, p.Generation, p.Tree = "shop.example", "S1", 3, t
	return p
}

// evaluated gives what PHP makes of settings whose WordPress is a stub: the
// constants and variables that were set, one "NAME=value" each.
func evaluated(t *testing.T, tree hosting.Tree, p hosting.Place) []string {
	t.Helper()
	dir := t.TempDir()
	if err := link(tree.Dir, filepath.Join(dir, "root")); err != nil {
		t.Fatal(err)
	}
	app := detect(tree).App(tree)
	files, err := app.Settings(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		at := filepath.Join(dir, "root", f.Path)
		_ = os.Remove(at)
		if err := os.WriteFile(at, f.Content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const print = `
$wp = glob(getenv('DOCROOT') . '{/,/*/}wp-includes', GLOB_BRACE)[0];
file_put_contents(dirname($wp) . '/wp-settings.php', '<?php');
require getenv('DOCROOT') . '/wp-config.php';
foreach (get_defined_constants(true)['user'] + array('prefix' => $table_prefix) as $name => $value) {
	echo $name, '=', is_bool($value) ? json_encode($value) : $value, "\x1e";
}`
	var out bytes.Buffer
	_, err = run.Run(t.Context(), run.Command{
		Program: "php", Args: []string{"-d", "error_reporting=-1", "-d", "display_errors=stderr", "-r", print}, Stdout: &out,
		Env: append(run.Environ(), "DOCROOT="+filepath.Join(dir, "root", app.Docroot)), Dir: dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(strings.ReplaceAll(out.String(), dir, "DIR"), "\x1e"), "\x1e")
	slices.Sort(got)
	return got
}

// Whatever a value holds, PHP reads exactly it from the settings.
func TestWordPressSettings(t *testing.T) {
	tree := lay(t, releasedWordPress)
	hostile := "a'b\\'c\\\\\"$x ${y} {$z} <?php ?> */ # \x00\x01\r\n\xff é');die('"
	for _, c := range []struct {
		name   string
		change func(*hosting.Place)
		want   []string // among the rest
	}{
		{"plain", func(*hosting.Place) {}, []string{"ABSPATH=DIR/root/", "DB_HOST=localhost:/run/s.sock", "WP_HOME=http://shop.example", "WP_SITEURL=http://shop.example", "WP_CACHE_KEY_SALT=S1:3:", "prefix=wp_", "DB_CHARSET=utf8mb4"}},
		{"hostile", func(p *hosting.Place) { p.Database.Name, p.Database.User, p.ID = hostile, hostile+"2", hostile }, []string{"DB_NAME=" + hostile, "DB_USER=" + hostile + "2", "WP_CACHE_KEY_SALT=" + hostile + ":3:"}},
		{"TLS", func(p *hosting.Place) { p.HTTPS = true }, []string{"WP_HOME=https://shop.example"}},
		{"below a path", func(p *hosting.Place) { p.URI = "shop.example/blog" }, []string{"WP_HOME=http://shop.example/blog"}},
		{"over TCP", func(p *hosting.Place) { p.Database.Socket, p.Database.Host, p.Database.Port = "", "::1", 3307 }, []string{"DB_HOST=[::1]:3307"}},
		{"adopted", func(p *hosting.Place) { p.Database.Prefix, p.Database.Charset = "old9_", "latin1" }, []string{"prefix=old9_", "DB_CHARSET=latin1"}},
		{"rehearsal", func(p *hosting.Place) { p.Quiet = true }, []string{"WP_HTTP_BLOCK_EXTERNAL=true", "WP_CACHE_KEY_SALT=S1:rehearsal:"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := wpPlace(tree, &hosting.Access{Name: "n", User: "u", Password: database.Secret(hostile), Socket: "/run/s.sock"}, hostile)
			c.change(&p)
			got := evaluated(t, tree, p)
			want := append(c.want, "DB_PASSWORD="+hostile, "AUTH_KEY="+hostile+"auth_key", "NONCE_SALT="+hostile+"nonce_salt", "DISABLE_WP_CRON=true", "DISALLOW_FILE_MODS=true", "AUTOMATIC_UPDATER_DISABLED=true")
			for _, line := range want {
				if !slices.Contains(got, line) {
					t.Errorf("%q is not among %q", line, got)
				}
			}
		})
	}
	for _, quiet := range []bool{false, true} {
		p := wpPlace(tree, &hosting.Access{}, "")
		p.Quiet = quiet
		files, err := detect(tree).App(tree).Settings(p)
		if err != nil || strings.Contains(string(files[0].Content), "function wp_mail()") != quiet {
			t.Errorf("quiet %v: mail is not as it should be (%v)", quiet, err)
		}
		// wp-cli looks for this line.
		if !strings.HasSuffix(string(files[0].Content), "\nrequire_once ABSPATH . 'wp-settings.php';\n") {
			t.Error("the settings do not end with WordPress's own line")
		}
	}
	p := wpPlace(tree, &hosting.Access{Prefix: "a-b"}, "")
	if _, err := detect(tree).App(tree).Settings(p); fleet.CodeOf(err) != fleet.Refused {
		t.Errorf("a prefix that WordPress refuses: %v", err)
	}
	p.Database = nil
	if _, err := detect(tree).App(tree).Settings(p); fleet.CodeOf(err) != fleet.Refused {
		t.Errorf("no database: %v", err)
	}
}

const bedrock = `
=== composer.json
{"require":{"roots/wordpress":"6.5.5"}}
=== web/wp/wp-includes/version.php
<?php $wp_version='6.5.5';$wp_db_version=57155;
=== web/wp/wp-content/themes/core/style.css
/* Theme Name: Core */
=== web/app/index.php
<?php
=== web/index.php
<?php require __DIR__ . '/wp/wp-blog-header.php';
=== web/wp-config.php
<?php
require_once dirname(__DIR__) . '/config/application.php';
require_once ABSPATH . 'wp-settings.php';
=== config/application.php
<?php
function defined_once($name, $value) { if (defined($name)) { throw new Exception("$name is defined already"); } define($name, $value); }
foreach (array('DB_NAME', 'DB_USER', 'DB_PASSWORD', 'WP_HOME', 'WP_SITEURL', 'AUTH_KEY') as $name) { defined_once($name, $_ENV[$name]); }
defined_once('DB_HOST', getenv('DB_HOST') ?: 'localhost');
defined_once('DISABLE_WP_CRON', getenv('DISABLE_WP_CRON') ?: false);
defined_once('AUTOMATIC_UPDATER_DISABLED', true);
defined_once('DISALLOW_FILE_MODS', true);
$table_prefix = getenv('DB_PREFIX') ?: 'wp_';
if (!defined('ABSPATH')) { define('ABSPATH', dirname(__DIR__) . '/web/wp/'); }
`

// The layouts of Composer: settings by the environment, core in a directory.
func TestWordPressLayouts(t *testing.T) {
	hostile := "a'b\\c \"$x é"
	access := &hosting.Access{Name: "n", User: "u", Password: database.Secret(hostile), Socket: "/run/s.sock", Prefix: "w_"}
	tree := lay(t, bedrock)
	app := detect(tree).App(tree)
	if app.Docroot != "web" || !slices.Equal(app.Shared, []string{"web/app/uploads"}) {
		t.Errorf("docroot %q, shared %q", app.Docroot, app.Shared)
	}
	got := evaluated(t, tree, wpPlace(tree, access, hostile))
	for _, line := range []string{"DB_PASSWORD=" + hostile, "AUTH_KEY=" + hostile + "auth_key", "WP_SITEURL=http://shop.example/wp", "DB_HOST=localhost:/run/s.sock", "prefix=w_", "FS_METHOD=direct", "DISABLE_WP_CRON=true"} {
		if !slices.Contains(got, line) {
			t.Errorf("%q is not among %q", line, got)
		}
	}
	bare := lay(t, `
=== public/wordpress/wp-includes/version.php
<?php $wp_version='6.5.5';$wp_db_version=57155;
=== public/content/index.php
<?php
`)
	app = detect(bare).App(bare)
	got = evaluated(t, bare, wpPlace(bare, access, "s"))
	for _, line := range []string{"ABSPATH=DIR/root/public/wordpress/", "WP_CONTENT_DIR=DIR/root/public/content", "WP_CONTENT_URL=http://shop.example/content", "WP_SITEURL=http://shop.example/wordpress"} {
		if !slices.Contains(got, line) {
			t.Errorf("%q is not among %q", line, got)
		}
	}
	files, err := app.Settings(wpPlace(bare, access, "s"))
	if err != nil || len(files) != 2 || files[1].Path != "public/index.php" || !strings.Contains(string(files[1].Content), "/wordpress/wp-blog-header.php") {
		t.Errorf("no front page: %v %v", files, err)
	}
}

// What a distribution says itself is kept.
func TestWordPressApp(t *testing.T) {
	plain := lay(t, releasedWordPress)
	app := detect(plain).App(plain)
	if !app.PHP || app.Docroot != "." || !slices.Equal(app.Shared, []string{"wp-content/uploads"}) || app.Check.Marker != "</html>" || app.Check.MinBytes == 0 || app.Database.Engine != "mysql" {
		t.Errorf("%+v", app)
	}
	said := lay(t, releasedWordPress+`
=== distrobot.yml
version: 1
shared: [wp-content, files]
database: {engine: mysql, ignored: ["*_hits"]}
check: {path: /health, min_bytes: 2}
update: [[php, more.php]]
settings: {config.in: wp-config.php}
=== config.in
<?php
`)
	app = detect(said).App(said)
	if d := cmp.Diff([]string{"wp-content", "files"}, app.Shared); d != "" {
		t.Error(d)
	}
	if app.Check.Path != "/health" || app.Check.Marker != "" || !slices.Contains(app.Database.Ignored, "*_hits") || !slices.Contains(app.Database.Ignored, "*_options") {
		t.Errorf("%+v", app)
	}
	p := wpPlace(said, &hosting.Access{}, "s")
	if files, err := app.Settings(p); err != nil || len(files) != 0 {
		t.Errorf("settings beside the template: %v %v", files, err)
	}
	all := app.Update(p)
	if last := all[len(all)-1]; len(all) < 2 || last.Says != "php more.php" || app.Runs[len(app.Runs)-1] != "php more.php" {
		t.Errorf("programs %+v, said %q", all, app.Runs)
	}
	for name, text := range map[string]string{
		"settings of its own":           releasedWordPress + "=== wp-config.php\n<?php define('DB_NAME', 'one');\n",
		"begins with declare":           releasedWordPress + "=== wp-config.php\n<?php declare(strict_types=1); define('DB_NAME', getenv('DB_NAME'));\n",
		"The platform holds no WordPre": "\n=== composer.json\n{\"require\":{\"roots/wordpress\":\"6.5.5\"}}\n",
	} {
		tree := lay(t, text)
		_, err := detect(tree).App(tree).Settings(wpPlace(tree, &hosting.Access{}, "s"))
		if fleet.CodeOf(err) != fleet.Refused || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %q", err, name)
		}
	}
}

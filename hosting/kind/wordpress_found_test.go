package kind_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

const installed = releasedWordPress + `=== wp-config.php
<?php
// define('DB_NAME', 'commented_out');
define( 'DB_NAME', 'shop' );
define("DB_USER", "shop");
define('DB_PASSWORD', 'it\'s $ecret \\ "x"');
define('DB_HOST', 'HOST');
define('DB_CHARSET', 'latin1');
define('AUTH_KEY', 'k#$1');
define('SECURE_AUTH_KEY', "with $variable");
define('LOGGED_IN_KEY', 'put your unique phrase here');
define('WP_HOME', 'https://shop.example/');
define('WP_DEBUG', false);
define('WP_MEMORY_LIMIT', '256M');
define('LICENCE', 'it\'s "mine" $x');
define('COMPUTED', dirname(__FILE__));
define('FS_METHOD', 'ftpext');
$table_prefix = 'old_';
require_once ABSPATH . 'wp-settings.php';
`

// A site that somebody installed is known from its wp-config.php, which is read
// and never run.
func TestWordPressFound(t *testing.T) {
	found := func(text string) (hosting.Existing, error) {
		tree := lay(t, text)
		return detect(tree).App(tree).Found("")
	}
	for host, want := range map[string]hosting.Access{
		"localhost":                  {Host: "localhost"},
		"localhost:/run/mysqld.sock": {Socket: "/run/mysqld.sock"},
		":/run/mysqld.sock":          {Socket: "/run/mysqld.sock"},
		"db.internal:3307":           {Host: "db.internal", Port: 3307},
		"[2001:db8::1]:3307":         {Host: "2001:db8::1", Port: 3307},
		"2001:db8::1":                {Host: "2001:db8::1"},
	} {
		want.Engine, want.Name, want.User, want.Password, want.Prefix, want.Charset = "mysql", "shop", "shop", `it's $ecret \ "x"`, "old_", "latin1"
		got, err := found(strings.Replace(installed, "'HOST'", "'"+host+"'", 1))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(hosting.Existing{Database: want, Secrets: map[string]string{"auth_key": "k#$1", "wordpress_constants": `{"LICENCE":"'it\\'s \"mine\" $x'","WP_DEBUG":"false","WP_MEMORY_LIMIT":"'256M'"}`}, URL: "https://shop.example", Files: []string{"wp-config.php"}}, got); d != "" {
			t.Errorf("%s: %s", host, d)
		}
	}
	above := strings.Replace(strings.Replace(installed, "=== wp-inc", "=== web/wp-inc", 1), "=== wp-content", "=== web/wp-content", 1)
	if got, err := found(above); err != nil || got.Database.Name != "shop" || len(got.Files) != 1 || got.Files[0] != "wp-config.php" {
		t.Errorf("settings above the docroot: %+v %v", got, err)
	}
	for replace, says := range map[string]string{
		"define( 'DB_NAME', 'shop' );|define('DB_NAME', getenv('X'));":                                   "does not say DB_NAME",
		"define( 'DB_NAME', 'shop' );|define('DB_NAME', 'sh' . 'op');":                                   "does not say DB_NAME",
		"define( 'DB_NAME', 'shop' );|if ($a) { define('DB_NAME', 'a'); } else {define('DB_NAME','b');}": "does not say DB_NAME",
		`"DB_USER", "shop"|"DB_USER", "$shop"`:                                                           "does not say DB_USER",
		"$table_prefix = 'old_';|$table_prefix = $x;":                                                    "does not say $table_prefix",
		"'HOST'|'host:port'":                   "DB_HOST",
		"'WP_DEBUG', false|'MULTISITE', true":  "network of sites",
		"'WP_DEBUG', false|'UPLOADS', 'files'": "keeps its uploads in files",
		"=== wp-config.php|=== other.php":      "has no wp-config.php",
	} {
		from, to, _ := strings.Cut(replace, "|")
		text := strings.Replace(installed, from, to, 1)
		_, err := found(text)
		if code := fleet.CodeOf(err); text == installed || code != fleet.Refused && code != fleet.NotFound || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", replace, err, says)
		}
	}
}

// What we write is what we find.
func TestWordPressFindsItsOwn(t *testing.T) {
	tree := lay(t, releasedWordPress)
	hostile := "a'b\\'c\\\\\"$x <?php ?> */ # \x00\r\n\xff é');die('"
	want := &hosting.Access{Engine: "mysql", Name: "n", User: "u", Password: "p", Socket: "/run/s.sock", Prefix: "w_", Charset: "utf8"}
	files, err := detect(tree).App(tree).Settings(wpPlace(tree, want, hostile))
	if err != nil {
		t.Fatal(err)
	}
	copied := lay(t, releasedWordPress+"=== wp-config.php\n"+string(files[0].Content))
	got, err := detect(copied).App(copied).Found("")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(*want, got.Database); d != "" || got.URL != "http://shop.example" || got.Secrets["nonce_salt"] != hostile+"nonce_salt" || len(got.Secrets) != 8 {
		t.Errorf("%s %+v", d, got)
	}
}

// What a site defined before it was taken over, it defines afterwards.
func TestWordPressInherits(t *testing.T) {
	tree := lay(t, releasedWordPress)
	p := wpPlace(tree, &hosting.Access{Prefix: "old_"}, "")
	p.Secret = func(name string) (string, error) {
		if name == "wordpress_constants" {
			return `{"LICENCE":"'it\\'s mine'","WP_MEMORY_LIMIT":"'256M'","WP_DEBUG":"false","BAD":"1); die(","NOT A NAME":"1"}`, nil
		}
		return name, nil
	}
	got := evaluated(t, tree, p)
	for _, line := range []string{"LICENCE=it's mine", "WP_MEMORY_LIMIT=256M", "WP_DEBUG=false"} {
		if !slices.Contains(got, line) {
			t.Errorf("%q is not among %q", line, got)
		}
	}
	if slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, "BAD") || strings.HasPrefix(line, "NOT") }) {
		t.Errorf("%q", got)
	}
}

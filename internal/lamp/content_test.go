package lamp_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/lamp"
)

// A bare site, laid out by hand as an administrator does, proves that the code
// bases run on the servers, and the content makers on both ends of an upgrade.
type bare struct {
	dir, host, address string
	db                 *lamp.MariaDB
	pools              *lamp.FPM
}

func newBare(t *testing.T, host string) bare {
	t.Helper()
	dir, err := os.MkdirTemp("", "bare")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	port, err := lamp.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "php.sock")
	b := bare{dir: dir, host: host, address: fmt.Sprintf("127.0.0.1:%d", port), db: lamp.NewMariaDB(t)}
	// Code is replaced in place here, so PHP has to look at each file each time.
	write(t, filepath.Join(dir, "pools/p.conf"), "[p]\nlisten = "+socket+"\npm = static\npm.max_children = 2\nphp_admin_value[error_reporting] = 22527\nphp_admin_value[opcache.revalidate_freq] = 0\n"+poolUser())
	write(t, filepath.Join(dir, "vhosts/v.conf"), fmt.Sprintf(`server {
	listen %s; root %s/root; index index.php; client_max_body_size 8m;
	location ~ \.php$ { include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; fastcgi_pass unix:%s; }
}
`, b.address, dir, socket))
	b.pools = lamp.NewFPM(t, filepath.Join(dir, "pools"))
	lamp.NewNginx(t, filepath.Join(dir, "vhosts"))
	return b
}

// lay puts a release where the web server looks, writable for the site's user.
func (b bare) lay(t *testing.T, r lamp.Releases, tag string) {
	t.Helper()
	root := filepath.Join(b.dir, "root")
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	shell(t, b.dir, nil, `git --git-dir "$1" archive "$2" | tar -x -C root; chmod -R a+rwX root`, r.Repository, tag)
}

// shell runs a line with arguments and gives its output.
func shell(t *testing.T, dir string, env []string, line string, args ...string) string {
	t.Helper()
	cmd := exec.Command("bash", slices.Concat([]string{"-e", "-o", "pipefail", "-c", line, "bash"}, args)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

func picture(t *testing.T, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const wpInstall = `<?php
$_SERVER += ['HTTP_HOST' => 'shop.example', 'REQUEST_URI' => '/', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'REQUEST_METHOD' => 'GET'];
function wp_mail() { return true; }
define('WP_INSTALLING', true);
require 'wp-load.php';
require 'wp-admin/includes/upgrade.php';
if (getenv('STEP') === 'install') { wp_install('Shop', 'root', 'root@example.org', true, '', 'first password'); } else { wp_upgrade(); }
echo 'db ', get_option('db_version');
`

func wpConfig(b bare) string {
	return fmt.Sprintf(`<?php
mysqli_report(MYSQLI_REPORT_OFF);
define('DB_NAME', 'wp'); define('DB_USER', 'root'); define('DB_PASSWORD', '%s'); define('DB_HOST', 'localhost:%s'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('AUTH_KEY', 'a'); define('SECURE_AUTH_KEY', 'b'); define('LOGGED_IN_KEY', 'c'); define('NONCE_KEY', 'd');
define('AUTH_SALT', 'e'); define('SECURE_AUTH_SALT', 'f'); define('LOGGED_IN_SALT', 'g'); define('NONCE_SALT', 'h');
define('WP_HOME', 'http://shop.example'); define('WP_SITEURL', 'http://shop.example');
define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true); define('WP_HTTP_BLOCK_EXTERNAL', true);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) { define('ABSPATH', __DIR__ . '/'); }
require_once ABSPATH . 'wp-settings.php';
`, b.db.Password, b.db.Socket)
}

// TestBlog upgrades WordPress from its first to its last release in place, and
// writes, uploads and logs in on both ends.
func TestBlog(t *testing.T) {
	r, ctx := lamp.Code(t, lamp.WordPress), t.Context()
	b := newBare(t, "shop.example")
	sql(t, b.db, "", "CREATE DATABASE wp CHARACTER SET utf8mb4")
	last := len(r.Tags) - 1
	for i, tag := range []string{r.Tags[0], r.Tags[last]} {
		b.lay(t, r, tag)
		write(t, filepath.Join(b.dir, "root/wp-config.php"), wpConfig(b))
		step := []string{"install", "upgrade"}[i]
		said := shell(t, filepath.Join(b.dir, "root"), []string{"STEP=" + step}, `php -d error_reporting=22527 <<< "$1"; mkdir -p wp-content/uploads; chmod -R a+rwX wp-content`, wpInstall)
		t.Logf("%s to %s: %s", step, tag, said)
		root := lamp.Blog{Visitor: lamp.NewVisitor(b.address, b.host)}
		must(t, root.LogIn(ctx, "root", "first password"))
		author := fmt.Sprintf("author%d", i)
		_, err := root.AddAuthor(ctx, author, "pass of "+author)
		must(t, err)
		writer := lamp.Blog{Visitor: lamp.NewVisitor(b.address, b.host)}
		must(t, writer.LogIn(ctx, author, "pass of "+author))
		post, err := writer.Publish(ctx, "Title "+tag, "Text of "+tag+" 😀")
		must(t, err)
		file, err := writer.Upload(ctx, "grey.png", picture(t, 40+i))
		must(t, err)
		if p, err := writer.Get(ctx, file.Source); err != nil || p.Body != string(picture(t, 40+i)) {
			t.Errorf("%s: status %d, %d bytes (%v)", file.Source, p.Status, len(p.Body), err)
		}
		guest := lamp.NewVisitor(b.address, b.host)
		if p, err := guest.Get(ctx, post.Link); err != nil || !strings.Contains(p.Body, "Text of "+tag+" 😀") || !strings.Contains(p.Body, "</html>") {
			t.Errorf("%s: status %d, %d bytes (%v)", post.Link, p.Status, len(p.Body), err)
		}
		if v, err := guest.Version(ctx); v != "WordPress "+tag {
			t.Errorf("version %q (%v), want %s", v, err, tag)
		}
		if err := (&lamp.Blog{Visitor: guest}).LogIn(ctx, "root", "wrong"); err == nil {
			t.Error("a wrong password logs in")
		}
	}
}

const wikiSettings = `
$wgServer = 'http://wiki.example';
$wgEnableUploads = true;
$wgCacheDirectory = "$IP/cache";
$wgShowExceptionDetails = true;
`

// TestWiki does the same with MediaWiki, whose story the whole program tells for
// each change (cmd/distrobot).
func TestWiki(t *testing.T) {
	lamp.Thorough(t)
	r, ctx := lamp.Code(t, lamp.MediaWiki), t.Context()
	b := newBare(t, "wiki.example")
	sql(t, b.db, "", "CREATE DATABASE wiki")
	for i, tag := range r.Tags {
		b.lay(t, r, tag)
		root := filepath.Join(b.dir, "root")
		if i == 0 {
			shell(t, root, nil, `php -d error_reporting=22527 maintenance/install.php --dbtype=mysql --dbserver="localhost:$1" --dbname=wiki --dbuser=root --dbpass="$2" \
				--server=http://wiki.example --scriptpath= --pass='a long password' Wiki Root
				echo "$3" >> LocalSettings.php; mkdir -p images cache; chmod a+rwX images cache LocalSettings.php`, b.db.Socket, b.db.Password, wikiSettings)
		} else {
			shell(t, root, nil, `php -d error_reporting=22527 maintenance/run.php update --quick`)
		}
		w := lamp.Wiki{Visitor: lamp.NewVisitor(b.address, b.host)}
		must(t, w.LogIn(ctx, "Root", "a long password"))
		must(t, w.Edit(ctx, "Page of "+tag, "Text of "+tag+" 😀"))
		must(t, w.Upload(ctx, fmt.Sprintf("Grey%d.png", i), picture(t, 40+i)))
		guest := lamp.NewVisitor(b.address, b.host)
		for _, then := range r.Tags[:i+1] {
			if p, err := guest.Get(ctx, "/index.php?title=Page_of_"+then); err != nil || !strings.Contains(p.Body, "Text of "+then+" 😀") {
				t.Errorf("page of %s: status %d, %d bytes (%v)", then, p.Status, len(p.Body), err)
			}
		}
		if v, err := guest.Version(ctx); v != "MediaWiki "+tag {
			t.Errorf("version %q (%v), want %s", v, err, tag)
		}
		if err := (&lamp.Wiki{Visitor: guest}).LogIn(ctx, "Root", "wrong"); err == nil {
			t.Error("a wrong password logs in")
		}
	}
}

func sql(t *testing.T, m *lamp.MariaDB, database, text string) string {
	t.Helper()
	out, err := m.SQL(t.Context(), database, text)
	must(t, err)
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package kind_test

import (
	"strings"

	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/lamp"
)

// networkConfig is the wp-config.php of a network, as a template of its code base.
const networkConfig = `<?php
mysqli_report(MYSQLI_REPORT_OFF);
define('DB_NAME', '${SITE_DB_NAME}');
define('DB_USER', '${SITE_DB_USER}');
define('DB_PASSWORD', '${SITE_DB_PASSWORD}');
define('DB_HOST', '${SITE_DB_SERVER}');
define('DISABLE_WP_CRON', true);
if (getenv('MAKE_NETWORK')) {
	define('WP_ALLOW_MULTISITE', true);
} else {
	define('MULTISITE', true);
	define('SUBDOMAIN_INSTALL', false);
	define('DOMAIN_CURRENT_SITE', '${SITE_URI}');
	define('PATH_CURRENT_SITE', '/');
	define('SITE_ID_CURRENT_SITE', 1);
	define('BLOG_ID_CURRENT_SITE', 1);
}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) { define('ABSPATH', __DIR__ . '/'); }
require_once ABSPATH . 'wp-settings.php';
`

const makeNetwork = `<?php
$_SERVER['HTTP_HOST'] = getenv('SITE_URI');
require 'wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
foreach ($wpdb->tables('ms_global') as $table => $name) { $wpdb->$table = $name; }
make_db_current_silent('global');
dbDelta(wp_get_db_schema('ms_global'));
populate_network(1, getenv('SITE_URI'), 'a@example.org', 'Shops', '/', false);
`

const makeSite = `<?php
$_SERVER['HTTP_HOST'] = getenv('SITE_URI');
require 'wp-load.php';
$id = wp_insert_site(array('domain' => getenv('SITE_URI'), 'path' => '/two/', 'title' => 'Second', 'user_id' => 1));
if (is_wp_error($id)) { fwrite(fopen('php://stderr', 'w'), $id->get_error_message()); exit(1); }
switch_to_blog($id);
update_option('stylesheet', 'second-theme');
wp_schedule_single_event(time() - 5, 'due_here');
`

// Every site of a network is brought up, and none if one is ahead.
func testNetwork(w *world, r lamp.Releases) {
	t := w.t
	with := func(tag string) hosting.Tree {
		return w.changed(w.tree(r, tag), map[string][]byte{
			"wp-config.in": []byte(networkConfig), "distrobot.yml": []byte("version: 1\nsettings: {wp-config.in: wp-config.php}\n"),
			"wp-content/mu-plugins/due.php": []byte("<?php\nadd_action('due_here', function () { update_option('was_due', get_current_blog_id()); });\n"),
		})
	}
	site := w.site(with(r.Tags[0]))
	single := site.App.Install(site.Place)
	single[0].Env = append(single[0].Env, "MAKE_NETWORK=1")
	script := func(text string, env ...string) []hosting.Program {
		return []hosting.Program{{Argv: []string{"php", "-d", "error_reporting=1"}, Stdin: text, Env: env}}
	}
	site.must(single)
	site.must(script(makeNetwork, "MAKE_NETWORK=1"))
	site.must(script(makeSite))
	if got := site.inspect(); !strings.Contains(strings.Join(got.Enabled, " "), "second-theme") {
		t.Errorf("in use %q", got.Enabled)
	}
	next := site.next(with(r.Tags[len(r.Tags)-1]))
	t.Log(next.must(next.App.Update(next.Place)))
	want := next.facts().Schema
	for _, table := range []string{"wp_options", "wp_2_options"} {
		if got := next.one("SELECT option_value FROM " + table + " WHERE option_name = 'db_version'"); got != want {
			t.Errorf("%s has version %s, want %s", table, got, want)
		}
	}
	next.must(next.App.Cron(next.Place))
	if got := next.one("SELECT option_value FROM wp_2_options WHERE option_name = 'was_due'"); got != "2" {
		t.Errorf("what was due on the second site ran on %q", got)
	}
	a := ask(t, next.serve(), string(next.URI), "/")
	if err := next.App.Check.Meets(a); err != nil {
		t.Error(err)
	}
	// These settings are not ours, so the link is WordPress's own for a new password.
	login, err := next.App.Login(next.Place)
	w.ok(err)
	link := strings.TrimSpace(next.must([]hosting.Program{login}))
	if !strings.HasPrefix(link, next.URL()+"/wp-login.php?action=rp&key=") {
		t.Errorf("link %q", link)
	}
	p, err := lamp.NewVisitor(next.front.address, string(next.URI)).Get(t.Context(), link)
	if err != nil || p.Status != 200 || !strings.Contains(p.Body, "resetpassform") {
		t.Errorf("the link answers %d %.300s (%v)", p.Status, p.Body, err)
	}
	ahead := site.next(with(r.Tags[len(r.Tags)-1]))
	w.sql(ahead, "UPDATE wp_2_options SET option_value = '99999' WHERE option_name = 'db_version'")
	ahead.refused(ahead.App.Update(ahead.Place), 3, "The database has version 99999")
	if got := ahead.one("SELECT option_value FROM wp_options WHERE option_name = 'db_version'"); got == want {
		t.Error("the main site was updated although another is ahead")
	}
}

// A platform's own wp-cli does the update, between two looks of ours; it is not
// believed.
func testCLI(w *world, r lamp.Releases) {
	t := w.t
	cli := func(script string) hosting.Tree {
		return w.changed(w.tree(r, r.Tags[1]), map[string][]byte{"vendor/bin/wp": []byte("#!/bin/sh\n" + script)})
	}
	site := w.site(w.tree(r, r.Tags[0]))
	site.must(site.App.Install(site.Place))
	run := func(script string) (*copied, []hosting.Program) {
		next := site.next(cli(script))
		next.executable("vendor/bin/wp")
		return next, next.App.Update(next.Place)
	}
	next, programs := run(`echo "wp $*"; exec php -r 'define("WP_INSTALLING", true); $_SERVER["HTTP_HOST"] = "x"; require "wp-load.php"; require ABSPATH . "wp-admin/includes/upgrade.php"; wp_upgrade();'`)
	if said := next.must(programs); !strings.Contains(said, "wp core update-db --path=. --url="+next.URL()) || !strings.Contains(said, "was at 53496 already") {
		t.Errorf("said %q", said)
	}
	next, programs = run("echo 'Error: no' >&2; exit 1")
	next.refused(programs, 1, "Error: no")
	next, programs = run("echo 'Success: nothing was done'")
	if said := next.must(programs); !strings.Contains(said, "went from 49752 to 53496") {
		t.Errorf("said %q", said)
	}
	if next.App.Runs[0] != "wp core update-db" {
		t.Errorf("it reads %q", next.App.Runs)
	}
}

package kind

import (
	_ "embed"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// The scripts, each of which follows the common part.
var (
	//go:embed php/wordpress.php
	wordpressCommon string
	//go:embed php/wordpress_install.php
	wordpressInstall string
	//go:embed php/wordpress_update.php
	wordpressUpdate string
	//go:embed php/wordpress_login.php
	wordpressLogin string
	//go:embed php/wordpress_rename.php
	wordpressRename string
	//go:embed php/wordpress_network_cron.php
	wordpressNetworkCron string
)

// phpOptions are those of every script: WordPress tolerates the notices of a PHP
// newer than itself, and what a script says of a failure is on standard error.
// No mail leaves by PHP's own function either.
var phpOptions = []string{
	"-d", "display_errors=0", "-d", "log_errors=1", "-d", "error_log=", "-d", "html_errors=0",
	"-d", "error_reporting=22527", // E_ALL without deprecations
	"-d", "memory_limit=1G", "-d", "max_execution_time=0", "-d", "sendmail_path=true",
}

// phpScript is the command that runs a script from its standard input.
func phpScript() []string { return append(append([]string{"php"}, phpOptions...), "--") }

// A wordpressSite is what the programs and settings of one tree's sites need to
// know of it.
type wordpressSite struct {
	wordpressCore
	tree hosting.Tree
	// cli is wp-cli: a path in the tree, or a program of the host; "" if there is
	// none.
	cli     string
	network bool // the tree's own settings speak of a network of sites
}

// script is one of ours as a program.
func (w wordpressSite) script(p hosting.Place, text, says string, env ...string) hosting.Program {
	return hosting.Program{
		Argv: phpScript(), Stdin: wordpressCommon + strings.TrimPrefix(text, "<?php"), Says: says,
		Env: append([]string{"DISTROBOT_WORDPRESS=" + filepath.Join(p.Root, w.docroot, w.dir), "DISTROBOT_URL=" + p.URL()}, env...),
	}
}

// wordpressAdmin names the password of a new site's administrator among the
// site's secrets. Its name is "admin".
const wordpressAdmin = "admin_password"

// install makes the tables and the first administrator.
func (w wordpressSite) install(p hosting.Place) []hosting.Program {
	password, err := p.Secret(wordpressAdmin)
	if err != nil {
		return []hosting.Program{broken("install WordPress", err)}
	}
	return []hosting.Program{w.script(p, wordpressInstall, "install WordPress", "DISTROBOT_PASSWORD="+password, "DISTROBOT_TITLE="+string(p.URI))}
}

// update brings the database up. Where wp-cli is at hand it does the work, for
// platforms whose wp-cli.yml or packages have a say in it, between our two looks:
// the first refuses to go back before anything is written, the second finishes
// what wp-cli leaves (the other sites of a network) and makes sure of the result,
// because wp-cli says success also when statements failed.
func (w wordpressSite) update(p hosting.Place) []hosting.Program {
	finish := w.script(p, wordpressUpdate, w.updateSays())
	if w.cli == "" {
		return []hosting.Program{finish}
	}
	finish.Says = "finish the update of the WordPress database"
	return []hosting.Program{
		w.script(p, wordpressUpdate, "look at the WordPress database", "DISTROBOT_ONLY=refuse"),
		{
			Argv: []string{w.cli, "core", "update-db", "--path=" + path.Join(w.docroot, w.dir), "--url=" + p.URL(), "--skip-plugins", "--skip-themes", "--no-color", "--allow-root"},
			Env:  []string{"WP_CLI_DISABLE_AUTO_CHECK_UPDATE=1", "WP_CLI_PHP_ARGS=-d memory_limit=1G"},
			Says: w.updateSays(),
		},
		finish,
	}
}

// updateSays is the update as people read it.
func (w wordpressSite) updateSays() string {
	if w.cli != "" {
		return "wp core update-db"
	}
	return "update the WordPress database"
}

// login prints a one-time link, and nothing else.
func (w wordpressSite) login(p hosting.Place) (hosting.Program, error) {
	program := w.script(p, wordpressLogin, "make a one-time link")
	program.Argv = slices.Insert(program.Argv, len(program.Argv)-1, "-d", "log_errors=0")
	return program, nil
}

// rename gives copied data the site's own address.
func (w wordpressSite) rename(p hosting.Place, from string) []hosting.Program {
	return []hosting.Program{w.script(p, wordpressRename, "change the address in the database", "DISTROBOT_FROM="+from)}
}

// cron runs what is due. The variables are those of a request, which plugins
// look for.
func (w wordpressSite) cron(p hosting.Place) []hosting.Program {
	host, prefix, _ := strings.Cut(string(p.URI), "/")
	if prefix != "" {
		prefix = "/" + prefix
	}
	env := []string{"HTTP_HOST=" + host, "SERVER_NAME=" + host, "REQUEST_URI=" + prefix + "/wp-cron.php", "REQUEST_METHOD=GET", "REMOTE_ADDR=127.0.0.1"}
	if p.HTTPS {
		env = append(env, "HTTPS=on")
	}
	argv := []string{"php", "-d", "display_errors=0", "-d", "log_errors=1", "-d", "memory_limit=1G", path.Join(w.docroot, w.dir, "wp-cron.php")}
	all := []hosting.Program{{Argv: argv, Env: env, Says: "wp-cron.php"}}
	if w.network {
		all = append(all, w.script(p, wordpressNetworkCron, "wp-cron.php of the network's other sites"))
	}
	return all
}

// wordpressCLI finds wp-cli: what Composer put into the tree, else what the host
// has.
func wordpressCLI(in tree) string {
	const own = "vendor/bin/wp"
	if info, err := in.root.Stat(own); err == nil && info.Mode().IsRegular() {
		return own
	}
	if program, err := run.LookPath("wp", nil); err == nil {
		return program
	}
	return ""
}

// broken is a program that fails with the sentence of an error that came too
// early to be returned.
func broken(says string, err error) hosting.Program {
	return hosting.Program{Argv: []string{"sh", "-c", `echo "$WHY" >&2; exit 1`}, Env: []string{"WHY=" + hosting.Sentence(err)}, Says: says}
}

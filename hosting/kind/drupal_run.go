package kind

import (
	_ "embed"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/hosting"
)

// The scripts, each of which follows the common part.
var (
	//go:embed php/drupal_common.php
	drupalCommon string
	//go:embed php/drupal_legacy.php
	drupalLegacy string
	//go:embed php/drupal_rename.php
	drupalRename string
	//go:embed php/drupal7_install.php
	drupal7Install string
	//go:embed php/drupal7_update.php
	drupal7Update string
	//go:embed php/drupal7_login.php
	drupal7Login string
	//go:embed php/drupal7_cron.php
	drupal7Cron string
	//go:embed php/drupal8_install.php
	drupal8Install string
	//go:embed php/drupal8_update.php
	drupal8Update string
	//go:embed php/drupal8_rebuild.php
	drupal8Rebuild string
	//go:embed php/drupal8_login.php
	drupal8Login string
	//go:embed php/drupal8_cron.php
	drupal8Cron string
)

// php begins a command of ours: what goes wrong is told by the script in its
// last line, and no mail leaves by PHP's own function.
func php(rest ...string) []string {
	return append([]string{
		"php", "-d", "display_errors=0", "-d", "log_errors=0", "-d", "html_errors=0",
		"-d", "error_reporting=22527", // E_ALL without deprecations: old releases run on newer PHP
		"-d", "memory_limit=1G", "-d", "max_execution_time=0", "-d", "sendmail_path=true",
	}, rest...)
}

// A script is one of the scripts with what people read of it.
type script struct{ text, says string }

// program makes a program of a script.
func (s siteCode) program(p hosting.Place, x script) hosting.Program {
	return hosting.Program{
		Argv: php("--"), Stdin: drupalCommon + strings.TrimPrefix(x.text, "<?php"), Says: x.says,
		Env: []string{
			"SITE_ROOT=" + p.Root, "SITE_DOCROOT=" + filepath.Join(p.Root, s.docroot), "SITE_URL=" + p.URL(),
			"SITE_PRIVATE=" + filepath.Join(p.Shared, privateDir), "SITE_FILES=" + filepath.Join(p.Shared, s.uploads), "SITE_CONFIG=" + filepath.Join(p.Data, configDir),
			"SITE_GENERATION=" + strconv.FormatInt(p.Generation, 10), "SITE_PROFILE=" + s.profile,
		},
	}
}

// legacy is an update script that needs what those of Drupal 7 and Backdrop have
// in common.
func legacy(text string) script {
	return script{drupalLegacy + strings.TrimPrefix(text, "<?php"), saysUpdate}
}

// programs makes programs of scripts.
func (s siteCode) programs(all ...script) func(hosting.Place) []hosting.Program {
	return func(p hosting.Place) []hosting.Program {
		var out []hosting.Program
		for _, x := range all {
			out = append(out, s.program(p, x))
		}
		return out
	}
}

// login makes the program that prints a one-time link.
func (s siteCode) login(text string) func(hosting.Place) (hosting.Program, error) {
	return func(p hosting.Place) (hosting.Program, error) {
		return s.program(p, script{text, "make a one-time link"}), nil
	}
}

// rename makes the program that gives copied content the site's own address.
func (s siteCode) rename(p hosting.Place, from string) []hosting.Program {
	x := s.program(p, script{drupalRename, "change the address in the content"})
	x.Env = append(x.Env, "SITE_FROM="+from)
	return []hosting.Program{x}
}

// What people read of the programs.
const (
	saysInstall = "install the site"
	saysUpdate  = "update the database"
	saysRebuild = "rebuild the caches"
	saysCron    = "cron"
)

// drupal7 completes an App for Drupal 7. Its drush is not used: the releases of
// drush that know Drupal 7 do not support the PHP of today.
func (s siteCode) drupal7(a hosting.App) hosting.App {
	a.Settings = s.drupal7Settings
	a.Install = then(s.programs(script{drupal7Install, saysInstall}), a.Install)
	a.Update = then(s.programs(legacy(drupal7Update)), a.Update)
	a.Runs = append([]string{saysUpdate}, a.Runs...)
	a.Login = s.login(drupal7Login)
	a.Cron = s.programs(script{drupal7Cron, saysCron})
	a.Inspect = inspectSystem
	return a
}

// drupal8 completes an App for Drupal 8 and later.
func (s siteCode) drupal8(a hosting.App) hosting.App {
	ours, runs := s.programs(script{drupal8Update, saysUpdate}, script{drupal8Rebuild, saysRebuild}), []string{saysUpdate, saysRebuild}
	if s.drush {
		ours, runs = s.drushUpdate, []string{"drush updatedb", "drush cache:rebuild"}
	}
	a.Settings = s.drupal8Settings
	a.Install = then(s.programs(script{drupal8Install, saysInstall}, script{drupal8Rebuild, saysRebuild}), a.Install)
	a.Update = then(ours, a.Update)
	a.Runs = append(runs, a.Runs...)
	a.Login = s.login(drupal8Login)
	a.Cron = s.programs(script{drupal8Cron, saysCron})
	a.Inspect = inspectDrupal8
	return a
}

// drushUpdate updates with the platform's drush, which knows of hooks that only
// it calls, and lets our scripts see to it that nothing is pending.
func (s siteCode) drushUpdate(p hosting.Place) []hosting.Program {
	run := func(words ...string) hosting.Program {
		argv := php("-d", "variables_order=EGPCS", filepath.Join(p.Root, drushScript),
			"--root="+filepath.Join(p.Root, s.docroot), "--uri="+p.URL(), "--yes", "--no-ansi")
		return hosting.Program{Argv: append(argv, words...), Says: "drush " + words[0]}
	}
	return []hosting.Program{
		run("updatedb"), run("cache:rebuild"),
		s.program(p, script{drupal8Update, "look for updates that are left"}),
	}
}

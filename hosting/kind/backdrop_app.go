package kind

import (
	_ "embed"
	"path"
	"path/filepath"
	"regexp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// The scripts, each of which follows drupal_common.php.
var (
	//go:embed php/backdrop_install.php
	backdropInstall string
	//go:embed php/backdrop_update.php
	backdropUpdate string
	//go:embed php/backdrop_login.php
	backdropLogin string
	//go:embed php/backdrop_cron.php
	backdropCron string
)

// configDir is where the configuration of a Backdrop site is kept. It changes
// with the database, so each generation has its own; where Backdrop puts it
// itself, among the uploads, old and new code would share it. Web servers serve
// no dot files.
const configDir = ".config"

// App implements hosting.Kind; see drupal's. The settings of a site are those of
// the docroot, and what a platform adds is settings.platform.php beside them.
func (backdrop) App(t hosting.Tree) hosting.App {
	a := appOf(t)
	in, err := openTree(t)
	if err != nil {
		return a
	}
	defer in.Close()
	c, found := backdropIn(in)
	if !found {
		return a
	}
	s := codeOf(in, c)
	s.uploads = path.Join(c.docroot, "files")
	a = s.app(a)
	a.Versioned = addPaths(a, a.Versioned, configDir)
	a.Found = func(uri fleet.URI) (hosting.Existing, error) { return s.found(t.Dir, uri) }
	a.Settings = s.backdropSettings
	a.Install = then(s.programs(script{backdropInstall, saysInstall}), a.Install)
	a.Update = then(s.programs(legacy(backdropUpdate)), a.Update)
	a.Runs = append([]string{saysUpdate}, a.Runs...)
	a.Login = s.login(backdropLogin)
	a.Cron = s.programs(script{backdropCron, saysCron})
	a.Inspect = inspectSystem
	return a
}

// backdropSettings gives the settings of Backdrop. The file is included twice by
// its installer, so it declares nothing.
func (s siteCode) backdropSettings(p hosting.Place) ([]hosting.File, error) {
	if p.Database != nil && p.Database.Engine != "mysql" {
		return nil, fleet.Errorf(fleet.Refused, "Backdrop works with MySQL and MariaDB only.")
	}
	salt, err := p.Secret(secretSalt)
	if err != nil {
		return nil, err
	}
	db, err := s.connection(p)
	if err != nil {
		return nil, err
	}
	f := newPHP(settingsComment)
	f.set("$base_url", p.URL())
	var patterns []string
	for _, host := range hosts(p) {
		patterns = append(patterns, "^"+regexp.QuoteMeta(host)+"$")
	}
	f.set("$settings['trusted_host_patterns']", patterns)
	f.set("$settings['backdrop_drupal_compatibility']", true)
	f.code("ini_set('session.gc_probability', 1);\nini_set('session.gc_divisor', 100);\n" +
		"ini_set('session.gc_maxlifetime', 200000);\nini_set('session.cookie_lifetime', 2000000);\n")
	overTLS(f, p)
	s.includes(f, p, "settings.platform.php")
	f.set("$databases['default']", []phpPair{{"default", db}})
	f.set("$settings['hash_salt']", salt)
	f.set("$settings['update_free_access']", false)
	config := filepath.Join(p.Data, configDir)
	f.set("$config_directories['active']", filepath.Join(config, "active"))
	f.set("$config_directories['staging']", filepath.Join(config, "staging"))
	private := filepath.Join(p.Shared, privateDir)
	f.set("$config['system.core']['file_public_path']", "files")
	f.set("$config['system.core']['file_private_path']", filepath.Join(private, "files"))
	f.set("$config['system.core']['file_temporary_path']", filepath.Join(private, "tmp"))
	f.code("if (PHP_SAPI === 'cli') {\n  ")
	f.set("$settings['stale_file_threshold']", aYear)
	f.code("}\n")
	if p.Quiet {
		f.set("$config['system.mail']['default-system']", "TestingMailSystem")
		f.set("$config['system.core']['cron_safe_threshold']", 0)
		f.set("$settings['proxy_server']", nobodyHost)
		f.set("$settings['proxy_port']", nobodyPort)
		f.set("$settings['proxy_exceptions']", []string(nil))
	}
	return s.backdropFiles(f), nil
}

// backdropFiles gives the settings files. A sites.php that names no site turns
// the lookup of sites by host name off.
func (s siteCode) backdropFiles(settings *phpFile) []hosting.File {
	var out []hosting.File
	if at := path.Join(s.docroot, "settings.php"); !s.templated(at) {
		out = append(out, hosting.File{Path: at, Content: []byte(settings.String())})
	}
	if at := path.Join(s.docroot, "sites/sites.php"); s.sites && !s.templated(at) {
		f := newPHP("There is one site only, this one.")
		f.code("$sites = array();\n")
		out = append(out, hosting.File{Path: at, Content: []byte(f.String())})
	}
	return out
}

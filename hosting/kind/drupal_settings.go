package kind

import (
	"path"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// secretSalt names what one-time links and image tokens are signed with; it must
// stay the same for the site's whole life.
const secretSalt = "hash_salt"

// nobody answers on this address of a rehearsal's proxy: the port is reserved
// for a service that discards (RFC 863), and nothing runs there.
const (
	nobodyHost = "127.0.0.1"
	nobodyPort = 9
)

// aYear in seconds, for what must not be tidied up by a copy: aggregated files
// are shared by generations, and the pages of the live one still name them.
const aYear = 365 * 24 * 3600

// settingsComment is what people read in the file.
const settingsComment = `Do not edit it: settings of all sites of the platform belong into
sites/default/settings.platform.php of its repository, those of this site
into settings.local.php in its directory of shared data. Both are included
below; what follows them cannot be changed.`

// files gives the settings files. The lookup of sites by host name is off: what
// other directories the platform has leads to sites/default.
func (s siteCode) files(settings *phpFile, always bool) []hosting.File {
	var out []hosting.File
	if at := path.Join(s.docroot, "sites/default/settings.php"); !s.templated(at) {
		out = append(out, hosting.File{Path: at, Content: []byte(settings.String())})
	}
	// Drupal 8 does not look at all where there is no sites.php.
	if at := path.Join(s.docroot, "sites/sites.php"); (always || s.sites) && !s.templated(at) {
		f := newPHP("Every directory of sites leads to the one of this site.")
		f.code("$sites = array();\n")
		for _, dir := range s.dirs {
			f.set("$sites["+phpQuote(dir)+"]", "default")
		}
		out = append(out, hosting.File{Path: at, Content: []byte(f.String())})
	}
	return out
}

// includes adds the files that people may have.
func (s siteCode) includes(f *phpFile, p hosting.Place, platform string) {
	f.include(filepath.Join(p.Root, s.docroot, platform))
	f.include(filepath.Join(p.Shared, "settings.local.php"))
	f.code("\n")
}

// connection is an entry of $databases.
func (s siteCode) connection(p hosting.Place) ([]phpPair, error) {
	d := p.Database
	if d == nil {
		return nil, fleet.Errorf(fleet.Refused, "The site %s has no database, and %s needs one.", p.URI, s.name)
	}
	if d.Engine == "sqlite" {
		c := []phpPair{{"driver", "sqlite"}, {"database", d.Name}, {"prefix", d.Prefix}}
		return s.namespace(c, "sqlite"), nil
	}
	charset := "utf8mb4"
	if d.Charset != "" {
		charset = d.Charset // of tables that were made before
	}
	c := []phpPair{
		{"driver", "mysql"}, {"database", d.Name}, {"username", d.User}, {"password", string(d.Password)},
		{"prefix", d.Prefix}, {"charset", charset}, {"collation", charset + "_general_ci"},
	}
	if d.Socket != "" {
		// The host is there for those who look for one.
		c = append(c, phpPair{"unix_socket", d.Socket}, phpPair{"host", "localhost"})
	} else {
		c = append(c, phpPair{"host", d.Host})
		if d.Port != 0 {
			c = append(c, phpPair{"port", strconv.Itoa(d.Port)})
		}
	}
	return s.namespace(c, "mysql"), nil
}

// namespace says where the driver is since it is a module of Drupal's core.
func (s siteCode) namespace(c []phpPair, driver string) []phpPair {
	if !s.driver {
		return c
	}
	return append(c, phpPair{"namespace", `Drupal\` + driver + `\Driver\Database\` + driver},
		phpPair{"autoload", "core/modules/" + driver + "/src/Driver/Database/" + driver + "/"})
}

// drupal7Settings gives the settings of Drupal 7.
func (s siteCode) drupal7Settings(p hosting.Place) ([]hosting.File, error) {
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
	f.code("ini_set('session.gc_probability', 1);\nini_set('session.gc_divisor', 100);\n" +
		"ini_set('session.gc_maxlifetime', 200000);\nini_set('session.cookie_lifetime', 2000000);\n")
	overTLS(f, p)
	s.includes(f, p, "sites/default/settings.platform.php")
	f.set("$databases['default']", []phpPair{{"default", db}})
	f.set("$drupal_hash_salt", salt)
	f.set("$update_free_access", false)
	private := filepath.Join(p.Shared, privateDir)
	f.set("$conf['file_public_path']", "sites/default/files")
	f.set("$conf['file_private_path']", filepath.Join(private, "files"))
	f.set("$conf['file_temporary_path']", filepath.Join(private, "tmp"))
	f.code("if (PHP_SAPI === 'cli') {\n  ")
	f.set("$conf['stale_file_threshold']", aYear)
	f.code("}\n")
	if p.Quiet {
		f.set("$conf['mail_system']", []phpPair{{"default-system", "TestingMailSystem"}})
		f.set("$conf['cron_safe_threshold']", 0)
		f.set("$conf['proxy_server']", nobodyHost)
		f.set("$conf['proxy_port']", nobodyPort)
		f.set("$conf['proxy_exceptions']", []string(nil))
	}
	return s.files(f, true), nil
}

// overTLS tells what PHP cannot see where a proxy ends TLS before it.
func overTLS(f *phpFile, p hosting.Place) {
	if p.HTTPS {
		f.set("$_SERVER['HTTPS']", "on")
	}
}

// drupal8Settings gives the settings of Drupal 8 and later.
func (s siteCode) drupal8Settings(p hosting.Place) ([]hosting.File, error) {
	salt, err := p.Secret(secretSalt)
	if err != nil {
		return nil, err
	}
	db, err := s.connection(p)
	if err != nil {
		return nil, err
	}
	f := newPHP(settingsComment)
	s.drupal8Defaults(f, p)
	s.includes(f, p, "sites/default/settings.platform.php")
	f.set("$databases['default']", []phpPair{{"default", db}})
	f.set("$settings['hash_salt']", salt)
	f.set("$settings['update_free_access']", false)
	generation := "g" + strconv.FormatInt(p.Generation, 10)
	if p.Quiet {
		generation = "rehearsal"
	}
	f.set("$settings['deployment_identifier']", string(p.Platform)+"-"+generation)
	private := filepath.Join(p.Shared, privateDir)
	f.set("$settings['file_public_path']", "sites/default/files")
	f.set("$settings['file_private_path']", filepath.Join(private, "files"))
	f.set("$settings['file_temp_path']", filepath.Join(private, "tmp"))
	// Compiled templates are code: not among the uploads, and of one generation.
	f.set("$settings['php_storage']['default']['directory']", filepath.Join(private, "php", generation))
	f.set("$settings['php_storage']['twig']['directory']", filepath.Join(private, "php", generation))
	// Who may do what with the files is not Drupal's business: chmod of a hard
	// link would change the platform.
	f.set("$settings['skip_permissions_hardening']", true)
	f.code("if (PHP_SAPI === 'cli') {\n  ")
	f.set("$config['system.performance']['stale_file_threshold']", aYear)
	f.code("}\n")
	if p.Quiet {
		drupal8Quiet(f)
	}
	return s.files(f, false), nil
}

// drupal8Defaults are settings that a platform or a site may change.
func (s siteCode) drupal8Defaults(f *phpFile, p hosting.Place) {
	var patterns []string
	for _, host := range hosts(p) {
		patterns = append(patterns, "^"+regexp.QuoteMeta(host)+"$")
	}
	f.set("$settings['trusted_host_patterns']", patterns)
	if p.HTTPS {
		// Where something on this machine ends TLS it is believed; others are not.
		f.set("$settings['reverse_proxy']", true)
		f.set("$settings['reverse_proxy_addresses']", []string{"127.0.0.1", "::1"})
	}
	sync := filepath.Join(p.Shared, privateDir, "sync")
	if s.sync != "" {
		sync = filepath.Join(p.Root, s.sync)
	}
	f.set("$settings['config_sync_directory']", sync)
	f.code("$settings['container_yamls'][] = $app_root . '/' . $site_path . '/services.yml';\n")
	f.set("$settings['file_scan_ignore_directories']", []string{"node_modules", "bower_components"})
	f.set("$settings['entity_update_batch_size']", 50)
	f.set("$settings['entity_update_backup']", true)
}

// drupal8Quiet keeps a rehearsal from writing to people and asking other hosts.
func drupal8Quiet(f *phpFile) {
	const collector = "test_mail_collector" // comes with core
	f.set("$config['system.mail']['interface']", []phpPair{{"default", collector}})
	f.set("$config['mailsystem.settings']['defaults']", []phpPair{{"sender", collector}})
	f.set("$config['automated_cron.settings']['interval']", 0)
	proxy := "http://" + nobodyHost + ":" + strconv.Itoa(nobodyPort)
	f.set("$settings['http_client_config']['proxy']", []phpPair{{"http", proxy}, {"https", proxy}})
}

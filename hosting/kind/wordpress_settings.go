package kind

import (
	_ "embed"
	"fmt"
	"net"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// wordpressSettings is what follows the values in the settings of a site.
//
//go:embed php/wordpress_settings.php
var wordpressSettings string

// wordpressKeys are the constants that WordPress signs logins and links with.
// They stay the same for the site's whole life, or everybody is logged out. Their
// names in lower case are those of the site's secrets.
var wordpressKeys = []string{
	"AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY",
	"AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT",
}

// wordpressPrefix begins the names of tables unless the site has another one.
const wordpressPrefix = "wp_"

// wordpressPrefixes are the prefixes that WordPress itself accepts.
var wordpressPrefixes = regexp.MustCompile(`^[A-Za-z0-9_]{1,60}$`)

// settings gives the settings files of a generation. They are ours, except that
//
//   - a template that distrobot.yml renders to wp-config.php is the whole of it;
//   - a wp-config.php in the tree that reads the environment (as in Bedrock's
//     layout) is kept, and told everything that way.
//
// A wp-config.php in the tree with values of its own belongs to one site, and a
// platform has many: that is refused.
func (w wordpressSite) settings(p hosting.Place) ([]hosting.File, error) {
	at := path.Join(w.docroot, "wp-config.php")
	for _, to := range w.tree.Spec.Settings {
		if path.Clean(to) == at {
			return w.index(nil), nil
		}
	}
	values, err := w.values(p)
	if err != nil {
		return nil, err
	}
	in, err := openTree(w.tree)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	own := in.file(at, maxPHP)
	if own == nil {
		return w.index([]hosting.File{{Path: at, Content: w.config(p, values)}}), nil
	}
	content, err := values.before(p, own, string(own)+string(in.file("config/application.php", maxPHP)))
	return []hosting.File{{Path: at, Content: content}}, err
}

// index adds the front page where the tree has none in its docroot, as it is with
// packages of WordPress that Composer puts into a directory.
func (w wordpressSite) index(files []hosting.File) []hosting.File {
	if w.hasIndex || w.dir == "." {
		return files
	}
	return append(files, hosting.File{
		Path:    path.Join(w.docroot, "index.php"),
		Content: fmt.Appendf(nil, "<?php\n// Written by distrobot: the platform has no index.php of its own.\ndefine('WP_USE_THEMES', true);\nrequire __DIR__ . %s;\n", phpQuote("/"+w.dir+"/wp-blog-header.php")),
	})
}

// A setting is a constant of wp-config.php.
type setting struct{ name, value string }

// wordpressValues are the constants of a site: those that name what is the
// site's own, which may come by the environment as well, and those that say how
// it is hosted, as PHP.
type wordpressValues struct {
	own    []setting
	hosted []setting
	prefix string
}

func (w wordpressSite) values(p hosting.Place) (wordpressValues, error) {
	v := wordpressValues{prefix: wordpressPrefix}
	d := p.Database
	if d == nil {
		return v, fleet.Errorf(fleet.Refused, "WordPress needs a database, and the site %s has none.", p.URI)
	}
	if d.Prefix != "" {
		v.prefix = d.Prefix
	}
	if !wordpressPrefixes.MatchString(v.prefix) {
		return v, fleet.Errorf(fleet.Refused, "The site's tables begin with %q, which WordPress does not accept.", fleet.Clean(v.prefix, 40))
	}
	v.own = []setting{
		{"DB_NAME", d.Name}, {"DB_USER", d.User}, {"DB_PASSWORD", string(d.Password)}, {"DB_HOST", databaseHost(*d)},
		{"WP_HOME", p.URL()}, {"WP_SITEURL", p.URL() + strings.TrimSuffix(w.below(), "/")},
	}
	for _, key := range wordpressKeys {
		secret, err := p.Secret(strings.ToLower(key))
		if err != nil {
			return v, err
		}
		v.own = append(v.own, setting{key, secret})
	}
	generation := strconv.FormatInt(p.Generation, 10)
	if p.Quiet {
		generation = "rehearsal"
	}
	v.hosted = []setting{
		{"DISABLE_WP_CRON", "true"},            // the host's cron runs it
		{"AUTOMATIC_UPDATER_DISABLED", "true"}, // upgrades come with platforms
		{"DISALLOW_FILE_MODS", "true"},         // the platform is read-only
		{"FS_METHOD", phpQuote("direct")},      // uploads are the site's own
		// Copies of a site must not find each other's entries in a cache.
		{"WP_CACHE_KEY_SALT", phpQuote(p.ID + ":" + generation + ":")},
	}
	if p.Quiet {
		v.hosted = append(v.hosted, setting{"WP_HTTP_BLOCK_EXTERNAL", "true"})
	}
	more, err := inherited(p)
	v.hosted = append(v.hosted, more...)
	return v, err
}

// wordpressDriver is for WordPress before 5.9, which does not know that PHP 8.1
// made the database driver throw.
const wordpressDriver = "if (function_exists('mysqli_report')) {\n\tmysqli_report(MYSQLI_REPORT_OFF);\n}\n"

// databaseHost is the server as WordPress reads it from DB_HOST.
func databaseHost(d hosting.Access) string {
	switch {
	case d.Socket != "":
		return "localhost:" + d.Socket
	case d.Port != 0:
		return net.JoinHostPort(d.Host, strconv.Itoa(d.Port))
	}
	return d.Host
}

// config is a whole wp-config.php. The call at its end stands on a line of its
// own, because wp-cli looks for it.
func (w wordpressSite) config(p hosting.Place, v wordpressValues) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<?php\n/*\n * Written by distrobot for generation %d of this site.\n * The next generation has its own: what is changed here is lost.\n */\n", p.Generation)
	b.WriteString(wordpressDriver)
	for _, s := range v.own {
		define(&b, s.name, phpQuote(s.value))
	}
	charset := "utf8mb4"
	if c := p.Database.Charset; c != "" {
		charset = c
	}
	define(&b, "DB_CHARSET", phpQuote(charset))
	define(&b, "DB_COLLATE", "''")
	fmt.Fprintf(&b, "$table_prefix = %s;\n", phpQuote(v.prefix))
	for _, s := range v.hosted {
		define(&b, s.name, s.value)
	}
	if w.dir != "." || w.content != "wp-content" {
		define(&b, "WP_CONTENT_DIR", "__DIR__ . "+phpQuote("/"+w.content))
		define(&b, "WP_CONTENT_URL", "WP_HOME . "+phpQuote("/"+w.content))
	}
	v.surroundings(&b, p)
	fmt.Fprintf(&b, "if (!defined('ABSPATH')) {\n\tdefine('ABSPATH', __DIR__ . %s);\n}\n", phpQuote(w.below()))
	b.WriteString("require_once ABSPATH . 'wp-settings.php';\n")
	return []byte(b.String())
}

// surroundings says what is no constant: that visitors come over TLS, which PHP
// cannot see behind a proxy, that no mail leaves, and one-time links.
func (wordpressValues) surroundings(b *strings.Builder, p hosting.Place) {
	if p.HTTPS {
		b.WriteString("$_SERVER['HTTPS'] = 'on';\n")
	}
	if p.Quiet {
		b.WriteString("if (!function_exists('wp_mail')) {\n\tfunction wp_mail() {\n\t\treturn true; // a rehearsal writes to nobody\n\t}\n}\n")
	}
	b.WriteString(strings.TrimPrefix(wordpressSettings, "<?php\n"))
}

func define(b *strings.Builder, name, value string) {
	fmt.Fprintf(b, "define('%s', %s);\n", name, value)
}

// before puts what we have to say before the wp-config.php of a platform, own.
// Names come by the environment: they are those of Bedrock and of most others.
// Of the constants only those are defined that nothing in all of the platform's
// settings mentions, for Bedrock takes a second definition for an error.
func (v wordpressValues) before(p hosting.Place, own []byte, all string) ([]byte, error) {
	text, isPHP := strings.CutPrefix(string(own), "<?php")
	tokens := phpTokens(own)
	if !isPHP || !readsEnvironment(tokens) {
		return nil, fleet.Errorf(fleet.Refused, "The platform has a wp-config.php with settings of its own, and every site needs others.").
			WithHint("Remove it, let it read DB_NAME and the others from the environment, or make it a template in " + hosting.SpecFile + ".")
	}
	if first := strings.ToLower(tokens[0].text); first == "declare" || first == "namespace" {
		return nil, fleet.Errorf(fleet.Refused, "The platform's wp-config.php begins with %s, so that nothing can be put before it.", first)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<?php\n/* Written by distrobot for generation %d of this site; the platform's own settings follow. */\n", p.Generation)
	b.WriteString(wordpressDriver)
	b.WriteString("foreach (array(\n")
	for _, s := range append(slices.Clone(v.own), setting{"DB_PREFIX", v.prefix}, setting{"DISABLE_WP_CRON", "true"}) {
		fmt.Fprintf(&b, "\t%s => %s,\n", phpQuote(s.name), phpQuote(s.value))
	}
	b.WriteString(`) as $distrobot_name => $distrobot_value) {
	$_ENV[$distrobot_name] = $_SERVER[$distrobot_name] = $distrobot_value;
	putenv("$distrobot_name=$distrobot_value");
}
unset($distrobot_name, $distrobot_value);
`)
	for _, s := range v.hosted {
		if !strings.Contains(all, s.name) {
			define(&b, s.name, s.value)
		}
	}
	v.surroundings(&b, p)
	return []byte(b.String() + strings.TrimLeft(text, " \t")), nil
}

// readsEnvironment tells whether a wp-config.php takes its values from the
// environment, itself or through the files of Bedrock's layout.
func readsEnvironment(tokens []phpToken) bool {
	return slices.ContainsFunc(tokens, func(t phpToken) bool {
		return t.kind == phpWord && (strings.EqualFold(t.text, "getenv") || strings.EqualFold(t.text, "env")) ||
			t.kind == phpVariable && t.text == "$_ENV" ||
			t.kind == phpString && strings.HasSuffix(t.text, "config/application.php")
	})
}

package kind

import (
	"encoding/json"
	"maps"
	"net"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/database"
)

// found reads the wp-config.php of an installed site. It stands in the docroot
// or, as WordPress allows, in the directory above; nothing of it is run.
func (w wordpressSite) found(fleet.URI) (hosting.Existing, error) {
	var e hosting.Existing
	in, err := openTree(w.tree)
	if err != nil {
		return e, err
	}
	defer in.Close()
	at := path.Join(w.docroot, "wp-config.php")
	src := in.file(at, maxPHP)
	if src == nil && w.docroot != "." {
		at = path.Join(w.docroot, "..", "wp-config.php")
		src = in.file(at, maxPHP)
	}
	if src == nil {
		return e, fleet.Errorf(fleet.NotFound, "The site has no wp-config.php.").
			WithHint("If it stands in the directory above, name that directory.")
	}
	e.Files = []string{at}
	plain := readConfig(src)
	c := map[string]string{}
	for name, t := range plain {
		c[name] = t.text
	}
	if err := w.existing(&e, c); err != nil {
		return e, err
	}
	more, err := moreConstants(plain)
	if more != "{}" {
		e.Secrets[wordpressMore] = more
	}
	return e, err
}

// existing fills in what the constants c say of a site, and refuses what cannot
// be taken over.
func (w wordpressSite) existing(e *hosting.Existing, c map[string]string) error {
	for _, name := range []string{"DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "$table_prefix"} {
		if _, ok := c[name]; !ok {
			return fleet.Errorf(fleet.Refused, "The site's wp-config.php does not say %s as a plain text.", name).
				WithHint("Values that are computed, or given more than once, cannot be read without running it.")
		}
	}
	e.Database = hosting.Access{
		Engine: "mysql", Name: c["DB_NAME"], User: c["DB_USER"], Password: database.Secret(c["DB_PASSWORD"]),
		Prefix: c["$table_prefix"], Charset: c["DB_CHARSET"],
	}
	if is := c["MULTISITE"]; is == "1" || strings.EqualFold(is, "true") {
		return fleet.Errorf(fleet.Refused, "The site is a network of sites (MULTISITE), whose settings are more than a site's own.").
			WithHint("Put its wp-config.php into the code base as a template; see " + hosting.SpecFile + ".")
	}
	if err := serverOf(&e.Database, c["DB_HOST"]); err != nil {
		return err
	}
	e.Secrets = map[string]string{}
	for _, key := range wordpressKeys {
		if c[key] != "" && c[key] != "put your unique phrase here" {
			e.Secrets[strings.ToLower(key)] = c[key]
		}
	}
	e.URL = strings.TrimSuffix(c["WP_HOME"], "/")
	if up := c["UPLOADS"]; up != "" && !slices.ContainsFunc(w.tree.Spec.Shared, func(p string) bool { return hosting.Within(path.Join(w.docroot, up), p) }) {
		return fleet.Errorf(fleet.Refused, "The site keeps its uploads in %s.", fleet.Clean(up, 80)).
			WithHint("Say so in a %s beside its code: shared: [%s]", hosting.SpecFile, fleet.Clean(path.Join(w.docroot, up), 80))
	}
	return nil
}

// wordpressMore names, among the secrets of a site that was taken over, what
// else its wp-config.php defined: a map of JSON from names to PHP's literals.
// Licences and passwords of plugins are in it.
const wordpressMore = "wordpress_constants"

// wordpressOurs are constants that are not taken over: a site's own and how it
// is hosted are for us to say, and so is where things are.
var wordpressOurs = regexp.MustCompile(`^(DB_.*|WP_CACHE_KEY_SALT|WP_(HOME|SITEURL|CONTENT_.*|PLUGIN_.*|LANG_DIR|TEMP_DIR|AUTO_UPDATE_CORE|HTTP_BLOCK_EXTERNAL|ALLOW_MULTISITE)|WPMU_PLUGIN_.*|WPCACHEHOME|ABSPATH|FTP_.*|FS_.*|DISABLE_WP_CRON|ALTERNATE_WP_CRON|AUTOMATIC_UPDATER_DISABLED|DISALLOW_FILE_.*|FORCE_SSL_.*|DONOTCACHEPAGE)$`)

// constantName is what PHP calls a constant, as far as anybody uses it.
var constantName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,99}$`)

// moreConstants gathers what a wp-config.php defines besides what we do.
func moreConstants(plain map[string]phpToken) (string, error) {
	more := map[string]string{}
	for name, t := range plain {
		if !constantName.MatchString(name) || slices.Contains(wordpressKeys, name) || wordpressOurs.MatchString(name) {
			continue
		}
		if t.kind == phpString {
			more[name] = phpQuote(t.text)
		} else {
			more[name] = t.text
		}
	}
	text, err := json.Marshal(more)
	return string(text), err
}

// inherited gives the constants that a site brought along when it was taken
// over. Only such a site knows the prefix of its tables.
func inherited(p hosting.Place) ([]setting, error) {
	if p.Database.Prefix == "" {
		return nil, nil
	}
	text, err := p.Secret(wordpressMore)
	var more map[string]string
	if err != nil || json.Unmarshal([]byte(text), &more) != nil {
		return nil, err
	}
	var out []setting
	for _, name := range slices.Sorted(maps.Keys(more)) {
		// It was checked when it was read; what is written is checked again.
		if tokens := phpTokens([]byte("<?php " + more[name])); constantName.MatchString(name) && len(tokens) == 1 {
			out = append(out, setting{name, more[name]})
		}
	}
	return out, nil
}

// serverOf reads DB_HOST as WordPress does: host, host:port, host:/socket, and
// addresses of IPv6 with or without brackets.
func serverOf(a *hosting.Access, host string) error {
	if before, socket, ok := strings.Cut(host, ":/"); ok && !strings.Contains(before, "[") {
		a.Socket = "/" + socket
		return nil
	}
	a.Host = host
	if name, port, err := net.SplitHostPort(host); err == nil && strings.Count(name, ":") != 1 {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return fleet.Errorf(fleet.Refused, "The site's DB_HOST %q is not understood.", fleet.Clean(host, 80))
		}
		a.Host, a.Port = name, int(n)
	}
	a.Host = strings.Trim(a.Host, "[]")
	return nil
}

// readConfig gives the constants and variables that a wp-config.php sets to a
// plain value: define('NAME', 'text'); and $name = 'text';. What it sets to
// different values, or to something that must be computed, is left out.
func readConfig(src []byte) map[string]phpToken {
	tokens := phpTokens(src)
	out, unclear := map[string]phpToken{}, map[string]bool{}
	put := func(name string, value []phpToken, end string) {
		v := value[0]
		plain := (v.kind == phpString && !v.open || v.kind == phpWord && plainWord(v.text)) && punct(value, 1, end)
		if old, ok := out[name]; unclear[name] || !plain || ok && old != v {
			unclear[name] = true
			delete(out, name)
			return
		}
		out[name] = v
	}
	for i := range tokens {
		switch t, rest := tokens[i], tokens[i+1:]; {
		case t.kind == phpVariable && punct(rest, 0, "=") && !punct(rest, 1, "=") && len(rest) > 2:
			put(t.text, rest[1:], ";")
		case t.kind == phpWord && strings.EqualFold(t.text, "define") && punct(rest, 0, "(") && punct(rest, 2, ",") && len(rest) > 4:
			put(rest[1].text, rest[3:], ")")
		}
	}
	return out
}

// plainWord tells a number or truth value from a name.
func plainWord(w string) bool {
	switch strings.ToLower(w) {
	case "true", "false", "null":
		return true
	}
	return digitsOnly(w)
}

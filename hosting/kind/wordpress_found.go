package kind

import (
	"net"
	"path"
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
	c := readConfig(src)
	for _, name := range []string{"DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "$table_prefix"} {
		if _, ok := c[name]; !ok {
			return e, fleet.Errorf(fleet.Refused, "The site's wp-config.php does not say %s as a plain text.", name).
				WithHint("Values that are computed, or given more than once, cannot be read without running it.")
		}
	}
	e.Database = hosting.Access{
		Engine: "mysql", Name: c["DB_NAME"], User: c["DB_USER"], Password: database.Secret(c["DB_PASSWORD"]),
		Prefix: c["$table_prefix"], Charset: c["DB_CHARSET"],
	}
	if c["MULTISITE"] != "" || c["WP_ALLOW_MULTISITE"] == "true" && c["SUBDOMAIN_INSTALL"] != "" {
		return e, fleet.Errorf(fleet.Refused, "The site is a network of sites (MULTISITE), whose settings are more than a site's own.").
			WithHint("Put its wp-config.php into the code base as a template; see " + hosting.SpecFile + ".")
	}
	if err := serverOf(&e.Database, c["DB_HOST"]); err != nil {
		return e, err
	}
	e.Secrets = map[string]string{}
	for _, key := range wordpressKeys {
		if c[key] != "" && c[key] != "put your unique phrase here" {
			e.Secrets[strings.ToLower(key)] = c[key]
		}
	}
	e.URL = strings.TrimSuffix(c["WP_HOME"], "/")
	return e, nil
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
func readConfig(src []byte) map[string]string {
	tokens := phpTokens(src)
	out, unclear := map[string]string{}, map[string]bool{}
	put := func(name string, value []phpToken, end string) {
		v := value[0]
		plain := (v.kind == phpString && !v.open || v.kind == phpWord && plainWord(v.text)) && punct(value, 1, end)
		if old, ok := out[name]; unclear[name] || !plain || ok && old != v.text {
			unclear[name] = true
			delete(out, name)
			return
		}
		out[name] = v.text
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

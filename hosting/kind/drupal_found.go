package kind

import (
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/database"
)

// found reads the settings.php of an installed site, and settings.local.php if
// that one includes it; nothing of them is run. The site of a tree with several
// is the one whose directory the system itself would choose for the address.
func (s siteCode) found(dir string, uri fleet.URI) (hosting.Existing, error) {
	var e hosting.Existing
	in, err := openTree(hosting.Tree{Dir: dir, Spec: s.spec})
	if err != nil {
		return e, err
	}
	defer in.Close()
	site := s.siteDir(in, uri)
	src := in.file(path.Join(s.docroot, site, "settings.php"), maxPHP)
	if src == nil {
		return e, fleet.Errorf(fleet.NotFound, "The site %s has no settings.php in %s.", uri, path.Join(s.docroot, site))
	}
	root := filepath.Join(dir, s.docroot)
	a := assigner{values: map[string]string{}, unclear: map[string]bool{}, names: map[string]string{
		"__DIR__": filepath.Join(root, site), "DRUPAL_ROOT": root, "BACKDROP_ROOT": root, "$app_root": root, "$site_path": site,
	}}
	a.read(src)
	if strings.Contains(string(src), "settings.local.php") {
		a.read(in.file(path.Join(s.docroot, site, "settings.local.php"), maxPHP))
	}
	if e.Database, err = a.access(); err != nil {
		return e, err
	}
	if e.Database.Charset == "" {
		e.Database.Charset = s.formerCharset(&a)
	}
	e.Secrets = map[string]string{}
	for _, name := range []string{"$drupal_hash_salt", "$settings/hash_salt"} {
		salt, ok := a.get(name)
		if !ok {
			return e, notPlain(name)
		}
		if salt != "" {
			e.Secrets[secretSalt] = salt
		}
	}
	e.URL, _ = a.get("$base_url")
	if e.Paths, err = s.foundPaths(&a, site); err != nil {
		return e, err
	}
	for _, name := range []string{"settings.php", "settings.local.php"} {
		if at := path.Join(s.docroot, site, name); in.isFile(at) {
			e.Files = append(e.Files, at)
		}
	}
	// Data that stands in the code is no code either.
	for _, at := range e.Paths {
		if !path.IsAbs(at) {
			e.Files = append(e.Files, at)
		}
	}
	slices.Sort(e.Files)
	return e, nil
}

// formerCharset is that of a connection whose settings do not say it: Drupal 7
// and Backdrop take three bytes a character then, later ones all of them.
func (s siteCode) formerCharset(a *assigner) string {
	if s.floor > 0 {
		return ""
	}
	if v, ok := a.get("$database_charset"); ok && v != "" {
		return v
	}
	return "utf8"
}

// siteDir gives the directory of a site, relative to the docroot: of those that
// have a settings.php, the most specific one for the address, as conf_path() of
// Drupal 7 looks for it. Drupal 8 and Backdrop look only if there is a sites.php.
func (s siteCode) siteDir(in tree, uri fleet.URI) string {
	base := "sites/default"
	if s.legacy {
		base = "."
	}
	if !s.sites && (s.floor > 0 || s.legacy) {
		return base
	}
	a := assigner{values: map[string]string{}, unclear: map[string]bool{}}
	a.read(in.file(path.Join(s.docroot, "sites/sites.php"), maxPHP))
	for _, name := range siteNames(uri) {
		if to, ok := a.get("$sites/" + name); ok && to != "" && in.isDir(path.Join(s.docroot, "sites", to)) {
			name = to
		}
		if in.isFile(path.Join(s.docroot, "sites", name, "settings.php")) {
			return path.Join("sites", name)
		}
	}
	return base
}

// siteNames are the names that the directory of a site may have, the most
// specific first: 8080.www.example.org.sub, www.example.org.sub, example.org.sub, …
func siteNames(uri fleet.URI) []string {
	host, below, _ := strings.Cut(string(uri), "/")
	var labels []string
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		labels = append(labels, host[i+1:])
		host = host[:i]
	}
	labels = append(labels, strings.Split(host, ".")...)
	parts := strings.Split(below, "/")
	if below == "" {
		parts = nil
	}
	var out []string
	for i := len(parts); i >= 0; i-- {
		for j := range labels {
			out = append(out, strings.Join(append(append([]string{}, labels[j:]...), parts[:i]...), "."))
		}
	}
	return out
}

func (t tree) isDir(name string) bool {
	info, err := t.root.Stat(path.Clean(name))
	return err == nil && info.IsDir()
}

// notPlain says what stands in the way of reading settings.
func notPlain(name string) error {
	name, rest, _ := strings.Cut(name, "/")
	if rest != "" {
		name += "['" + strings.ReplaceAll(rest, "/", "']['") + "']"
	}
	return fleet.Errorf(fleet.Refused, "The site's settings.php does not say %s as a plain text.", name).
		WithHint("Values that are computed, or depend on a condition, cannot be read without running it; put a plain assignment at its end.")
}

// access reads the database's settings, those in one address as well.
func (a *assigner) access() (hosting.Access, error) {
	d := hosting.Access{}
	const base = "$databases/default/default/"
	if address, ok := a.get("$database"); ok && strings.Contains(address, "://") && a.values[base+"driver"] == "" {
		return accessOf(address, a.values["$database_prefix"])
	}
	get := map[string]string{}
	for _, key := range []string{"driver", "database", "username", "password", "host", "port", "unix_socket", "prefix", "prefix/default", "charset"} {
		v, ok := a.get(base + key)
		if !ok {
			return d, notPlain(base + key)
		}
		get[key] = v
	}
	d = hosting.Access{
		Engine: get["driver"], Name: get["database"], User: get["username"], Password: database.Secret(get["password"]),
		Host: get["host"], Socket: get["unix_socket"], Prefix: get["prefix"] + get["prefix/default"], Charset: get["charset"],
	}
	if d.Engine != "mysql" && d.Engine != "sqlite" {
		return d, fleet.Errorf(fleet.Refused, "The site's database is of type %q; MySQL, MariaDB and SQLite can be taken over.", fleet.Clean(d.Engine, 40))
	}
	if get["port"] != "" {
		n, err := strconv.ParseUint(get["port"], 10, 16)
		if err != nil {
			return d, notPlain(base + "port")
		}
		d.Port = int(n)
	}
	if d.Name == "" || !drupalPrefix.MatchString(d.Prefix) {
		return d, notPlain(base + "database")
	}
	return d, nil
}

// accessOf reads mysql://user:password@host:port/name, as Backdrop does.
func accessOf(address, prefix string) (hosting.Access, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "mysql" || len(u.Path) < 2 || u.User == nil {
		return hosting.Access{}, notPlain("$database")
	}
	d := hosting.Access{Engine: "mysql", Name: u.Path[1:], User: u.User.Username(), Host: u.Hostname(), Prefix: prefix}
	password, _ := u.User.Password()
	d.Password = database.Secret(password)
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return d, notPlain("$database")
		}
		d.Port = int(n)
	}
	return d, nil
}

// foundPaths says where a site has its data now.
func (s siteCode) foundPaths(a *assigner, site string) (map[string]string, error) {
	out := map[string]string{}
	put := func(ours, fallback string, names ...string) error {
		at := fallback
		for _, name := range names {
			v, ok := a.get(name)
			if !ok {
				return notPlain(name)
			}
			if v != "" {
				at = v
			}
		}
		if at != "" && !path.IsAbs(at) {
			at = path.Join(s.docroot, at)
		}
		if at = path.Clean(at); at != "." && at != ours {
			out[ours] = at
		}
		return nil
	}
	if err := put(s.uploads, path.Join(site, "files"), "$conf/file_public_path", "$settings/file_public_path", "$config/system.core/file_public_path"); err != nil {
		return nil, err
	}
	if err := put(privateDir+"/files", "", "$conf/file_private_path", "$settings/file_private_path", "$config/system.core/file_private_path"); err != nil {
		return nil, err
	}
	if !s.legacy {
		return out, nil
	}
	dirs := map[string]string{}
	for _, name := range []string{"active", "staging"} {
		v, ok := a.get("$config_directories/" + name)
		if !ok || v == "" {
			return nil, notPlain("$config_directories/" + name)
		}
		if !path.IsAbs(v) {
			v = path.Join(s.docroot, site, v)
		}
		dirs[name] = path.Clean(v)
	}
	dir := path.Dir(dirs["active"])
	if dirs["active"] != path.Join(dir, "active") || dirs["staging"] != path.Join(dir, "staging") {
		return nil, fleet.Errorf(fleet.Refused, "The site's configuration is not in directories named active and staging beside each other.")
	}
	out[configDir] = dir
	return out, nil
}

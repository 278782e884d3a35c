package kind

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// maxBlogs bounds how many sites of a network are read.
const maxBlogs = 2000

// A wordpressDatabase is read without WordPress.
type wordpressDatabase struct {
	ctx context.Context
	hosting.Query
}

// inspect tells the version of the database, and the themes and plugins in use,
// by the names that Read gives them. In a network they are those of all its
// sites, and the version is the highest: that is what a downgrade fails on.
func (q wordpressDatabase) inspect(access *hosting.Access) (fleet.SiteSchema, error) {
	var s fleet.SiteSchema
	if access == nil || q.Query == nil {
		return s, fleet.Errorf(fleet.NotFound, "The site has no database.")
	}
	tables, err := q.tables()
	if err != nil {
		return s, err
	}
	prefix, err := tablePrefix(tables, access.Prefix)
	if err != nil {
		return s, err
	}
	for _, options := range optionTables(tables, prefix) {
		if err := q.options(&s, options); err != nil {
			return s, err
		}
	}
	if s.Number == 0 {
		return s, fleet.Errorf(fleet.NotFound, "The table %soptions does not say which version the database has.", prefix)
	}
	if slices.Contains(tables, prefix+"sitemeta") {
		rows, err := q.Rows(q.ctx, "SELECT meta_value FROM `"+prefix+"sitemeta` WHERE meta_key = 'active_sitewide_plugins'")
		if err != nil {
			return s, err
		}
		for _, row := range rows {
			plugins(&s, row[0], true)
		}
	}
	slices.Sort(s.Enabled)
	s.Enabled = slices.Compact(s.Enabled)
	return s, nil
}

func (q wordpressDatabase) tables() ([]string, error) {
	// Only names that can be written between backquotes as they are.
	rows, err := q.Rows(q.ctx, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND (TABLE_NAME LIKE '%options' OR TABLE_NAME LIKE '%posts' OR TABLE_NAME LIKE '%sitemeta')")
	var out []string
	for _, row := range rows {
		if wordpressPrefixes.MatchString(row[0]) {
			out = append(out, row[0])
		}
	}
	return out, err
}

// tablePrefix gives what the names of the site's tables begin with: what is
// known, else WordPress's default, else the only one that fits.
func tablePrefix(tables []string, known string) (string, error) {
	var found []string
	for _, t := range tables {
		if p, ok := strings.CutSuffix(t, "options"); ok && slices.Contains(tables, p+"posts") {
			found = append(found, p)
		}
	}
	for _, p := range []string{known, wordpressPrefix} {
		if p != "" && (slices.Contains(found, p) || p == known) {
			return p, nil
		}
	}
	// A network's sites have its prefix and a number.
	slices.SortFunc(found, func(a, b string) int { return len(a) - len(b) })
	for i, p := range found {
		if i > 0 && !blogPrefix(p, found[0]) {
			return "", fleet.Errorf(fleet.Refused, "The database holds more than one WordPress: its tables begin with %s and %s.", found[0], p)
		}
	}
	if len(found) == 0 {
		return "", fleet.Errorf(fleet.NotFound, "The database holds no tables of WordPress.")
	}
	return found[0], nil
}

var blogNumber = regexp.MustCompile(`^[0-9]{1,9}_$`)

func blogPrefix(p, network string) bool {
	number, ok := strings.CutPrefix(p, network)
	return ok && blogNumber.MatchString(number)
}

// optionTables gives the options of the site, and of the other sites of its
// network.
func optionTables(tables []string, prefix string) []string {
	out := []string{prefix + "options"}
	for _, t := range tables {
		p, ok := strings.CutSuffix(t, "options")
		if ok && blogPrefix(p, prefix) && slices.Contains(tables, p+"posts") && len(out) < maxBlogs {
			out = append(out, t)
		}
	}
	return out
}

// options reads what one table of options says.
func (q wordpressDatabase) options(s *fleet.SiteSchema, table string) error {
	rows, err := q.Rows(q.ctx, "SELECT option_name, option_value FROM `"+table+"` WHERE option_name IN ('db_version', 'stylesheet', 'template', 'active_plugins')")
	for _, row := range rows {
		switch name, value := row[0], row[1]; name {
		case "db_version":
			if n, err := strconv.ParseInt(value, 10, 64); err == nil {
				s.Number = max(s.Number, n)
			}
		case "stylesheet", "template":
			if value = fleet.Clean(value, maxName); value != "" {
				s.Enabled = append(s.Enabled, value)
			}
		case "active_plugins":
			plugins(s, value, false)
		}
	}
	return err
}

// plugins adds what a list of plugins names by their main files: "shop/shop.php"
// is shop, "hello.php" is hello. Those of a whole network are keys.
func plugins(s *fleet.SiteSchema, serialized string, keys bool) {
	list, err := unserialize(serialized)
	if err != nil {
		return // WordPress takes it for an empty list, too
	}
	files := textsIn(list)
	if pairs, ok := list.([]phpPair); ok && keys {
		files = nil
		for _, p := range pairs {
			files = append(files, p.Key)
		}
	}
	for _, file := range files {
		name, _, inDir := strings.Cut(file, "/")
		if !inDir {
			name = strings.TrimSuffix(file, ".php")
		}
		if name = fleet.Clean(name, maxName); name != "" && len(s.Enabled) < maxPackages {
			s.Enabled = append(s.Enabled, name)
		}
	}
}

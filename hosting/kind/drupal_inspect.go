package kind

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// drupalPrefix is what Drupal and Backdrop allow; it is checked because a name of
// a table cannot be a parameter of a query.
var drupalPrefix = regexp.MustCompile(`^[A-Za-z0-9_]{0,60}$`)

// table gives the name of a table of a site.
func table(p hosting.Place, name string) (string, error) {
	prefix := ""
	if p.Database != nil {
		prefix = p.Database.Prefix
	}
	if !drupalPrefix.MatchString(prefix) {
		return "", fleet.Errorf(fleet.Refused, "The table prefix of %s is not one that can be used here.", p.URI)
	}
	return prefix + name, nil
}

// inspectSystem reads the table system of Drupal 7 and Backdrop. A module that
// is disabled but not uninstalled keeps its schema, and its updates run too, if
// the code has it; only what is enabled is in use.
func inspectSystem(ctx context.Context, q hosting.Query, p hosting.Place) (fleet.SiteSchema, error) {
	s := fleet.SiteSchema{Installed: map[string]int{}}
	system, err := table(p, "system")
	if err != nil {
		return s, err
	}
	rows, err := q.Rows(ctx, "SELECT name, type, status, schema_version FROM "+system+" WHERE status = 1 OR schema_version >= 0")
	if err != nil {
		return s, err
	}
	for _, row := range rows {
		name, kind := row[0], row[1]
		if row[2] == "1" {
			s.Enabled = append(s.Enabled, name)
		}
		if n, err := strconv.Atoi(row[3]); kind == "module" && err == nil && n >= 0 {
			s.Installed[name] = n
		}
	}
	slices.Sort(s.Enabled)
	s.Enabled = slices.Compact(s.Enabled)
	return s, nil
}

// inspectDrupal8 reads what Drupal 8 and later keeps: the schema of each module
// and the list of post updates in key_value, what is enabled in the active
// configuration.
func inspectDrupal8(ctx context.Context, q hosting.Query, p hosting.Place) (fleet.SiteSchema, error) {
	s := fleet.SiteSchema{Installed: map[string]int{}, PostUpdates: true}
	values, err := table(p, "key_value")
	if err != nil {
		return s, err
	}
	config, _ := table(p, "config") // its prefix was checked above
	rows, err := q.Rows(ctx, "SELECT name, value FROM "+values+" WHERE collection = 'system.schema'")
	if err != nil {
		return s, err
	}
	for _, row := range rows {
		v, err := unserialize(row[1])
		if err != nil {
			return s, fmt.Errorf("schema of %s: %w", fleet.Clean(row[0], maxName), err)
		}
		if n, ok := intOf(v); ok && n >= 0 {
			s.Installed[row[0]] = int(n)
		}
	}
	if s.Ran, err = postUpdates(ctx, q, values); err != nil {
		return s, err
	}
	rows, err = q.Rows(ctx, "SELECT data FROM "+config+" WHERE collection = '' AND name = 'core.extension'")
	if err != nil || len(rows) == 0 {
		return s, err
	}
	v, err := unserialize(rows[0][0])
	if err != nil {
		return s, fmt.Errorf("core.extension: %w", err)
	}
	for _, kind := range []string{"module", "theme"} {
		list, _ := inArray(v, kind).([]phpPair)
		for _, e := range list {
			s.Enabled = append(s.Enabled, e.Key)
		}
	}
	slices.Sort(s.Enabled)
	s.Enabled = slices.Compact(s.Enabled)
	return s, nil
}

// postUpdates reads the post updates that ran.
func postUpdates(ctx context.Context, q hosting.Query, values string) ([]string, error) {
	rows, err := q.Rows(ctx, "SELECT value FROM "+values+" WHERE collection = 'post_update' AND name = 'existing_updates'")
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	v, err := unserialize(rows[0][0])
	if err != nil {
		return nil, fmt.Errorf("list of post updates: %w", err)
	}
	return textsIn(v), nil
}

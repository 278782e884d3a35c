package database_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/internal/database"
)

// createAndQuery is the part of the suite about new databases and their content.
func createAndQuery(t *testing.T, c engineCase) {
	ctx, name := t.Context(), c.name("new1")
	drop(t, c.engine, name)
	for range 2 { // the second is a repetition after an interruption
		if err := c.engine.Create(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	if size, err := c.engine.Size(ctx, name); err != nil || size != 0 {
		t.Errorf("a new database has %d bytes, %v", size, err)
	}
	c.write(t, name, "CREATE TABLE option (name VARCHAR(30), value TEXT)")
	c.write(t, name, "INSERT INTO option VALUES ('db_version', '58975'), ('none', NULL), ('smile', '\U0001F600')")
	if err := c.engine.Create(ctx, name); !errors.Is(err, database.ErrExists) {
		t.Errorf("create over one with tables: %v, want ErrExists", err)
	}
	if err := c.engine.Create(ctx, c.foreign); !errors.Is(err, database.ErrNotOurs) {
		t.Errorf("create a foreign one: %v, want ErrNotOurs", err)
	}
	got, err := c.engine.Query(ctx, name, "SELECT name, value, 1+1 FROM option WHERE name <> ? ORDER BY name", "other")
	want := [][]string{{"db_version", "58975", "2"}, {"none", "", "2"}, {"smile", "\U0001F600", "2"}}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("read %v, %v", got, err)
	}
	for _, text := range []string{"INSERT INTO option VALUES ('x', 'x')", "DROP TABLE option", "CREATE TABLE y (i INT)", "SELECT * FROM nothing"} {
		if _, err := c.engine.Query(ctx, name, text); err == nil {
			t.Errorf("%s was run", text)
		}
	}
	if _, err := c.engine.Query(ctx, c.name("none"), "SELECT 1"); !errors.Is(err, database.ErrMissing) {
		t.Errorf("query of nothing: %v, want ErrMissing", err)
	}
	for _, text := range []string{
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 150) SELECT a.i FROM n AS a, n AS b",
		"SELECT '" + strings.Repeat("x", 9<<20) + "'",
	} {
		if _, err := c.engine.Query(ctx, name, text); !errors.Is(err, database.ErrTooMuch) {
			t.Errorf("%.60s: %.100v, want ErrTooMuch", text, err)
		}
	}
	listed(t, c, name)
}

// listed checks that exactly name is found among the databases of ours.
func listed(t *testing.T, c engineCase, name string) {
	t.Helper()
	for prefix, want := range map[string][]string{c.name("new1"): {name}, c.name("new"): {name}, c.name("newer"): nil} {
		prefix = strings.TrimSuffix(prefix, ".db")
		if got, err := c.engine.Databases(t.Context(), prefix); err != nil || !slices.Equal(got, want) {
			t.Errorf("databases %s*: %v, %v; want %v", prefix, got, err, want)
		}
	}
	if _, err := c.engine.Databases(t.Context(), c.foreign); !errors.Is(err, database.ErrNotOurs) {
		t.Errorf("databases of others: %v, want ErrNotOurs", err)
	}
}

func TestQueryRefusesViews(t *testing.T) {
	s := mariadb(t)
	s.source(t, "viewed", "CREATE TABLE t (i INT)", "CREATE SQL SECURITY INVOKER VIEW wp_options AS SELECT User FROM mysql.user")
	for _, text := range []string{"SELECT * FROM wp_options", "SELECT * FROM `wp_options`", "SELECT * FROM viewed.wp_options"} {
		if rows, err := s.engine.Query(t.Context(), "viewed", text); err == nil || !strings.Contains(err.Error(), "is a view") {
			t.Errorf("%s: %v, %v", text, rows, err)
		}
	}
}

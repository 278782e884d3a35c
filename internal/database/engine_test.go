package database_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/database"
)

// An engineCase is one engine with a source of two tables, main (3 rows) and
// cache_x (2 rows).
type engineCase struct {
	engine interface {
		database.Engine
		database.Sweeper
	}
	source  string
	name    func(string) string // a name of ours
	foreign string              // one that is not
	write   func(t *testing.T, database, statement string)
}

func engines(t *testing.T) map[string]func(t *testing.T) engineCase {
	tables := []string{"CREATE TABLE main (id INTEGER PRIMARY KEY, t TEXT)", "INSERT INTO main VALUES (1,'a'),(2,NULL),(3,'c')",
		"CREATE TABLE cache_x (id INTEGER)", "INSERT INTO cache_x VALUES (1),(2)"}
	return map[string]func(t *testing.T) engineCase{
		"mysql": func(t *testing.T) engineCase {
			s := mariadb(t)
			s.source(t, "suite", tables...)
			return engineCase{s.engine, "suite", func(n string) string { return "bot_" + n }, "suite",
				func(t *testing.T, db, q string) { s.in(t, db, q) }}
		},
		"sqlite": func(t *testing.T) engineCase {
			dir := t.TempDir()
			write := func(t *testing.T, path, q string) {
				t.Helper()
				db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
				if err == nil {
					_, err = db.Exec(q)
				}
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = db.Close() }) // open: the log stays beside the file
			}
			from := filepath.Join(t.TempDir(), "it's odd?#%.sqlite")
			for _, q := range append([]string{"PRAGMA journal_mode=WAL"}, tables...) {
				write(t, from, q)
			}
			return engineCase{database.SQLite{Dir: dir}, from, func(n string) string { return filepath.Join(dir, n+".db") }, from, write}
		},
	}
}

func TestEngines(t *testing.T) {
	for name, open := range engines(t) {
		t.Run(name, func(t *testing.T) { cloneAndMark(t, open(t)) })
		t.Run(name+"/create", func(t *testing.T) { createAndQuery(t, open(t)) })
		t.Run(name+"/archive", func(t *testing.T) { archive(t, open(t)) })
	}
}

func cloneAndMark(t *testing.T, c engineCase) {
	ctx, to := t.Context(), c.name("copy")
	drop(t, c.engine, to)
	report, err := c.engine.Clone(ctx, c.source, to, database.Options{SkipRows: []string{"cache_*"}})
	if err != nil || report.Tables != 2 || report.Rows != 3 || report.Verified != database.ByChecksum {
		t.Fatalf("report %+v, %v", report, err)
	}
	if _, err := c.engine.Clone(ctx, c.source, to, database.Options{}); !errors.Is(err, database.ErrExists) {
		t.Errorf("clone over a complete one: %v, want ErrExists", err)
	}
	if _, err := c.engine.Clone(ctx, c.name("none"), c.name("x"), database.Options{}); !errors.Is(err, database.ErrMissing) {
		t.Errorf("clone of nothing: %v, want ErrMissing", err)
	}
	if err := c.engine.Drop(ctx, c.foreign); !errors.Is(err, database.ErrNotOurs) {
		t.Errorf("drop of a foreign one: %v, want ErrNotOurs", err)
	}
	baseline, err := c.engine.Mark(ctx, to, []string{"cache_*"})
	if err != nil {
		t.Fatal(err)
	}
	for statement, want := range map[string][]string{"INSERT INTO cache_x VALUES (9)": nil, "UPDATE main SET t = 'z' WHERE id = 2": {"main"}} {
		c.write(t, to, statement)
		now, err := c.engine.Mark(ctx, to, []string{"cache_*"})
		if err != nil {
			t.Fatal(err)
		}
		if got := baseline.Changed(now); !slices.Equal(got, want) {
			t.Errorf("after %s: %v changed, want %v", statement, got, want)
		}
		baseline = now
	}
	if swept, err := c.engine.Sweep(ctx); err != nil || len(swept) > 0 {
		t.Errorf("Sweep took %v (%v)", swept, err)
	}
}

func archive(t *testing.T, c engineCase) {
	ctx, file := t.Context(), filepath.Join(t.TempDir(), "a.zst")
	if _, err := c.engine.Dump(ctx, c.source, file, database.Options{}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("archive %v, %v", info, err)
	}
	report, err := database.VerifyArchive(ctx, c.engine, file, c.name("scratch"))
	if err != nil || report.Rows != 5 {
		t.Errorf("report %+v, %v", report, err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{"cut": whole[:len(whole)-9], "altered": append(slices.Clone(whole[:len(whole)-9]), []byte("123456789")...), "empty": nil} {
		if err := os.WriteFile(file, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := database.VerifyArchive(ctx, c.engine, file, c.name("scratch")); err == nil {
			t.Errorf("an archive that is %s was found good", name)
		}
		if _, err := c.engine.Size(ctx, c.name("scratch")); !errors.Is(err, database.ErrMissing) {
			t.Errorf("after an archive that is %s: %v, want ErrMissing", name, err)
		}
	}
}

func TestUsersReachTheirOwnDatabaseOnly(t *testing.T) {
	s := mariadb(t)
	s.exec(t, "CREATE DATABASE bot_a1; CREATE DATABASE botxa1")
	t.Cleanup(func() {
		s.exec(t, "DROP DATABASE bot_a1; DROP DATABASE botxa1; DROP USER IF EXISTS bot_user@localhost")
	})
	secret, err := s.engine.CreateUser(t.Context(), "bot_user")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.engine.GrantOnly(t.Context(), "bot_user", "bot_a1"); err != nil {
		t.Fatal(err)
	}
	db := s.open("bot_user", string(secret))
	defer db.Close()
	for name, want := range map[string]bool{"bot_a1": true, "botxa1": false, "mysql": false} {
		if _, err := db.Exec("CREATE TABLE " + name + ".t (i INT)"); (err == nil) != want {
			t.Errorf("table in %s: %v", name, err)
		}
	}
	shown := fmt.Sprintf("%v %+v %#v %s", secret, secret, secret, database.Server{Password: secret})
	if strings.Contains(shown, string(secret)) {
		t.Error("the password shows itself")
	}
	if err := s.engine.DropUser(t.Context(), "root"); !errors.Is(err, database.ErrNotOurs) {
		t.Errorf("drop root: %v", err)
	}
	if err := s.engine.DropUser(t.Context(), "bot_user"); err != nil {
		t.Error(err)
	}
}

package database_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/distrobot/distrobot/internal/database"
)

// A database with an index in an order that SQLite itself does not know is
// copied, checked and read.
func TestSQLiteCollation(t *testing.T) {
	dir := t.TempDir()
	s := database.SQLite{Dir: dir}
	from, to := filepath.Join(dir, "a.sqlite"), filepath.Join(dir, "b.sqlite")
	if err := s.Create(t.Context(), from); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Query(t.Context(), from, "SELECT 1"); err != nil {
		t.Fatal(err) // from here on the driver knows the order
	}
	db, err := sql.Open("sqlite", from)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `CREATE TABLE users (name TEXT COLLATE NOCASE_UTF8 NOT NULL UNIQUE);
		INSERT INTO users VALUES ('Ada'), ('Übel'), ('zeta'), ('İzmir')`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO users VALUES ('ÜBEL')"); err == nil {
		t.Error("ÜBEL is not übel")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Clone(t.Context(), from, to, database.Options{}); err != nil {
		t.Fatal(err)
	}
	rows, err := s.Query(t.Context(), to, "SELECT name FROM users WHERE name = 'aDA'")
	if err != nil || len(rows) != 1 || rows[0][0] != "Ada" {
		t.Errorf("%v %v", rows, err)
	}
}

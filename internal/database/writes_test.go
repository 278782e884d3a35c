package database_test

import (
	"database/sql"
	"encoding/json"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/internal/database"
)

// counting is a database of which each table is written in its own way.
var counting = []string{
	"CREATE TABLE node (id INT PRIMARY KEY AUTO_INCREMENT, t TEXT) ENGINE=InnoDB",
	"INSERT INTO node (t) VALUES ('a'), ('b'), ('c')",
	"CREATE TABLE parent (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO parent VALUES (1), (2)",
	"CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE) ENGINE=InnoDB",
	"INSERT INTO child VALUES (1, 1), (2, 1), (3, 2)",
	"CREATE TABLE isam (id INT PRIMARY KEY) ENGINE=MyISAM", "INSERT INTO isam VALUES (1), (2)",
	"CREATE TABLE aria (id INT PRIMARY KEY) ENGINE=Aria", "INSERT INTO aria VALUES (1), (2)",
	"CREATE TABLE `odd na.me/x` (id INT) ENGINE=InnoDB", "INSERT INTO `odd na.me/x` VALUES (1)",
	"CREATE TABLE part (id INT) ENGINE=InnoDB PARTITION BY HASH (id) PARTITIONS 3", "INSERT INTO part VALUES (1), (2), (3)",
	"CREATE TABLE cache_x (id INT) ENGINE=InnoDB",
}

// aWhile is enough for the times of tables, which have seconds, to differ. Commits
// are dated by a clock that is some milliseconds late.
func (s *server) aWhile(t *testing.T) {
	t.Helper()
	const passed = "SELECT UNIX_TIMESTAMP(SYSDATE(6)) > ? + 1.05"
	for first := s.one(t, "SELECT UNIX_TIMESTAMP()"); s.one(t, passed, first) == "0"; {
		time.Sleep(20 * time.Millisecond)
	}
}

func TestWritesAreCounted(t *testing.T) {
	s := mariadb(t)
	const name = "it's-counted"
	s.source(t, name, counting...)
	tests := []struct {
		statement string
		times     bool // only times show it, which have seconds
		want      map[string]int64
	}{
		{"SELECT COUNT(*) FROM node", false, nil},
		{"INSERT INTO cache_x VALUES (1), (2)", false, nil},
		{"INSERT INTO node (t) VALUES ('d'), ('e')", false, map[string]int64{"node": 2}},
		{"UPDATE node SET t = 'z' WHERE id < 3", false, map[string]int64{"node": 2}},
		{"UPDATE node SET t = 'z' WHERE id < 3", false, nil}, // nothing differs
		{"DELETE FROM parent WHERE id = 1", true, map[string]int64{"parent": 1, "child": database.Uncounted}},
		{"TRUNCATE node", false, map[string]int64{"node": database.Uncounted}},
		{"TRUNCATE `odd na.me/x`", false, map[string]int64{"odd na.me/x": database.Uncounted}},
		{"ALTER TABLE part TRUNCATE PARTITION p1", false, map[string]int64{"part": database.Uncounted}},
		{"ALTER TABLE child ADD note TEXT", true, map[string]int64{"child": database.Uncounted}},
		{"DELETE FROM isam", false, map[string]int64{"isam": database.Uncounted}},
		{"DELETE FROM aria", false, map[string]int64{"aria": database.Uncounted}},
		{"INSERT INTO aria VALUES (7)", false, map[string]int64{"aria": 1}},
		{"FLUSH TABLES", false, nil}, // brings Aria's pages to their file
		{"CREATE TABLE fresh (id INT)", false, map[string]int64{"fresh": database.Uncounted}},
		{"DROP TABLE fresh", false, map[string]int64{"fresh": database.Uncounted}},
	}
	before := s.counts(t, name)
	if before.By != database.Userstat {
		t.Fatalf("counted by %q", before.By)
	}
	for _, tt := range tests {
		if tt.times {
			s.aWhile(t)
		}
		s.in(t, name, "SET foreign_key_checks = 1", tt.statement)
		now := s.counts(t, name)
		if got, known := before.Since(now); !known || !maps.Equal(got, tt.want) {
			t.Errorf("%s: got %v, %v; want %v", tt.statement, got, known, tt.want)
		}
		before = now
	}
}

func (s *server) counts(t *testing.T, name string) database.Counts {
	t.Helper()
	c, err := s.engine.Writes(t.Context(), name, []string{"cache_*"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A site's connection may stay open for hours; what it writes must be seen at
// once, whatever it does around its statements.
func TestWritesOfOpenConnectionsAreCounted(t *testing.T) {
	s := mariadb(t)
	s.source(t, "open", counting...)
	conn, err := s.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	do := func(text string) {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	do("USE open")
	tests := []struct {
		name       string
		statements []string
		want       map[string]int64
	}{
		{"before the commit", []string{"BEGIN", "INSERT INTO node (t) VALUES (1), (2)"}, map[string]int64{"node": 2}},
		{"rolled back", []string{"ROLLBACK"}, nil},
		{"prepared", []string{"PREPARE p FROM 'INSERT INTO isam VALUES (?)'", "SET @x = 9", "EXECUTE p USING @x"}, map[string]int64{"isam": 1}},
		{"under a lock", []string{"LOCK TABLES node WRITE", "INSERT INTO node (t) VALUES (3)"}, map[string]int64{"node": database.Uncounted}},
		{"unlocked", []string{"UNLOCK TABLES"}, map[string]int64{"node": 1}},
	}
	before := s.counts(t, "open")
	for _, tt := range tests {
		if tt.name == "under a lock" { // which only times show
			s.aWhile(t)
		}
		for _, text := range tt.statements {
			do(text)
		}
		now := s.counts(t, "open")
		if got, known := before.Since(now); !known || !maps.Equal(got, tt.want) {
			t.Errorf("%s: got %v, %v; want %v", tt.name, got, known, tt.want)
		}
		before = now
	}
}

func TestWritesCannotBeTold(t *testing.T) {
	s := ownServer(t)
	s.source(t, "told", counting...)
	first := s.counts(t, "told")
	if !first.Fresh {
		t.Error("the first value does not say that nothing was counted before")
	}
	var kept database.Counts // as it is between two steps of a task
	if text, err := json.Marshal(first); err != nil || json.Unmarshal(text, &kept) != nil || !cmp.Equal(kept, first) {
		t.Errorf("%s, %v, is not what was written", text, err)
	}
	second := s.counts(t, "told")
	if got, known := first.Since(second); !known || len(got) > 0 {
		t.Errorf("nothing was written: %v, %v", got, known)
	}
	if _, known := second.Since(first); known {
		t.Error("a value that begins to count is compared with what was before")
	}
	s.in(t, "told", "INSERT INTO node (t) VALUES ('x')")
	third := s.counts(t, "told")
	s.exec(t, "FLUSH TABLE_STATISTICS")
	if _, known := third.Since(s.counts(t, "told")); known {
		t.Error("counters that were reset are compared")
	}
	s.exec(t, "SET GLOBAL userstat = 0")
	if _, known := second.Since(s.counts(t, "told")); known {
		t.Error("counters that were off meanwhile are compared")
	}
	s.kill()
	s.args = []string{"--userstat=1"}
	s.start(t)
	now := s.counts(t, "told")
	if _, known := second.Since(now); known || now.Fresh {
		t.Errorf("counters of another run of the server are compared (%+v)", now)
	}
}

// Without the right to switch statistics on there is the performance schema, and
// without that every row is read.
func TestWritesByOtherMeans(t *testing.T) {
	s := ownServer(t, "--performance-schema=1", "--performance-schema-instrument=wait/io/table/sql/handler=ON")
	s.source(t, "bot_means", counting...)
	s.exec(t, "CREATE USER low@localhost IDENTIFIED BY 'x'; GRANT ALL ON `bot\\_%`.* TO low@localhost")
	low := func() *database.MySQL {
		e, err := database.OpenMySQL(database.Server{Socket: s.socket(), User: "low", Password: "x", Prefix: "bot_"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close() })
		return e
	}()
	open := s.open("low", "x")
	t.Cleanup(func() { _ = open.Close() })
	for _, tt := range []struct{ grant, by string }{
		{"SELECT 1", database.Checksums},
		{"GRANT PROCESS ON *.* TO low@localhost; GRANT SELECT ON performance_schema.* TO low@localhost", database.PerformanceSchema},
	} {
		s.exec(t, tt.grant)
		before, err := low.Writes(t.Context(), "bot_means", nil)
		if err != nil || before.By != tt.by {
			t.Fatalf("by %q, %v; want %q", before.By, err, tt.by)
		}
		conn := hold(t, open, "INSERT INTO bot_means.node (t) VALUES ('x'), ('y')")
		after, err := low.Writes(t.Context(), "bot_means", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, known := before.Since(after); !known || !maps.Equal(got, map[string]int64{"node": 2}) {
			t.Errorf("%s: %v, %v", tt.by, got, known)
		}
		_ = conn.Close()
	}
}

// What we do ourselves with a live database must not look like visitors' writes.
func TestReadingIsNotWriting(t *testing.T) {
	s := mariadb(t)
	s.source(t, "read_only", counting...)
	drop(t, s.engine, "bot_read_only")
	before := s.counts(t, "read_only")
	s.aWhile(t)
	if _, err := s.engine.Clone(t.Context(), "read_only", "bot_read_only", database.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.engine.Dump(t.Context(), "read_only", filepath.Join(t.TempDir(), "a.zst"), database.Options{Hot: true}); err != nil {
		t.Fatal(err)
	}
	mark(t, s.engine, "read_only")
	if got, known := before.Since(s.counts(t, "read_only")); !known || len(got) > 0 {
		t.Errorf("reading counts as writing: %v, %v", got, known)
	}
}

// hold runs a statement on a connection that stays open.
func hold(t *testing.T, db *sql.DB, text string) *sql.Conn {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err == nil {
		_, err = conn.ExecContext(t.Context(), text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

package database_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/internal/database"
)

// zoo has one of everything that a clone might lose.
var zoo = []string{
	"ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_swedish_ci",
	"CREATE TABLE author (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(190) CHARACTER SET utf8mb4, KEY name (name)) ENGINE=InnoDB AUTO_INCREMENT=4711",
	"INSERT INTO author (id, name) VALUES (0, 'zero'), (3, '\U0001F600 smile'), (4, NULL)",
	"CREATE TABLE book (id INT NOT NULL PRIMARY KEY, author INT UNSIGNED NOT NULL, title VARCHAR(50) CHARACTER SET latin1 COLLATE latin1_german1_ci, " +
		"FULLTEXT KEY ft (title), CONSTRAINT fk_author FOREIGN KEY (author) REFERENCES author (id) ON DELETE CASCADE) ENGINE=InnoDB",
	"INSERT INTO book VALUES (1, 3, 'Stra\u00dfe'), (2, 4, 'plain')",
	"CREATE TABLE chain_a (id INT PRIMARY KEY, b INT, CONSTRAINT ca FOREIGN KEY (b) REFERENCES chain_b (id)) ENGINE=InnoDB",
	"CREATE TABLE chain_b (id INT PRIMARY KEY, a INT, CONSTRAINT cb FOREIGN KEY (a) REFERENCES chain_a (id)) ENGINE=InnoDB",
	"INSERT INTO chain_a VALUES (1, 1)", "INSERT INTO chain_b VALUES (1, 1)",
	"CREATE TABLE nokey (a INT, b TEXT)", "INSERT INTO nokey VALUES (1,'x'),(1,'x'),(NULL,NULL)",
	"CREATE TABLE nothing (a INT)",
	"CREATE TABLE `select` (`from` INT, `we``ird na.me, (` INT COMMENT 'it''s, (odd)', KEY `where` (`from`))", "INSERT INTO `select` VALUES (1, 2)",
	"CREATE TABLE gen (a INT, v INT AS (a+1) VIRTUAL, s INT AS (a*2) STORED, KEY v (v), secret INT INVISIBLE DEFAULT 9)", "INSERT INTO gen (a, secret) VALUES (1, 5), (2, 6)",
	"CREATE TABLE part (id INT NOT NULL, d DATE NOT NULL, PRIMARY KEY (id, d)) PARTITION BY RANGE (YEAR(d)) (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE)",
	"INSERT INTO part VALUES (1, '2019-01-01'), (2, '2024-02-03')",
	"CREATE TABLE isam (id INT PRIMARY KEY AUTO_INCREMENT, f FLOAT, d DOUBLE, t TIMESTAMP NULL, z DATETIME DEFAULT '0000-00-00 00:00:00', b BLOB, j JSON, g GEOMETRY) ENGINE=MyISAM CHARSET=utf8mb4",
	"INSERT INTO isam (f, d, t, b, j, g) VALUES (0.1, 1/3, '2026-03-29 01:30:00', x'00ff27225c', '{\"a\":1}', POINT(1,2))",
	"CREATE TABLE aria (id INT PRIMARY KEY) ENGINE=Aria", "INSERT INTO aria VALUES (7)",
	"CREATE TABLE packed (id INT PRIMARY KEY, t TEXT) ENGINE=InnoDB ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=4", "INSERT INTO packed VALUES (1, REPEAT('a', 9000))",
	"CREATE TABLE checked (a INT)", "INSERT INTO checked VALUES (-1)",
	"SET check_constraint_checks=0", "ALTER TABLE checked ADD CONSTRAINT positive CHECK (a > 0)",
	"CREATE SEQUENCE seq START WITH 100 INCREMENT BY 10", "DO NEXTVAL(seq)",
	"CREATE TABLE numbered (id INT DEFAULT NEXTVAL(seq), x INT)", "INSERT INTO numbered (x) VALUES (1)",
	"CREATE TABLE cache_page (id INT PRIMARY KEY AUTO_INCREMENT, data TEXT)", "INSERT INTO cache_page (data) VALUES ('a'), ('b')",
	"CREATE TABLE cache_parent (id INT PRIMARY KEY)", "INSERT INTO cache_parent VALUES (1)",
	"CREATE TABLE uses_cache (id INT PRIMARY KEY, CONSTRAINT uc FOREIGN KEY (id) REFERENCES cache_parent (id))", "INSERT INTO uses_cache VALUES (1)",
	"CREATE TABLE log (at INT AUTO_INCREMENT PRIMARY KEY, what TEXT)",
	"CREATE FUNCTION shout(s VARCHAR(50)) RETURNS VARCHAR(60) DETERMINISTIC RETURN CONCAT(UPPER(s), '!')",
	"CREATE VIEW b_first AS SELECT b.id AS id, b.title, shout(b.title) AS loud FROM z_last AS b",
	"CREATE VIEW z_last AS SELECT id, title FROM book",
	"CREATE DEFINER=stranger@example SQL SECURITY DEFINER VIEW foreign_view AS SELECT COUNT(*) AS n FROM author",
	"CREATE VIEW crossing AS SELECT t.n FROM elsewhere.t AS t JOIN author ON author.id = t.n",
	"CREATE DEFINER=stranger@example PROCEDURE tidy() BEGIN DELETE FROM zoo.log WHERE `zoo`.`log`.`at` < 0; INSERT INTO log (what) VALUES ('zoo.log tidied'); END",
	"CREATE TRIGGER book_log AFTER INSERT ON book FOR EACH ROW INSERT INTO zoo.log (what) VALUES (CONCAT('zoo.book ', NEW.id))",
	"CREATE TRIGGER book_second AFTER INSERT ON book FOR EACH ROW FOLLOWS book_log INSERT INTO log (what) VALUES ('second')",
	"SET sql_mode='ANSI_QUOTES'",
	`CREATE TRIGGER quoted BEFORE UPDATE ON "book" FOR EACH ROW SET NEW."title" = CONCAT('zoo.', NEW.title)`,
	"SET sql_mode='', time_zone='+05:00'",
	"CREATE EVENT sometimes ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM log",
	"SET NAMES latin1",
	"CREATE VIEW latin AS SELECT 'caf\xe9' AS drink",
	"SET NAMES utf8mb4",
}

func makeZoo(t *testing.T, s *server) {
	t.Helper()
	s.exec(t, "CREATE USER stranger@example; GRANT ALL ON *.* TO stranger@example; CREATE USER bot_u@localhost; GRANT ALL ON `bot\\_%`.* TO bot_u@localhost; GRANT SELECT ON elsewhere.* TO bot_u@localhost")
	t.Cleanup(func() { s.exec(t, "DROP USER stranger@example, bot_u@localhost") })
	s.exec(t, "CREATE DATABASE elsewhere; CREATE TABLE elsewhere.t (n INT); INSERT INTO elsewhere.t VALUES (3)")
	t.Cleanup(func() { s.exec(t, "DROP DATABASE elsewhere") })
	// The view that needs a later one is made second, as people do.
	list := slices.Clone(zoo)
	i := slices.IndexFunc(list, func(q string) bool { return strings.HasPrefix(q, "CREATE VIEW b_first") })
	list[i], list[i+1] = list[i+1], list[i]
	s.source(t, "zoo", list...)
}

func TestCloneKeepsEverything(t *testing.T) {
	s := mariadb(t)
	makeZoo(t, s)
	drop(t, s.engine, "bot_zoo")
	var seen []string
	report, err := s.engine.Clone(t.Context(), "zoo", "bot_zoo", database.Options{
		SkipRows: []string{"cache_*"}, Definer: "bot_u@localhost",
		Progress: func(p database.Progress) { seen = append(seen, p.Table) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Tables != len(seen) || report.Verified != database.ByChecksum || len(report.Fallbacks) > 0 || report.Rows < 15 {
		t.Errorf("report %+v, %d tables seen", report, len(seen))
	}
	for _, name := range seen {
		if name == "cache_page" {
			continue
		}
		if a, b := s.show(t, "TABLE", "zoo", name), s.show(t, "TABLE", "bot_zoo", name); a != strings.ReplaceAll(b, "`bot_zoo`", "`zoo`") {
			t.Errorf("table %s differs:\n%s", name, cmp.Diff(a, b))
		}
		if a, b := s.checksum(t, "zoo", name), s.checksum(t, "bot_zoo", name); a != b {
			t.Errorf("checksum of %s: %s, want %s", name, b, a)
		}
	}
	if n := s.one(t, "SELECT COUNT(*) FROM bot_zoo.cache_page"); n != "0" {
		t.Errorf("%s rows of the cache were copied", n)
	}
	s.behaves(t, "bot_zoo")
	s.behaves(t, "zoo") // only now, and untouched by what the clone's programs did
}

// behaves checks what programs and defaults do in database.
func (s *server) behaves(t *testing.T, database string) {
	t.Helper()
	in := func(q string) string { return strings.ReplaceAll(q, "{}", "`"+database+"`") }
	s.in(t, database, "INSERT INTO book (id, author, title) VALUES (10, 3, 'new')", "UPDATE book SET title = 'changed' WHERE id = 10", "CALL tidy()")
	for query, want := range map[string]string{
		"SELECT GROUP_CONCAT(what ORDER BY at) FROM {}.log": "zoo.book 10,second,zoo.log tidied",
		"SELECT title FROM {}.book WHERE id = 10":           "zoo.changed",
		"SELECT loud FROM {}.b_first WHERE id = 2":          "PLAIN!",
		"SELECT n FROM {}.foreign_view":                     "3",
		"SELECT n FROM {}.crossing":                         "3",
		"SELECT HEX(drink) FROM {}.latin":                   "636166E9",
		"SELECT TIME_ZONE FROM information_schema.EVENTS WHERE EVENT_SCHEMA = TRIM(BOTH '`' FROM '{}')": "+05:00",
	} {
		if got := s.one(t, in(query)); got != want {
			t.Errorf("%s: %q, want %q", in(query), got, want)
		}
	}
	definers := s.one(t, `SELECT GROUP_CONCAT(DISTINCT DEFINER) FROM (SELECT DEFINER, TABLE_SCHEMA s FROM information_schema.VIEWS
		UNION SELECT DEFINER, TRIGGER_SCHEMA FROM information_schema.TRIGGERS UNION SELECT DEFINER, ROUTINE_SCHEMA FROM information_schema.ROUTINES
		UNION SELECT DEFINER, EVENT_SCHEMA FROM information_schema.EVENTS) x WHERE s = ?`, database)
	if database != "zoo" && definers != "bot_u@localhost" {
		t.Errorf("definers in %s: %s", database, definers)
	}
}

func (s *server) show(t *testing.T, kind, db, name string) string {
	t.Helper()
	var n, text string
	if err := s.db.QueryRow(fmt.Sprintf("SHOW CREATE %s `%s`.`%s`", kind, db, name)).Scan(&n, &text); err != nil {
		t.Fatal(err)
	}
	return text
}

func (s *server) checksum(t *testing.T, db, name string) string {
	t.Helper()
	var n, sum string
	if err := s.db.QueryRow(fmt.Sprintf("CHECKSUM TABLE `%s`.`%s`", db, name)).Scan(&n, &sum); err != nil {
		t.Fatal(err)
	}
	return sum
}

package database_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/internal/database"
)

// zooTables are the tables of the zoo whose content an archive must bring back.
// The float of one loses digits in a dump, as everybody's does.
var zooTables = []string{"author", "book", "chain_a", "chain_b", "nokey", "nothing", "select", "gen", "part", "aria", "packed", "checked", "cache_parent", "uses_cache", "log"}

// An archive is verified, and brings everything back under another name when the
// original and the accounts it knew are gone.
func TestArchiveKeepsEverything(t *testing.T) {
	s := mariadb(t)
	makeZoo(t, s)
	file := filepath.Join(t.TempDir(), "zoo.sql.zst")
	a, err := s.engine.Dump(t.Context(), "zoo", file, database.Options{SkipRows: []string{"cache_*"}})
	if err != nil {
		t.Fatal(err)
	}
	if a.Charset != "latin1" || a.Bytes == 0 || a.Mark.Tables["cache_page"].Rows != 0 || a.Mark.Tables["isam"].Rows != 1 {
		t.Errorf("archive %+v", a)
	}
	made, sums := map[string]string{}, map[string]string{}
	for _, name := range zooTables {
		made[name], sums[name] = s.show(t, "TABLE", "zoo", name), s.checksum(t, "zoo", name)
	}
	s.exec(t, "DROP DATABASE zoo")
	report, err := database.VerifyArchive(t.Context(), s.engine, file, "bot_scratch")
	if err != nil || report.Verified != database.ByChecksum || len(report.Fallbacks) != 1 || !strings.Contains(report.Fallbacks[0], "isam") {
		t.Errorf("verified: %+v, %v", report, err)
	}
	if left := s.databases(t, "bot_scratch"); left != "" {
		t.Errorf("left after verifying: %s", left)
	}
	drop(t, s.engine, "bot_back")
	if _, err := s.engine.Restore(t.Context(), file, "bot_back", database.Options{Definer: "bot_u@localhost"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range zooTables {
		if got := s.show(t, "TABLE", "bot_back", name); got != made[name] {
			t.Errorf("table %s differs:\n%s", name, cmp.Diff(made[name], got))
		}
		if got := s.checksum(t, "bot_back", name); got != sums[name] {
			t.Errorf("checksum of %s: %s, want %s", name, got, sums[name])
		}
	}
	if got := s.show(t, "SEQUENCE", "bot_back", "seq"); !strings.Contains(got, "start with 100") {
		t.Errorf("the sequence is %s", got)
	}
	s.behaves(t, "bot_back")
}

// An archive whose content is not what it says is found out table by table, also
// where zstd is content.
func TestArchiveOfOtherContentIsRefused(t *testing.T) {
	s := mariadb(t)
	s.source(t, "claims", "CREATE TABLE a (t TEXT)", "INSERT INTO a VALUES ('x'), ('y')", "CREATE TABLE b (i INT)")
	s.exec(t, "CREATE DATABASE liar; CREATE TABLE liar.a (t TEXT); INSERT INTO liar.a VALUES ('x'), ('z'); CREATE TABLE liar.b (i INT)")
	t.Cleanup(func() { s.exec(t, "DROP DATABASE liar") })
	dir := t.TempDir()
	said, held := filepath.Join(dir, "said"), filepath.Join(dir, "held")
	for name, file := range map[string]string{"claims": said, "liar": held} {
		if _, err := s.engine.Dump(t.Context(), name, file, database.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	forged := filepath.Join(dir, "forged")
	forge(t, said, held, forged)
	if _, err := database.VerifyArchive(t.Context(), s.engine, forged, "bot_forged"); err == nil || !strings.Contains(err.Error(), "table a") {
		t.Errorf("got %v, want an error about table a", err)
	}
	if left := s.databases(t, "bot_forged"); left != "" {
		t.Errorf("left: %s", left)
	}
}

// A backup of a site that people are writing to is whole as of one moment, and is
// compared as strictly as any other.
func TestHotArchiveOfABusyDatabase(t *testing.T) {
	s := mariadb(t)
	s.source(t, "live", "CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, t TEXT)", "CREATE TABLE b (id INT PRIMARY KEY AUTO_INCREMENT, t TEXT)",
		"INSERT INTO a (t) SELECT MD5(seq) FROM seq_1_to_3000", "INSERT INTO b (t) SELECT MD5(seq) FROM seq_1_to_3000")
	ctx, stop := context.WithCancel(t.Context())
	written := make(chan int)
	go func() { // in each transaction one row to each table
		n := 0
		for ; ctx.Err() == nil; n++ {
			_, _ = s.db.Exec("BEGIN; INSERT INTO live.a (t) VALUES ('new'); INSERT INTO live.b (t) VALUES ('new'); COMMIT")
		}
		written <- n
	}()
	file := filepath.Join(t.TempDir(), "live.zst")
	a, err := s.engine.Dump(t.Context(), "live", file, database.Options{Hot: true})
	stop()
	if n := <-written; err != nil || n == 0 {
		t.Fatalf("%d transactions, %v", n, err)
	}
	report, err := database.VerifyArchive(t.Context(), s.engine, file, "bot_live")
	if err != nil || report.Verified != database.ByChecksum || len(report.Fallbacks) > 0 {
		t.Errorf("report %+v, %v", report, err)
	}
	drop(t, s.engine, "bot_live")
	if _, err := s.engine.Restore(t.Context(), file, "bot_live", database.Options{}); err != nil {
		t.Fatal(err)
	}
	if a1, b1 := s.one(t, "SELECT COUNT(*) FROM bot_live.a"), s.one(t, "SELECT COUNT(*) FROM bot_live.b"); a1 != b1 {
		t.Errorf("%s and %s rows are not of one moment (%+v)", a1, b1, a.Mark)
	}
}

// A transaction that goes on and on keeps the moment from coming: the backup is
// made all the same, and says how little is known of it.
func TestHotArchiveBesideALongTransaction(t *testing.T) {
	s := mariadb(t)
	s.source(t, "endless", "CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)")
	conn := hold(t, s.db, "BEGIN; INSERT INTO endless.a VALUES (3)")
	defer conn.Close()
	file := filepath.Join(t.TempDir(), "endless.zst")
	a, err := s.engine.Dump(t.Context(), "endless", file, database.Options{Hot: true})
	if err != nil || a.Mark.Tables["a"].Rows != -1 {
		t.Fatalf("archive %+v, %v", a, err)
	}
	if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	report, err := database.VerifyArchive(t.Context(), s.engine, file, "bot_endless")
	if err != nil || report.Verified != database.ByLoading || report.Rows != 2 {
		t.Errorf("report %+v, %v", report, err)
	}
}

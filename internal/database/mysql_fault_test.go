package database_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/distrobot/distrobot/internal/database"
)

// heavy is a table whose copy takes long enough to be interrupted: its stored
// column is computed again for each row of the copy.
var heavy = []string{
	"CREATE TABLE heavy (id INT PRIMARY KEY, body TEXT, n CHAR(128) AS (SHA2(REPEAT(body, 100000), 512)) STORED) ENGINE=InnoDB",
	"INSERT INTO heavy (id, body) SELECT seq, REPEAT('a', 10) FROM seq_1_to_150",
	"CREATE TABLE light (id INT PRIMARY KEY)", "INSERT INTO light VALUES (1), (2)",
}

// copying waits until a statement that copies heavy into to runs on the server.
func (s *server) copying(t *testing.T, to string) {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for s.one(t, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = ? AND INFO LIKE 'INSERT INTO%heavy%'", to) == "0" {
		if time.Now().After(deadline) {
			t.Fatal("the copy never began")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestCancelledCloneLeavesNothing(t *testing.T) {
	s := mariadb(t)
	s.source(t, "long", heavy...)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the lease is lost")
	done := make(chan error, 1)
	go func() {
		_, err := s.engine.Clone(ctx, "long", "bot_long", database.Options{})
		done <- err
	}()
	s.copying(t, "bot_long")
	// Somebody else must not get in the way meanwhile.
	if swept, err := s.engine.Sweep(t.Context()); err != nil || len(swept) > 0 {
		t.Errorf("Sweep took %v from a clone under way (%v)", swept, err)
	}
	if _, err := s.engine.Clone(t.Context(), "long", "bot_long", database.Options{}); !errors.Is(err, database.ErrBusy) {
		t.Errorf("a second clone: %v, want ErrBusy", err)
	}
	if _, err := s.engine.Size(t.Context(), "bot_long"); !errors.Is(err, database.ErrPartial) {
		t.Errorf("Size of a clone under way: %v, want ErrPartial", err)
	}
	cancel(why)
	if err := <-done; !errors.Is(err, why) {
		t.Errorf("got %v, want the cause of the cancellation", err)
	}
	if left := s.databases(t, "bot_long"); left != "" {
		t.Errorf("left: %s", left)
	}
	if n := s.one(t, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'INSERT INTO%heavy%'"); n != "0" {
		t.Errorf("%s statements go on", n)
	}
}

// The server dies in the middle. What is left says that it is incomplete, is not
// taken for a database by anybody, and goes by Sweep or by a new clone.
func TestServerKilledDuringClone(t *testing.T) {
	s := ownServer(t)
	s.source(t, "long", heavy...)
	before := s.checksum(t, "long", "heavy")
	for _, remedy := range []string{"sweep", "clone"} {
		done := make(chan error, 1)
		go func() {
			_, err := s.engine.Clone(context.Background(), "long", "bot_long", database.Options{})
			done <- err
		}()
		s.copying(t, "bot_long")
		_ = s.cmd.Process.Kill()
		if err := <-done; err == nil {
			t.Fatal("the clone was reported as done")
		}
		s.kill()
		s.start(t)
		if left := s.databases(t, "bot_long"); left != "bot_long,bot_long"+database.PartialSuffix {
			t.Fatalf("left: %q", left)
		}
		if _, err := s.engine.Clone(t.Context(), "bot_long", "bot_other", database.Options{}); !errors.Is(err, database.ErrPartial) {
			t.Errorf("clone of a remnant: %v, want ErrPartial", err)
		}
		if remedy == "sweep" {
			if swept, err := s.engine.Sweep(t.Context()); err != nil || len(swept) != 1 || swept[0] != "bot_long" {
				t.Errorf("swept %v, %v", swept, err)
			}
			if left := s.databases(t, "bot_"); left != "" {
				t.Errorf("left after Sweep: %q", left)
			}
			continue
		}
		if _, err := s.engine.Clone(t.Context(), "long", "bot_long", database.Options{}); err != nil {
			t.Errorf("clone again: %v", err)
		}
		if after := s.checksum(t, "bot_long", "heavy"); after != before {
			t.Errorf("checksum %s, want %s", after, before)
		}
	}
	if after := s.checksum(t, "long", "heavy"); after != before {
		t.Errorf("the source changed: %s, want %s", after, before)
	}
}

// The server is killed after each table of a small site. Whatever the moment, the
// source is untouched, nothing half made passes for a database, and cloning again
// gives a whole copy, views and triggers included.
func TestServerKilledAfterEachTable(t *testing.T) {
	s := ownServer(t)
	s.source(t, "site", append(smallSite()[:8], "CREATE TABLE log (id INT)", "CREATE VIEW recent AS SELECT id FROM wp_1",
		"CREATE TRIGGER note AFTER INSERT ON wp_0 FOR EACH ROW INSERT INTO log VALUES (NEW.id)")...)
	before := mark(t, s.engine, "site")
	for tables := 1; tables <= 5; tables++ {
		to := fmt.Sprintf("bot_after%d", tables)
		kill := func(p database.Progress) {
			if p.Tables == tables {
				_ = s.cmd.Process.Kill()
			}
		}
		if report, err := s.engine.Clone(t.Context(), "site", to, database.Options{Progress: kill}); err == nil {
			t.Fatalf("the clone was reported as done: %+v", report)
		}
		s.kill()
		s.start(t)
		if changed := before.Changed(mark(t, s.engine, "site")); len(changed) > 0 {
			t.Errorf("killed after %d tables: the source changed: %v", tables, changed)
		}
		if _, err := s.engine.Size(t.Context(), to); !errors.Is(err, database.ErrPartial) {
			t.Errorf("killed after %d tables: %v, want ErrPartial", tables, err)
		}
		if listed, err := s.engine.Databases(t.Context(), "bot_"); err != nil || len(listed) != tables-1 {
			t.Errorf("killed after %d tables: databases %v, %v", tables, listed, err)
		}
		if _, err := s.engine.Clone(t.Context(), "site", to, database.Options{}); err != nil {
			t.Fatalf("clone again: %v", err)
		}
		if changed := before.Changed(mark(t, s.engine, to)); len(changed) > 0 {
			t.Errorf("the second copy differs in %v", changed)
		}
		if n := s.one(t, "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?", to) + s.one(t, "SELECT COUNT(*) > 0 FROM "+to+".recent"); n != "11" {
			t.Errorf("triggers and rows of the view: %s", n)
		}
	}
}

// A worker killed with SIGKILL leaves statements that run on in the server; the
// connections below are made the same way by hand.
func TestSweepEndsStatementsOfADeadProcess(t *testing.T) {
	s := mariadb(t)
	s.source(t, "dead", heavy...)
	s.exec(t, "CREATE DATABASE bot_dead; CREATE DATABASE bot_dead"+database.PartialSuffix+"; CREATE TABLE bot_dead.heavy (id INT, x INT)")
	conn, err := s.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "USE bot_dead"); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := conn.ExecContext(context.Background(), "INSERT INTO bot_dead.heavy SELECT id, SLEEP(60) FROM dead.heavy")
		ended <- err
	}()
	s.copying(t, "bot_dead")
	if swept, err := s.engine.Sweep(t.Context()); err != nil || len(swept) != 1 {
		t.Errorf("swept %v, %v", swept, err)
	}
	if err := <-ended; err == nil {
		t.Error("the statement ran to its end")
	}
	if left := s.databases(t, "bot_dead"); left != "" {
		t.Errorf("left: %s", left)
	}
}

// A clone that does not fit is refused, and one under way ends before the disk is
// full: at that point MariaDB would end itself, and all sites with it.
func TestDiskFull(t *testing.T) {
	s := smallDisk(t)
	s.source(t, "big", append([]string{"CREATE TABLE b (id INT PRIMARY KEY, t TEXT) ENGINE=InnoDB",
		"INSERT INTO b SELECT seq, REPEAT(MD5(seq), 50) FROM seq_1_to_15000"}, heavy...)...)
	before := mark(t, s.engine, "big")
	refused := func(when string, err error) {
		t.Helper()
		if !errors.Is(err, database.ErrNoSpace) {
			t.Errorf("%s: got %v, want ErrNoSpace", when, err)
		}
		if left := s.databases(t, "bot_big"); left != "" {
			t.Errorf("%s: left %s", when, left)
		}
		if changed := before.Changed(mark(t, s.engine, "big")); len(changed) > 0 {
			t.Errorf("%s: the source changed: %v", when, changed)
		}
	}
	for _, rest := range []int64{0, 600 << 10, 12 << 20} {
		remove := fill(t, s.dir, rest)
		_, err := s.engine.Clone(t.Context(), "big", "bot_big", database.Options{})
		remove()
		refused(fmt.Sprintf("%d bytes are free", rest), err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := s.engine.Clone(context.Background(), "big", "bot_big", database.Options{Parallel: 1})
		done <- err
	}()
	s.copying(t, "bot_big")
	remove := fill(t, s.dir, 4<<20) // by somebody else, in the middle
	err := <-done
	remove()
	refused("the disk fills up", err)
	if _, err := s.engine.Clone(t.Context(), "big", "bot_big", database.Options{}); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// smallDisk is a server of its own on a small volume.
func smallDisk(t *testing.T) *server {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can mount the small volume that this test fills")
	}
	s := install(t)
	whole := s.dir
	t.Cleanup(func() { forget(whole) })
	s.dir = filepath.Join(whole, small)
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", s.dir, "tmpfs", 0, "size=200m,mode=777"); err != nil {
		t.Skipf("SKIPPED: this machine does not let us mount a volume to fill: %v", err)
	}
	t.Cleanup(s.stop)
	if out, err := exec.Command("cp", "-a", filepath.Join(whole, "data"), filepath.Join(whole, "tmp"), s.dir).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v %s", err, out)
	}
	s.start(t)
	return s
}

// fill leaves rest bytes free on the volume of dir, until remove is called.
func fill(t *testing.T, dir string, rest int64) (remove func()) {
	t.Helper()
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		t.Fatal(err)
	}
	free := int64(stat.Bavail) * stat.Bsize
	if free < rest {
		t.Fatalf("%d bytes are free, want more than %d", free, rest)
	}
	filler := filepath.Join(dir, "filler")
	// The server may take some of it meanwhile: then it is full sooner.
	if err := os.WriteFile(filler, make([]byte, free-rest), 0o600); err != nil && !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	return func() { _ = os.Remove(filler) }
}

func TestBrokenViewIsLeftOut(t *testing.T) {
	s := mariadb(t)
	s.source(t, "views", "CREATE TABLE gone (id INT)", "CREATE TABLE here (id INT)", "INSERT INTO here VALUES (1)",
		"CREATE VIEW broken AS SELECT id FROM gone", "CREATE VIEW above AS SELECT id FROM broken", "CREATE VIEW works AS SELECT id FROM here",
		"DROP TABLE gone")
	drop(t, s.engine, "bot_views")
	report, err := s.engine.Clone(t.Context(), "views", "bot_views", database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	told := strings.Join(report.Fallbacks, "; ")
	if len(report.Fallbacks) != 2 || !strings.Contains(told, "view broken") || !strings.Contains(told, "view above") {
		t.Errorf("fallbacks: %s", told)
	}
	if s.one(t, "SELECT id FROM bot_views.works") != "1" {
		t.Error("the view that works does not")
	}
}

// A table too big for one transaction of the binary log is dumped and loaded.
func TestFallsBackToDumpAndLoad(t *testing.T) {
	s := ownServer(t, "--log-bin=b", "--binlog-format=ROW", "--max-binlog-cache-size=65536", "--binlog-cache-size=32768", "--max-allowed-packet=1M")
	s.source(t, "wide", "SET sql_log_bin=0", "CREATE TABLE small (id INT PRIMARY KEY)", "INSERT INTO small VALUES (1)",
		"CREATE TABLE wide (id INT PRIMARY KEY, t TEXT) ENGINE=InnoDB", "INSERT INTO wide SELECT seq, REPEAT('x', 1000) FROM seq_1_to_500")
	report, err := s.engine.Clone(t.Context(), "wide", "bot_wide", database.Options{})
	if err == nil {
		t.Fatalf("the dump's statements of 1 MB should be too big as well: %+v", report)
	}
	s.exec(t, "SET GLOBAL max_binlog_cache_size = 2*1024*1024")
	s.in(t, "wide", "SET sql_log_bin=0", "INSERT INTO wide SELECT seq, REPEAT('x', 1000) FROM seq_501_to_5000")
	report, err = s.engine.Clone(t.Context(), "wide", "bot_wide", database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Fallbacks) != 1 || !strings.HasPrefix(report.Fallbacks[0], "table wide was dumped and loaded") || report.Rows != 5001 {
		t.Errorf("report %+v", report)
	}
	if a, b := s.checksum(t, "wide", "wide"), s.checksum(t, "bot_wide", "wide"); a != b {
		t.Errorf("checksum %s, want %s", b, a)
	}
}

// Writers of the source wait while a clone holds it, and go on with Hot.
func TestHotAndHeld(t *testing.T) {
	s := mariadb(t)
	s.source(t, "busy", heavy...)
	for name, hot := range map[string]bool{"bot_held": false, "bot_hot": true} {
		drop(t, s.engine, name)
		done := make(chan error, 1)
		go func() {
			report, err := s.engine.Clone(context.Background(), "busy", name, database.Options{Hot: hot})
			if err == nil && hot != (report.Verified == database.ByCount) {
				err = errors.New("verified by " + report.Verified)
			}
			done <- err
		}()
		s.copying(t, name)
		conn, err := s.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.ExecContext(t.Context(), "SET STATEMENT lock_wait_timeout=0 FOR INSERT INTO busy.light VALUES ("+map[bool]string{true: "8", false: "9"}[hot]+")")
		_ = conn.Close()
		if hot != (err == nil) {
			t.Errorf("write during %s: %v", name, err)
		}
		if err := <-done; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/distrobot/distrobot/internal/database"
)

// lite opens the SQLite file path as a site's program does.
func lite(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func liteExec(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, text := range statements {
		if _, err := db.Exec(text); err != nil {
			t.Fatalf("%.80s: %v", text, err)
		}
	}
}

// liteRows fills a table t with rows of a kilobyte.
func liteRows(rows int) []string {
	return []string{"CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)",
		fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %d) INSERT INTO t SELECT i, hex(randomblob(500)) FROM n", rows)}
}

func mark(t *testing.T, e database.Observer, name string) database.Mark {
	t.Helper()
	m, err := e.Mark(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// nothingBut checks that dir has the files named and no others.
func nothingBut(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("in the directory: %q, want %q", names, want)
	}
}

// A worker is killed while it clones. What it leaves says that it is incomplete,
// and goes by Sweep or by the next clone.
func TestSQLiteWorkerKilledDuringClone(t *testing.T) {
	if dir, is := told(); is {
		_, err := database.SQLite{Dir: dir}.Clone(t.Context(), filepath.Join(dir, "source"), filepath.Join(dir, "copy"), database.Options{})
		fmt.Println("the clone ended", err)
		return
	}
	dir := t.TempDir()
	e, source, to := database.SQLite{Dir: dir}, filepath.Join(dir, "source"), filepath.Join(dir, "copy")
	liteExec(t, lite(t, source), liteRows(25_000)...)
	before := mark(t, e, source)
	for _, remedy := range []string{"sweep", "clone"} {
		other := again(t, dir)
		partial := to + database.PartialSuffix + ".db"
		for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(time.Millisecond) {
			if info, err := os.Stat(partial); err == nil && info.Size() > 1<<20 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the copy never began")
			}
		}
		if _, err := e.Clone(t.Context(), source, to, database.Options{}); !errors.Is(err, database.ErrBusy) {
			t.Errorf("a second clone: %v, want ErrBusy", err)
		}
		if swept, err := e.Sweep(t.Context()); err != nil || len(swept) > 0 {
			t.Errorf("Sweep took %v from a clone under way (%v)", swept, err)
		}
		other.kill()
		if _, err := e.Size(t.Context(), to); !errors.Is(err, database.ErrPartial) {
			t.Fatalf("what is left: %v, want ErrPartial", err)
		}
		if remedy == "sweep" {
			if swept, err := e.Sweep(t.Context()); err != nil || len(swept) != 1 || swept[0] != to {
				t.Errorf("swept %v, %v", swept, err)
			}
			nothingBut(t, dir, "source")
			continue
		}
		if _, err := e.Clone(t.Context(), source, to, database.Options{}); err != nil {
			t.Errorf("clone again: %v", err)
		}
		nothingBut(t, dir, "copy", "source")
		if changed := before.Changed(mark(t, e, to)); len(changed) > 0 {
			t.Errorf("the copy differs in %v", changed)
		}
	}
	if changed := before.Changed(mark(t, e, source)); len(changed) > 0 {
		t.Errorf("the source changed: %v", changed)
	}
}

func TestSQLiteDiskFull(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can mount the small volume that this test fills")
	}
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "a.zst")
	source := filepath.Join(t.TempDir(), "source")
	liteExec(t, lite(t, source), liteRows(8_000)...)
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("SKIPPED: this machine does not let us mount a volume to fill: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	e := database.SQLite{Dir: dir}
	before := mark(t, e, source)
	if _, err := e.Dump(t.Context(), source, file, database.Options{}); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "copy")
	for name, write := range map[string]func() error{
		"clone":   func() error { _, err := e.Clone(t.Context(), source, to, database.Options{}); return err },
		"restore": func() error { _, err := e.Restore(t.Context(), file, to, database.Options{}); return err },
		"dump":    func() error { _, err := e.Dump(t.Context(), source, to, database.Options{}); return err },
	} {
		if err := write(); err == nil || !strings.Contains(err.Error(), "full") && !strings.Contains(err.Error(), "space") {
			t.Errorf("%s: %v, want an error that says what is full", name, err)
		}
		nothingBut(t, dir)
	}
	if changed := before.Changed(mark(t, e, source)); len(changed) > 0 {
		t.Errorf("the source changed: %v", changed)
	}
}

// Another program has the database open, in the middle of a transaction of its
// own. What it has not committed is in no copy; if it lets nobody read, the copy
// waits, and fails after that.
func TestSQLiteHeldByAnotherProgram(t *testing.T) {
	tests := []struct {
		journal, begin string
		err            string
	}{
		{"WAL", "BEGIN IMMEDIATE", ""},
		{"DELETE", "BEGIN IMMEDIATE", ""},
		{"DELETE", "BEGIN EXCLUSIVE", "locked"},
	}
	for _, tt := range tests {
		t.Run(tt.journal+" "+tt.begin[6:], func(t *testing.T) {
			if source, is := told(); is {
				liteExec(t, lite(t, source), tt.begin, "DELETE FROM t WHERE id > 5")
				fmt.Println("ready")
				_, _ = io.Copy(io.Discard, os.Stdin) // until the end of the input
				return
			}
			dir := t.TempDir()
			source, to := filepath.Join(t.TempDir(), "source"), filepath.Join(dir, "copy")
			db := lite(t, source)
			liteExec(t, db, append([]string{"PRAGMA journal_mode = " + tt.journal}, liteRows(20)...)...)
			e := database.SQLite{Dir: dir, Wait: 200 * time.Millisecond}
			before := mark(t, e, source)
			other := again(t, source)
			other.ready(t)
			_, err := e.Clone(t.Context(), source, to, database.Options{})
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, want an error about %q", err, tt.err)
				}
				nothingBut(t, dir)
				go func() { _ = other.in.Close() }() // while the next one waits
				_, err = database.SQLite{Dir: dir, Wait: time.Minute}.Clone(t.Context(), source, to, database.Options{})
			}
			if err != nil {
				t.Fatal(err)
			}
			if changed := before.Changed(mark(t, e, to)); len(changed) > 0 {
				t.Errorf("the copy differs in %v", changed)
			}
		})
	}
}

// The program that wrote the database was killed: what it had committed is in the
// copy, what it had not is not, whatever stands beside the file.
func TestSQLiteAfterACrashOfItsProgram(t *testing.T) {
	for journal, suffix := range map[string]string{"WAL": "-wal", "DELETE": "-journal"} {
		t.Run(journal, func(t *testing.T) {
			if source, is := told(); is {
				db := lite(t, source)
				liteExec(t, db, append([]string{"PRAGMA journal_mode = " + journal}, liteRows(2000)...)...)
				// Too little memory for the pages: they are written before the end.
				liteExec(t, db, "PRAGMA cache_size = 5", "BEGIN", "UPDATE t SET body = 'lost'", "DELETE FROM t WHERE id > 10")
				fmt.Println("ready")
				select {} // until it is killed
			}
			dir := t.TempDir()
			source, to := filepath.Join(t.TempDir(), "source"), filepath.Join(dir, "copy")
			other := again(t, source)
			other.ready(t)
			other.kill()
			if info, err := os.Stat(source + suffix); err != nil || info.Size() == 0 {
				t.Fatalf("nothing is left beside the database: %v", err)
			}
			e := database.SQLite{Dir: dir}
			report, err := e.Clone(t.Context(), source, to, database.Options{})
			if err != nil || report.Rows != 2000 {
				t.Fatalf("report %+v, %v", report, err)
			}
			rows, err := e.Query(t.Context(), to, "SELECT COUNT(*) FROM t WHERE body = 'lost'")
			if err != nil || rows[0][0] != "0" {
				t.Errorf("%v rows of the lost transaction, %v", rows, err)
			}
			nothingBut(t, dir, "copy")
		})
	}
}

func TestSQLiteCloneIsCancelled(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(t.TempDir(), "source")
	liteExec(t, lite(t, source), liteRows(2_000)...)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the lease is lost")
	cancel(why)
	if _, err := (database.SQLite{Dir: dir}).Clone(ctx, source, filepath.Join(dir, "copy"), database.Options{}); !errors.Is(err, why) {
		t.Errorf("got %v, want the cause of the cancellation", err)
	}
	nothingBut(t, dir)
}

// The site's own user must be able to write to the copy, and nobody else.
func TestSQLiteCopyBelongsToTheSameUser(t *testing.T) {
	dir := t.TempDir()
	source, to := filepath.Join(t.TempDir(), "source"), filepath.Join(dir, "copy")
	liteExec(t, lite(t, source), liteRows(3)...)
	if err := os.Chmod(source, 0o640); err != nil {
		t.Fatal(err)
	}
	want := os.Getuid()
	if want == 0 {
		want = 54321
		if err := os.Chown(source, want, want); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := (database.SQLite{Dir: dir}).Clone(t.Context(), source, to, database.Options{}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(to)
	if err != nil {
		t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; int(uid) != want || info.Mode().Perm() != 0o640 {
		t.Errorf("the copy has mode %v and belongs to %d, want %d", info.Mode(), uid, want)
	}
}

package database_test

import (
	"context"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/distrobot/distrobot/internal/database"
)

// A server is a real mariadbd on a private socket, without TCP.
type server struct {
	dir    string
	args   []string
	cmd    *exec.Cmd
	gone   chan error
	engine *database.MySQL
	db     *sql.DB // as root, for the tests' own statements
}

const password = `s3cret "quoted" \back'slash #hash` // hard to carry in an option file

var shared struct {
	sync.Mutex
	*server
	empty string // a data directory that was just installed
}

func TestMain(m *testing.M) {
	removeStale(time.Minute)
	code := m.Run()
	if shared.server != nil {
		shared.stop()
		forget(shared.dir)
	}
	forget(shared.empty)
	os.Exit(code)
}

// mariadb returns the server that most tests share.
func mariadb(t testing.TB) *server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		shared.server = install(t)
		shared.start(t)
	}
	return shared.server
}

// ownServer returns a server for one test, which may kill it.
func ownServer(t testing.TB, args ...string) *server {
	t.Helper()
	s := install(t)
	s.args = args
	t.Cleanup(func() { s.stop(); forget(s.dir) })
	s.start(t)
	return s
}

func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name) // only in root's PATH
	}
	if err != nil {
		t.Fatalf("%s is missing: install the Debian packages mariadb-server and mariadb-client", name)
	}
	return path
}

// install makes an empty data directory, as a copy of one made before.
func install(t testing.TB) *server {
	t.Helper()
	if shared.empty == "" {
		shared.empty = installFirst(t)
	}
	dir := directory(t)
	s := &server{dir: dir}
	if out, err := exec.Command("cp", "-a", "--", shared.empty+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v\n%s", err, out)
	}
	return s
}

func installFirst(t testing.TB) string {
	t.Helper()
	dir := directory(t)
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(t, "mariadb-install-db"), "--no-defaults", "--datadir="+filepath.Join(dir, "data"),
		"--innodb-log-file-size=16M", "--auth-root-authentication-method=normal", "--skip-test-db")
	cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Join(dir, "tmp"))
	cmd.SysProcAttr = asServer(t)
	if as := cmd.SysProcAttr.Credential; as != nil {
		for _, path := range []string{dir, filepath.Join(dir, "tmp")} {
			if err := os.Chown(path, int(as.Uid), int(as.Gid)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	return dir
}

func (s *server) data() string   { return filepath.Join(s.dir, "data") }
func (s *server) socket() string { return filepath.Join(s.dir, "s.sock") }

func (s *server) start(t testing.TB) {
	t.Helper()
	args := append([]string{"--no-defaults", "--datadir=" + s.data(), "--socket=" + s.socket(),
		// A server removes what other servers have in their common directory.
		"--tmpdir=" + filepath.Join(s.dir, "tmp"),
		"--pid-file=" + filepath.Join(s.dir, "pid"), "--skip-networking", "--skip-log-bin",
		"--innodb-buffer-pool-size=128M", "--innodb-log-file-size=16M", "--innodb-flush-log-at-trx-commit=1", "--log-error=" + filepath.Join(s.dir, "log")}, s.args...)
	s.cmd = exec.Command(program(t, "mariadbd"), args...)
	s.cmd.SysProcAttr = asServer(t)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.gone = make(chan error, 1)
	go func(cmd *exec.Cmd, gone chan error) { gone <- cmd.Wait() }(s.cmd, s.gone)
	s.connect(t)
}

// connect waits for the server and gives root its password on the first start.
func (s *server) connect(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for {
		s.db = s.open("root", password)
		err := s.db.Ping()
		if err == nil {
			break
		}
		_ = s.db.Close()
		if first := s.open("root", ""); first.Ping() == nil {
			if _, err := first.Exec("SET PASSWORD FOR root@localhost = PASSWORD('" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password) + "')"); err != nil {
				t.Fatal(err)
			}
			_ = first.Close()
			continue
		}
		select {
		case err := <-s.gone:
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			t.Fatalf("mariadbd ended: %v\n%s", err, log)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("mariadbd is not ready after 60 s: %v", err)
		}
	}
	engine, err := database.OpenMySQL(database.Server{Socket: s.socket(), User: "root", Password: password, Prefix: "bot_"})
	if err != nil {
		t.Fatal(err)
	}
	s.engine = engine
}

func (s *server) open(user, password string) *sql.DB {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.MultiStatements = user, password, "unix", s.socket(), true
	c.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		panic(err) // the configuration is a constant
	}
	return sql.OpenDB(connector)
}

// kill ends the server as a crash does.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.gone
	s.close()
	s.cmd = nil
}

func (s *server) close() {
	if s.engine != nil {
		_ = s.engine.Close()
		_ = s.db.Close()
	}
}

func (s *server) stop() {
	if s.cmd == nil {
		return
	}
	s.close()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	<-s.gone
	s.cmd = nil
}

// exec runs statements, which may be many in one text without delimiters.
func (s *server) exec(t testing.TB, text string, args ...any) {
	t.Helper()
	if _, err := s.db.Exec(text, args...); err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
}

// in runs statements one by one with database as the current one.
func (s *server) in(t testing.TB, database string, statements ...string) {
	t.Helper()
	conn, err := s.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, text := range append([]string{"USE `" + database + "`", "SET sql_mode='', foreign_key_checks=0"}, statements...) {
		if _, err := conn.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%.200s: %v", text, err)
		}
	}
}

// source makes a database from statements and removes it and all bot_ databases
// whose name has the test's own stem after the test.
func (s *server) source(t testing.TB, name string, statements ...string) {
	t.Helper()
	s.exec(t, "CREATE DATABASE `"+name+"`")
	t.Cleanup(func() {
		if s.cmd != nil {
			_, _ = s.db.Exec("DROP DATABASE IF EXISTS `" + name + "`")
		}
	})
	s.in(t, name, statements...)
}

// one returns a single value as text.
func (s *server) one(t testing.TB, query string, args ...any) string {
	t.Helper()
	var v sql.NullString
	if err := s.db.QueryRowContext(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%.200s: %v", query, err)
	}
	return v.String
}

// databases lists the databases whose name begins with prefix.
func (s *server) databases(t testing.TB, prefix string) string {
	t.Helper()
	return s.one(t, "SELECT COALESCE(GROUP_CONCAT(SCHEMA_NAME ORDER BY 1), '') FROM information_schema.SCHEMATA WHERE LEFT(SCHEMA_NAME, ?) = ?", len(prefix), prefix)
}

// drop removes the clone to after the test.
func drop(t testing.TB, e database.Cloner, to string) {
	t.Helper()
	t.Cleanup(func() {
		if err := e.Drop(context.Background(), to); err != nil {
			t.Errorf("drop %s: %v", to, err)
		}
	})
}

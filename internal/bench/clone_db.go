package bench

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/internal/database"
	"github.com/distrobot/distrobot/internal/run"
)

// cloneDB compares our clone of a database, its comparison by checksums
// included, with mariadb-dump piped into mariadb, which compares nothing. Both
// run against the same server in the same rounds.
func cloneDB() Measurement {
	return Measurement{Names: []string{"clone-db"}, Memory: true, Run: runCloneDB}
}

func runCloneDB(ctx context.Context, b *B) ([]Row, error) {
	server, err := startMariaDB(ctx, b.Dir)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	if err := server.client(ctx, strings.NewReader(cloneSource())); err != nil {
		return nil, err
	}
	size, err := server.engine.Size(ctx, "source")
	if err != nil {
		return nil, err
	}
	var report database.Report
	clone := func(ctx context.Context, _ int) error {
		report, err = server.engine.Clone(ctx, "source", "bot_clone", database.Options{})
		return err
	}
	medians, err := Interleave(ctx, 3,
		Contender{Name: "ours", Prepare: server.clear, Run: clone},
		Contender{Name: "mariadb-dump | mariadb", Prepare: server.clearForLoad, Run: server.dumpLoad})
	if err != nil {
		return nil, err
	}
	// A shell's pipe tells only of its last program.
	if loaded, err := server.engine.Size(ctx, "loaded"); err != nil || loaded < size*8/10 {
		return nil, fmt.Errorf("mariadb-dump | mariadb loaded %d bytes of %d: %v", loaded, size, err)
	}
	b.Note("clone-db %d tables, %d rows, %d MB: ours with %s %.1f s, mariadb-dump | mariadb %.1f s",
		report.Tables, report.Rows, size/1e6, report.Verified, medians[0].Seconds(), medians[1].Seconds())
	return []Row{{Name: "clone-db", Value: medians[0].Seconds() / medians[1].Seconds(), Bound: 0.45}}, nil
}

// cloneSource is the SQL that makes a database of 500 MB in the shape of a large
// WordPress: long rows with few indexes, short rows with many, small tables.
func cloneSource() string {
	var b strings.Builder
	b.WriteString("CREATE DATABASE source CHARACTER SET utf8mb4;\nUSE source;\n")
	for i := range 4 {
		fmt.Fprintf(&b, `CREATE TABLE posts%[1]d (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, author BIGINT NOT NULL, at DATETIME NOT NULL,
 title TEXT NOT NULL, body LONGTEXT NOT NULL, status VARCHAR(20) NOT NULL, name VARCHAR(200) NOT NULL,
 KEY name (name(191)), KEY status_at (status, at, id), KEY author (author)) ENGINE=InnoDB;
INSERT INTO posts%[1]d SELECT seq, seq MOD 97, '2020-01-01' + INTERVAL seq MINUTE, CONCAT('Title ', MD5(seq)),
 REPEAT(CONCAT(MD5(seq*%[1]d), ' ', MD5(seq+%[1]d), ' lorem ipsum dolor '), 20), 'publish', CONCAT('title-', MD5(seq)) FROM seq_1_to_36000;
CREATE TABLE meta%[1]d (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, post BIGINT UNSIGNED NOT NULL, name VARCHAR(255), value LONGTEXT,
 KEY post (post), KEY name (name(191))) ENGINE=InnoDB;
INSERT INTO meta%[1]d SELECT seq, seq DIV 4, CONCAT('_key_', seq MOD 50), CONCAT(MD5(seq), MD5(seq*3)) FROM seq_1_to_250000;
`, i)
	}
	for i := range 92 {
		fmt.Fprintf(&b, "CREATE TABLE small%[1]d (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100), KEY name (name)) ENGINE=InnoDB;\n"+
			"INSERT INTO small%[1]d SELECT seq, MD5(seq) FROM seq_1_to_100;\n", i)
	}
	return b.String()
}

// mariaDB is a server of our own on a private socket.
type mariaDB struct {
	process *program
	socket  string
	engine  *database.MySQL
}

var ready = regexp.MustCompile(`ready for connections`)

func startMariaDB(ctx context.Context, dir string) (*mariaDB, error) {
	m := &mariaDB{socket: filepath.Join(dir, "s.sock")}
	common := []string{"--no-defaults", "--datadir=" + filepath.Join(dir, "data")}
	if os.Getuid() == 0 {
		if err := handOver(dir, "mysql"); err != nil {
			return nil, err
		}
		common = append(common, "--user=mysql")
	}
	env := run.Environ("PATH=" + os.Getenv("PATH") + ":/usr/sbin")
	_, err := run.Run(ctx, run.Command{Program: "mariadb-install-db", Env: env,
		Args: append(common, "--auth-root-authentication-method=normal", "--skip-test-db")})
	if err != nil {
		return nil, fmt.Errorf("install a server (Debian packages mariadb-server, mariadb-client): %w", err)
	}
	exe, err := run.LookPath("mariadbd", env)
	if err != nil {
		return nil, err
	}
	argv := append(append([]string{exe}, common...), "--socket="+m.socket, "--pid-file="+filepath.Join(dir, "pid"),
		"--skip-networking", "--skip-log-bin", "--innodb-buffer-pool-size=1G")
	if m.process, _, err = startProgram(ctx, ready, env, argv...); err != nil {
		return nil, err
	}
	m.engine, err = database.OpenMySQL(database.Server{Socket: m.socket, User: "root", Prefix: "bot_"})
	if err != nil {
		m.process.end()
	}
	return m, err
}

// handOver gives dir to the account name.
func handOver(dir, name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("an account for the server (Debian package mariadb-server): %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	return os.Chown(dir, uid, -1)
}

func (m *mariaDB) stop() {
	_ = m.engine.Close()
	m.process.end()
}

// client runs statements through the server's own client.
func (m *mariaDB) client(ctx context.Context, text *strings.Reader) error {
	_, err := run.Run(ctx, run.Command{Program: "mariadb", Args: []string{"--no-defaults", "-uroot", "-S", m.socket}, Env: run.Environ(), Stdin: text})
	return err
}

func (m *mariaDB) clear(ctx context.Context, _ int) error {
	return m.client(ctx, strings.NewReader("DROP DATABASE IF EXISTS bot_clone; DROP DATABASE IF EXISTS loaded"))
}

func (m *mariaDB) clearForLoad(ctx context.Context, round int) error {
	if err := m.clear(ctx, round); err != nil {
		return err
	}
	return m.client(ctx, strings.NewReader("CREATE DATABASE loaded"))
}

func (m *mariaDB) dumpLoad(ctx context.Context, _ int) error {
	connect := run.Quote("--no-defaults", "-uroot", "-S", m.socket)
	line := fmt.Sprintf("mariadb-dump %s --single-transaction --quick source | mariadb %s loaded", connect, connect)
	_, err := run.Run(ctx, run.Command{Program: "sh", Args: []string{"-c", line}, Env: run.Environ()})
	return err
}

package lamp

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/distrobot/distrobot/internal/run"
)

// MariaDB is a private database server on a socket, without TCP.
type MariaDB struct {
	Server
	Socket   string
	Password string // of its account root@localhost
}

// StartMariaDB makes an empty server; args are further arguments for mariadbd.
// As root it runs as the account mysql.
func StartMariaDB(args ...string) (_ *MariaDB, err error) {
	install, err := find("mariadb-server", "mariadb-install-db")
	if err != nil {
		return nil, err
	}
	program, err := find("mariadb-server", "mariadbd")
	if err != nil {
		return nil, err
	}
	as, err := account("mysql")
	if err != nil {
		return nil, fmt.Errorf("%w: install the Debian package mariadb-server", err)
	}
	dir, err := newDir()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir)
		}
	}()
	m := &MariaDB{Socket: filepath.Join(dir, "s.sock"), Password: rand.Text()}
	if err := m.prepare(dir, install, as); err != nil {
		return nil, err
	}
	m.Server = Server{Dir: dir, socket: m.Socket, log: filepath.Join(dir, "log"), command: run.Command{
		Program: program, Env: run.Environ(), As: as, // by itself it would drop its rights, and with them the tie to this process
		Args: append([]string{
			"--no-defaults", "--datadir=" + filepath.Join(dir, "data"), "--tmpdir=" + dir, "--socket=" + m.Socket, "--pid-file=" + filepath.Join(dir, "pid"),
			"--init-file=" + filepath.Join(dir, "init.sql"), "--log-error=" + filepath.Join(dir, "log"), "--skip-networking", "--skip-log-bin",
			"--innodb-buffer-pool-size=128M", "--innodb-log-file-size=16M", "--innodb-flush-log-at-trx-commit=2",
		}, args...),
	}}
	return m, m.start()
}

// prepare makes the data directory, and the file that gives root its password.
func (m *MariaDB) prepare(dir, install string, as *run.User) error {
	if as != nil {
		if err := os.Chown(dir, int(as.UID), int(as.GID)); err != nil {
			return err
		}
	}
	result, err := run.Run(context.Background(), run.Command{
		// A server clears its directory of temporary tables when it starts: several
		// must not have one in common.
		Program: install, Env: append(run.Environ(), "TMPDIR="+dir), As: as, Timeout: readyTime, Args: []string{
			"--no-defaults", "--datadir=" + filepath.Join(dir, "data"), "--innodb-log-file-size=16M",
			"--auth-root-authentication-method=normal", "--skip-test-db",
		},
	})
	if err != nil {
		return fmt.Errorf("%w\n%s%s", err, result.Stdout, result.Stderr)
	}
	if err := os.WriteFile(filepath.Join(dir, "client.cnf"), []byte("[client]\nuser=root\npassword="+m.Password+"\nsocket="+m.Socket+"\n"), 0o600); err != nil {
		return err
	}
	sql := filepath.Join(dir, "init.sql")
	if err := os.WriteFile(sql, []byte("ALTER USER root@localhost IDENTIFIED BY '"+m.Password+"';\n"), 0o600); err != nil {
		return err
	}
	if as != nil {
		return os.Chown(sql, int(as.UID), int(as.GID))
	}
	return nil
}

// SQL runs statements as root in a database ("" is none) and gives the rows they
// answer, columns separated by tabs.
func (m *MariaDB) SQL(ctx context.Context, database, text string) (string, error) {
	var out strings.Builder
	result, err := run.Run(ctx, run.Command{
		Program: "mariadb", Env: run.Environ(), Stdin: strings.NewReader(text), Stdout: &out, Timeout: readyTime,
		Args: []string{"--defaults-file=" + filepath.Join(m.Dir, "client.cnf"), "--batch", "--skip-column-names", "--default-character-set=utf8mb4", "--database=" + database},
	})
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, result.Stderr)
	}
	return out.String(), nil
}

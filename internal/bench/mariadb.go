package bench

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/distrobot/distrobot/internal/database"
	"github.com/distrobot/distrobot/internal/run"
)

// mariaDB is a server of our own on a private socket, with the settings a server
// has by itself but for the size of its memory.
type mariaDB struct {
	socket string
	engine *database.MySQL
	end    context.CancelFunc
	ended  chan error
}

// startMariaDB makes a server in dir, an empty directory, and waits until it can
// be used. The server never outlives us (see internal/run).
func startMariaDB(ctx context.Context, dir string) (*mariaDB, error) {
	as, err := serverUser(dir)
	if err != nil {
		return nil, err
	}
	m := &mariaDB{socket: filepath.Join(dir, "s.sock"), ended: make(chan error, 1)}
	env := run.Environ("PATH=" + os.Getenv("PATH") + ":/usr/sbin")
	common := []string{"--no-defaults", "--datadir=" + filepath.Join(dir, "data"), "--tmpdir=" + dir}
	_, err = run.Run(ctx, run.Command{Program: "mariadb-install-db", Env: env, As: as,
		Args: append(common, "--auth-root-authentication-method=normal", "--skip-test-db")})
	if err != nil {
		return nil, fmt.Errorf("install a server (Debian packages mariadb-server, mariadb-client): %w", err)
	}
	life, end := context.WithCancel(ctx)
	m.end = end
	ready := make(chan struct{})
	var once sync.Once
	server := run.Command{Program: "mariadbd", Env: env, As: as, KillGrace: startTime,
		Args: append(common, "--socket="+m.socket, "--pid-file="+filepath.Join(dir, "pid"),
			"--skip-networking", "--skip-log-bin", "--innodb-buffer-pool-size=1G"),
		Lines: func(line string) {
			if strings.Contains(line, "ready for connections") {
				once.Do(func() { close(ready) })
			}
		}}
	go func() {
		_, err := run.Run(life, server)
		m.ended <- err
	}()
	select {
	case <-ready:
	case err := <-m.ended:
		end()
		return nil, fmt.Errorf("start a server: %w", err)
	}
	m.engine, err = database.OpenMySQL(database.Server{Socket: m.socket, User: "root", Prefix: "bot_"})
	if err != nil {
		m.stop()
	}
	return m, err
}

// serverUser is the account that the server runs as; dir is given to it. Only
// root has a choice, and may not run the server itself.
func serverUser(dir string) (*run.User, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("mysql")
	if err != nil {
		return nil, fmt.Errorf("an account for the server (Debian package mariadb-server): %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &run.User{UID: uint32(uid), GID: uint32(gid)}, os.Chown(dir, int(uid), int(gid))
}

func (m *mariaDB) stop() {
	if m.engine != nil {
		_ = m.engine.Close()
	}
	m.end()
	<-m.ended
}

// client runs statements through the server's own client.
func (m *mariaDB) client(ctx context.Context, text string) error {
	_, err := run.Run(ctx, run.Command{Program: "mariadb", Args: []string{"--no-defaults", "-uroot", "-S", m.socket},
		Env: run.Environ(), Stdin: strings.NewReader(text)})
	return err
}

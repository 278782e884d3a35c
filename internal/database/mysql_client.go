package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/distrobot/distrobot/internal/run"
)

// client runs the server's own programs. Where and as whom they connect stands
// in a file that only we can read, never in arguments or the environment, which
// any account of the machine may look at.
type client struct {
	dir  string // private, holds the file
	file string
	m    *MySQL
}

// client writes the file; close removes it.
func (m *MySQL) client() (*client, error) {
	dir, err := os.MkdirTemp("", "database-*") // made with mode 0700
	if err != nil {
		return nil, fmt.Errorf("directory for credentials: %w", err)
	}
	c := &client{dir: dir, file: filepath.Join(dir, "client.cnf"), m: m}
	if err := os.WriteFile(c.file, []byte(m.cfg.options()), 0o600); err != nil {
		c.close()
		return nil, fmt.Errorf("file for credentials: %w", err)
	}
	return c, nil
}

func (c *client) close() { _ = os.RemoveAll(c.dir) }

// options is the file's text.
func (s Server) options() string {
	lines := []string{"[client]", "user=" + optionValue(s.User), "password=" + optionValue(string(s.Password))}
	if s.Socket != "" {
		lines = append(lines, "protocol=socket", "socket="+optionValue(s.Socket))
	} else {
		host, port, _ := strings.Cut(s.Addr, ":")
		lines = append(lines, "protocol=tcp", "host="+optionValue(host))
		if port != "" {
			lines = append(lines, "port="+optionValue(port))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// optionValue quotes a value of an option file, in which backslash escapes.
func optionValue(v string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(v) + `"`
}

// command is the program named by the first of names that is in PATH.
func (c *client) command(names []string, args ...string) (run.Command, error) {
	env := run.Environ()
	for _, name := range names {
		if _, err := run.LookPath(name, env); err == nil {
			return run.Command{
				Program: name,
				Args:    append([]string{"--defaults-file=" + c.file}, args...),
				Env:     env,
				Secrets: []string{string(c.m.cfg.Password)},
			}, nil
		}
	}
	return run.Command{}, fmt.Errorf("%s is not in PATH (Debian package mariadb-client): %w", names[0], run.ErrNotFound)
}

// dump writes a dump to w; names are the database and, if not all of it is meant,
// its tables.
func (c *client) dump(ctx context.Context, w io.Writer, args []string, names ...string) error {
	base := []string{"--single-transaction", "--quick", "--skip-lock-tables", "--skip-add-locks", "--hex-blob", "--default-character-set=utf8mb4",
		// One transaction a statement: a table that is too big for one must still load.
		"--loose-skip-no-autocommit"}
	cmd, err := c.command([]string{"mariadb-dump", "mysqldump"}, append(append(append(base, args...), "--"), names...)...)
	if err != nil {
		return err
	}
	cmd.Stdout = w
	_, err = run.Run(ctx, cmd)
	return err
}

// load feeds the statements of r to database. binary-mode keeps the client from
// taking anything in the data for a command of its own.
func (c *client) load(ctx context.Context, r io.Reader, database string) error {
	args := []string{"--binary-mode", "--default-character-set=utf8mb4"}
	maria, err := c.m.flavour(ctx)
	if err != nil {
		return err
	}
	if maria {
		args = append(args, "--init-command=SET SESSION "+strings.Join(mariaSettings, ", "))
	}
	cmd, err := c.command([]string{"mariadb", "mysql"}, append(args, "--", database)...)
	if err != nil {
		return err
	}
	cmd.Stdin = r
	_, err = run.Run(ctx, cmd)
	return err
}

// pipe dumps and loads at the same time; either failing ends the other.
func pipe(ctx context.Context, dump func(context.Context, io.Writer) error, load func(context.Context, io.Reader) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	dumped := make(chan error, 1)
	go func() {
		err := dump(ctx, w)
		_ = w.Close()
		if err != nil {
			cancel() // before load can take the end of the stream for the end of the data
		}
		dumped <- err
	}()
	loaded := load(ctx, r)
	if loaded != nil {
		cancel()
	}
	_ = r.Close() // a dump that is blocked on writing ends
	return errors.Join(<-dumped, loaded)
}

// dumpLoad copies t through the server's programs, and compares.
func (c *clone) dumpLoad(ctx context.Context, s *session, t *table) (int64, error) {
	if err := s.exec(ctx, "DROP TABLE IF EXISTS "+at(c.to, t.name)); err != nil {
		return 0, err
	}
	tool, err := c.client()
	if err != nil {
		return 0, err
	}
	defer tool.close()
	args := []string{"--skip-triggers"}
	if t.rowless() {
		args = append(args, "--no-data")
	}
	err = pipe(ctx,
		func(ctx context.Context, w io.Writer) error {
			return tool.dump(ctx, w, args, c.from, t.name)
		},
		func(ctx context.Context, r io.Reader) error { return tool.load(ctx, r, c.to) })
	if err != nil || t.rowless() {
		return 0, err
	}
	rows, err := s.count(ctx, c.to, t.name)
	if err != nil {
		return 0, err
	}
	return rows, c.compare(ctx, s, t, -1)
}

package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

// MySQL is the engine for MariaDB and MySQL servers. Its account needs the
// rights of an administrator over databases and accounts. It is safe for
// concurrent use; Close it at the end.
type MySQL struct {
	cfg Server
	db  *sql.DB
	// maria tells MariaDB from MySQL; known after the first connection.
	once  sync.Mutex
	known bool
	maria bool
}

// Server says where a server is and who we are there. Printing it shows no
// password.
type Server struct {
	Socket   string // path of the server's unix socket; wins over Addr
	Addr     string // host:port
	User     string
	Password Secret
	// Prefix begins the name of every database and account that we may create or
	// drop, such as "bot_". It must have two characters or more.
	Prefix string
	// AccountHost is the host part of accounts made by CreateUser; empty means
	// localhost.
	AccountHost string
}

// OpenMySQL returns the engine for a server. It does not connect yet.
func OpenMySQL(s Server) (*MySQL, error) {
	if s.Socket == "" && s.Addr == "" {
		return nil, errors.New("database server: neither a socket nor an address is set")
	}
	c := mysql.NewConfig()
	c.User, c.Passwd = s.User, string(s.Password)
	c.Net, c.Addr = "unix", s.Socket
	if s.Socket == "" {
		c.Net, c.Addr = "tcp", s.Addr
	}
	c.Timeout = 10 * time.Second
	c.Logger = &mysql.NopLogger{}
	c.Collation = "utf8mb4_general_ci"
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, fmt.Errorf("database server: %w", err)
	}
	db := sql.OpenDB(connector)
	// Sessions are changed by what runs in them, so none is used twice.
	db.SetMaxIdleConns(0)
	return &MySQL{cfg: s, db: db}, nil
}

// Close ends the engine. Copies under way fail.
func (m *MySQL) Close() error { return m.db.Close() }

// flavour asks the server once whether it is MariaDB.
func (m *MySQL) flavour(ctx context.Context) (maria bool, err error) {
	m.once.Lock()
	defer m.once.Unlock()
	if m.known {
		return m.maria, nil
	}
	var version string
	if err := m.db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return false, fmt.Errorf("database server: %w", err)
	}
	m.known, m.maria = true, strings.Contains(version, "MariaDB")
	return m.maria, nil
}

// A session is one connection with the settings that copying needs.
type session struct {
	*sql.Conn
	id    int64 // the server's number of the connection
	maria bool
}

// settings make a copy mean the same as its source, whatever the server's
// defaults are. unique_checks stays on: off, InnoDB of MariaDB 10.11 sorts each
// table through temporary files, which we measured at twice the processor time
// and four times the writing of a plain INSERT ... SELECT.
var settings = []string{
	"sql_mode = 'NO_AUTO_VALUE_ON_ZERO'", // ids of 0 and dates of 0 are data
	"foreign_key_checks = 0",             // tables come in any order
	"wait_timeout = 28800, net_write_timeout = 3600, net_read_timeout = 3600",
	"sql_big_selects = 1, sql_select_limit = DEFAULT, sql_quote_show_create = 1",
	"innodb_strict_mode = 0", // row formats that newer servers frown upon
	"lock_wait_timeout = 60",
}

// mariaSettings exist on MariaDB alone.
var mariaSettings = []string{
	"check_constraint_checks = 0", // rows older than a CHECK are data too
	"max_statement_time = 0",
}

// session opens a connection for copying; close it.
func (m *MySQL) session(ctx context.Context) (*session, error) {
	maria, err := m.flavour(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := m.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to the database server: %w", err)
	}
	s := &session{Conn: conn, maria: maria}
	list := settings
	if maria {
		list = slices.Concat(settings, mariaSettings)
	}
	// Reads of the source take no row locks when they are READ COMMITTED.
	err = s.exec(ctx, "SET SESSION "+strings.Join(list, ", "), "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
	if err == nil {
		err = conn.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&s.id)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return s, nil
}

// exec runs statements one after the other.
func (s *session) exec(ctx context.Context, statements ...string) error {
	for _, text := range statements {
		if _, err := s.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", brief(text), err)
		}
	}
	return nil
}

// strings returns the first column of what query gives.
func (s *session) strings(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// brief is the beginning of a statement, for errors. Data and passwords never
// stand in a statement's first words.
func brief(statement string) string {
	const most = 60
	line := strings.Join(strings.Fields(statement), " ")
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + "…"
	}
	return line
}

// kill ends connections on the server. Closing ours is not enough: a statement
// whose client has gone runs on to its end.
func (m *MySQL) kill(ctx context.Context, ids ...int64) {
	for _, id := range ids {
		// An unknown id is one that has ended by itself.
		_, _ = m.db.ExecContext(ctx, fmt.Sprintf("KILL %d", id))
	}
}

// quote returns name as an identifier.
func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// at returns the qualified identifier of a table.
func at(database, table string) string { return quote(database) + "." + quote(table) }

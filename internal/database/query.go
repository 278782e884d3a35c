package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Bounds of Reader.Query. What a CMS keeps of its schema is far below them: the
// largest list of modules we know has some hundred kilobytes.
const (
	queryRows  = 10_000
	queryBytes = 8 << 20
	queryTime  = 30 * time.Second
)

// ErrTooMuch says that a query gave more than may be read at once.
var ErrTooMuch = errors.New("more than may be read at once")

// A Reader reads single values of a database, such as the version of a schema.
type Reader interface {
	// Query runs one SELECT in the database named and returns its rows, NULL as
	// "". It cannot change anything. More than 10,000 rows or 8 MB are ErrTooMuch,
	// more than 30 s an error; ErrMissing and ErrPartial as for Size.
	Query(ctx context.Context, database, query string, args ...any) ([][]string, error)
}

var errSlow = fmt.Errorf("the query took longer than %v", queryTime)

// Query implements Reader, in a read-only transaction. Views are refused: one
// that runs as whoever reads it would run as us and see other sites' databases.
func (m *MySQL) Query(ctx context.Context, name, query string, args ...any) ([][]string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, queryTime, errSlow)
	defer cancel()
	rows, err := m.query(ctx, name, query, args)
	if err != nil {
		return nil, fmt.Errorf("read database %s: %w", name, cause(ctx, err))
	}
	return rows, nil
}

// cause is err together with why ctx ended, if it did.
func cause(ctx context.Context, err error) error {
	if why := context.Cause(ctx); err != nil && why != nil && !errors.Is(err, why) {
		return fmt.Errorf("%w: %w", why, err)
	}
	return err
}

func (m *MySQL) query(ctx context.Context, name, query string, args []any) ([][]string, error) {
	if err := m.complete(ctx, name); err != nil {
		return nil, err
	}
	s, err := m.session(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	// A statement whose client has gone runs on in the server unless it is bounded.
	limit := "SET SESSION max_execution_time = 30000"
	if s.maria {
		limit = "SET SESSION max_statement_time = 30"
	}
	// A transaction that is read-only would not stop DROP TABLE, which ends it.
	if err := s.exec(ctx, limit, "SET SESSION TRANSACTION READ ONLY", "USE "+quote(name)); err != nil {
		return nil, err
	}
	if err := s.refuseViews(ctx, name, query); err != nil {
		return nil, err
	}
	return readOnly(ctx, s.Conn, query, args)
}

// refuseViews fails if query has the name of a view.
func (s *session) refuseViews(ctx context.Context, database, query string) error {
	const find = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND TABLE_TYPE = 'VIEW'"
	asked := map[string]bool{}
	for _, t := range (dialect{}).tokens(query) {
		if t.kind == other || asked[t.name] {
			continue
		}
		asked[t.name] = true
		var view string
		switch err := s.QueryRowContext(ctx, find, database, t.name).Scan(&view); {
		case err == nil:
			return fmt.Errorf("%s is a view, which is not read", view)
		case !errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("look for views: %w", err)
		}
	}
	return nil
}

// Query implements Reader.
func (s SQLite) Query(ctx context.Context, path, query string, args ...any) ([][]string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, queryTime, errSlow)
	defer cancel()
	fail := func(err error) ([][]string, error) {
		return nil, fmt.Errorf("read database %s: %w", path, cause(ctx, err))
	}
	if _, err := s.Size(ctx, path); err != nil {
		return fail(err)
	}
	db := s.open(path)
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fail(err)
	}
	defer conn.Close()
	// Foreign schemas may hold views that call functions; those may do no harm.
	for _, pragma := range []string{"PRAGMA query_only = 1", "PRAGMA trusted_schema = 0"} {
		if _, err := conn.ExecContext(ctx, pragma); err != nil {
			return fail(err)
		}
	}
	rows, err := readOnly(ctx, conn, query, args)
	if err != nil {
		return fail(err)
	}
	return rows, nil
}

// readOnly runs query in a transaction that cannot write.
func readOnly(ctx context.Context, conn *sql.Conn, query string, args []any) ([][]string, error) {
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return bounded(rows)
}

// bounded reads all of rows as text, up to the bounds of Reader.
func bounded(rows *sql.Rows) ([][]string, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all [][]string
	values, places := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	size := 0
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		row := make([]string, len(columns))
		for i, v := range values {
			row[i] = v.String
			size += len(v.String)
		}
		if all = append(all, row); len(all) > queryRows || size > queryBytes {
			return nil, fmt.Errorf("%w: at most %d rows or %d bytes", ErrTooMuch, queryRows, queryBytes)
		}
	}
	return all, rows.Err()
}

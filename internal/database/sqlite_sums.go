package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"
)

// querier is a connection or a pool of them.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// count adds the tables and rows of m.
func (r *Report) count(m Mark) {
	for _, sum := range m.Tables {
		r.Tables++
		r.Rows += sum.Rows
	}
}

// ident returns name as an SQLite identifier.
func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// sums marks all ordinary tables that match no pattern in skip. Rows of virtual
// tables stand in ordinary ones, their shadows.
func sums(ctx context.Context, q querier, skip []string) (Mark, error) {
	mark := Mark{At: time.Now().UTC(), Tables: map[string]Sum{}}
	rows, err := q.QueryContext(ctx, "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY name")
	if err != nil {
		return mark, err
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return mark, errors.Join(err, rows.Close())
		}
		names = append(names, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return mark, err
	}
	for _, name := range names {
		matched, err := matchAny(skip, name)
		if err != nil {
			return mark, err
		}
		if matched {
			continue
		}
		if mark.Tables[name], err = sumTable(ctx, q, name); err != nil {
			return mark, fmt.Errorf("table %s: %w", name, err)
		}
	}
	return mark, nil
}

// sumTable adds up the hashes of all rows, so that their order is nothing.
func sumTable(ctx context.Context, q querier, name string) (Sum, error) {
	rows, err := q.QueryContext(ctx, "SELECT * FROM "+ident(name))
	if err != nil {
		return Sum{}, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return Sum{}, err
	}
	values, places := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	var total uint64
	var n int64
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return Sum{}, err
		}
		h := fnv.New64a()
		for _, v := range values {
			text := fmt.Sprint(v)
			fmt.Fprintf(h, "%T %d %s", v, len(text), text)
		}
		total += h.Sum64()
		n++
	}
	return Sum{Rows: n, Hash: fmt.Sprintf("%016x", total)}, rows.Err()
}

// empty deletes the rows of the tables that are to be left out from the copy in
// path, whose content is m, and says what remains.
func (s SQLite) empty(ctx context.Context, path string, m Mark, o Options) (Report, error) {
	report := Report{Verified: ByChecksum}
	report.count(m)
	db := s.open(path)
	defer db.Close()
	for name, sum := range m.Tables {
		matched, err := matchAny(o.SkipRows, name)
		if err != nil {
			return report, err
		}
		if !matched || strings.HasPrefix(name, "sqlite_") {
			continue
		}
		// Keys are not enforced on this connection, so nothing else is deleted.
		if _, err := db.ExecContext(ctx, "DELETE FROM "+ident(name)); err != nil {
			return report, fmt.Errorf("leave out the rows of %s: %w", name, err)
		}
		report.Rows -= sum.Rows
	}
	// The write-ahead log of the copy, if it has one, goes into the file.
	if _, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return report, err
	}
	return report, nil
}

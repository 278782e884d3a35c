package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/go-sql-driver/mysql"
)

// copier returns the function that copies one of total tables.
func (c *clone) copier(total int) tableFunc {
	var mu sync.Mutex
	return func(ctx context.Context, s *session, t *table) error {
		rows, err := c.copyTable(ctx, s, t)
		fallback := ""
		if err != nil && ctx.Err() == nil && ordinary(err) && t.kind != "SEQUENCE" {
			fallback = fmt.Sprintf("table %s was dumped and loaded, because: %v", t.name, err)
			rows, err = c.dumpLoad(ctx, s, t)
			if err != nil {
				err = fmt.Errorf("%w (tried after: %s)", err, fallback)
			}
		}
		if err != nil {
			return fmt.Errorf("table %s: %w", t.name, err)
		}
		mu.Lock()
		defer mu.Unlock()
		c.report.Tables++
		c.report.Rows += rows
		if fallback != "" {
			c.report.Fallbacks = append(c.report.Fallbacks, fallback)
		}
		if t.kind == "SYSTEM VERSIONED" {
			c.report.Fallbacks = append(c.report.Fallbacks, "table "+t.name+" was copied without the history of its rows")
		}
		if c.o.Progress != nil {
			c.o.Progress(Progress{Table: t.name, Tables: c.report.Tables, Total: total, Rows: c.report.Rows})
		}
		return nil
	}
}

// copyTable makes t in the new database, copies its rows and compares them.
func (c *clone) copyTable(ctx context.Context, s *session, t *table) (int64, error) {
	if err := s.exec(ctx, "USE "+quote(c.to)); err != nil {
		return 0, err
	}
	def, err := s.definition(ctx, c.from, t)
	if err != nil {
		return 0, err
	}
	// A default may call a sequence by its qualified name.
	def.create = move{from: c.from, to: c.to, known: c.names}.apply(dialect{}.tokens(def.create))
	if err := s.exec(ctx, def.create); err != nil || t.rowless() {
		return 0, err
	}
	var columns []string
	for _, name := range t.columns {
		columns = append(columns, quote(name))
	}
	list := strings.Join(columns, ", ")
	result, err := s.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s",
		at(c.to, t.name), list, list, at(c.from, t.name)))
	if err != nil {
		return 0, fmt.Errorf("insert select: %w", err)
	}
	rows, err := result.RowsAffected()
	if err != nil {
		return 0, err
	}
	if def.finish != "" {
		if err := s.exec(ctx, "ALTER TABLE "+at(c.to, t.name)+" "+def.finish); err != nil {
			return 0, err
		}
	}
	return rows, c.compare(ctx, s, t, rows)
}

// compare fails unless the copy of t has rows rows and, when the source is held,
// the source's checksum. rows below zero means: count the source.
func (c *clone) compare(ctx context.Context, s *session, t *table, rows int64) error {
	if t.kind == "SEQUENCE" {
		return nil
	}
	if rows < 0 {
		n, err := s.count(ctx, c.from, t.name)
		if err != nil {
			return err
		}
		rows = n
	}
	have, err := s.count(ctx, c.to, t.name)
	if err != nil {
		return err
	}
	if have != rows {
		return fmt.Errorf("%d rows instead of %d: %w", have, rows, ErrMismatch)
	}
	if c.o.Hot || t.kind == "SYSTEM VERSIONED" {
		return nil
	}
	want, err := s.checksum(ctx, c.from, t.name)
	if err != nil {
		return err
	}
	got, err := s.checksum(ctx, c.to, t.name)
	if err == nil && got != want {
		err = fmt.Errorf("checksum %s instead of %s: %w", got, want, ErrMismatch)
	}
	return err
}

func (s *session) count(ctx context.Context, database, name string) (n int64, err error) {
	if err = s.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+at(database, name)).Scan(&n); err != nil {
		err = fmt.Errorf("count: %w", err)
	}
	return n, err
}

// checksum is the sum of the checksums of all rows, so their order is nothing.
func (s *session) checksum(ctx context.Context, database, name string) (string, error) {
	var table string
	var sum sql.NullString
	if err := s.QueryRowContext(ctx, "CHECKSUM TABLE "+at(database, name)+" EXTENDED").Scan(&table, &sum); err != nil {
		return "", fmt.Errorf("checksum: %w", err)
	}
	if !sum.Valid {
		return "", errors.New("the server cannot compute a checksum")
	}
	return sum.String, nil
}

// serverTrouble are errors that another way of copying would meet as well:
// shutdown, killed, disk or table space full, out of memory.
var serverTrouble = []uint16{1021, 1030, 1034, 1037, 1041, 1053, 1114, 1194, 1317, 1927}

// ordinary reports whether err is about one table, not about the server or the
// way to it.
func ordinary(err error) bool {
	var said *mysql.MySQLError
	if errors.As(err, &said) {
		return !slices.Contains(serverTrouble, said.Number)
	}
	return errors.Is(err, ErrMismatch)
}

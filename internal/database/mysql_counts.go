package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Writes implements Counter. What MariaDB counts was measured with 10.11: a row
// is counted when its statement ends, whether or not the connection stays open or
// the transaction is committed; under LOCK TABLES when the tables are unlocked.
// TRUNCATE, DELETE of everything in a MyISAM or Aria table, and cascades are not
// counted, so numbers, times of creation and times of commits are looked at too.
func (m *MySQL) Writes(ctx context.Context, name string, skip []string) (Counts, error) {
	fail := func(err error) (Counts, error) {
		return Counts{}, fmt.Errorf("count the writes of database %s: %w", name, err)
	}
	if err := m.complete(ctx, name); err != nil {
		return fail(err)
	}
	s, err := m.session(ctx)
	if err != nil {
		return fail(err)
	}
	defer s.Close()
	c, counters, err := s.counting(ctx)
	if err != nil {
		return fail(err)
	}
	if c.By != Checksums {
		switch err := s.countTables(ctx, &c, counters, name, skip); {
		case err == nil:
			return c, nil
		case !denied(err):
			return fail(err)
		}
	}
	mark, err := m.Mark(ctx, name, skip)
	if err != nil {
		return fail(err)
	}
	return mark.counted(), nil
}

const (
	userstatRows = `SELECT TABLE_NAME AS name, ROWS_CHANGED AS n FROM information_schema.TABLE_STATISTICS WHERE TABLE_SCHEMA = ?`
	performRows  = `SELECT OBJECT_NAME AS name, COUNT_WRITE AS n FROM performance_schema.table_io_waits_summary_by_table
		WHERE OBJECT_TYPE = 'TABLE' AND OBJECT_SCHEMA = ?`
	// performing is true if each write to any table of people's is counted.
	performing = `SELECT @@performance_schema = 1
		AND EXISTS (SELECT 1 FROM performance_schema.setup_instruments WHERE NAME = 'wait/io/table/sql/handler' AND ENABLED = 'YES')
		AND EXISTS (SELECT 1 FROM performance_schema.setup_consumers WHERE NAME = 'global_instrumentation' AND ENABLED = 'YES')
		AND EXISTS (SELECT 1 FROM performance_schema.setup_objects WHERE OBJECT_TYPE = 'TABLE' AND OBJECT_SCHEMA = '%' AND OBJECT_NAME = '%' AND ENABLED = 'YES')
		AND NOT EXISTS (SELECT 1 FROM performance_schema.setup_objects WHERE OBJECT_TYPE = 'TABLE' AND ENABLED <> 'YES'
			AND OBJECT_SCHEMA NOT IN ('mysql', 'performance_schema', 'information_schema'))`
	lost = `SELECT COALESCE(SUM(VARIABLE_VALUE), 0) FROM %s.global_status
		WHERE VARIABLE_NAME IN ('Performance_schema_table_instances_lost', 'Performance_schema_table_handles_lost')`
	// Both are as of the beginning of the statement, so that their difference is
	// the same for the whole life of a server.
	started = "SELECT CAST(UNIX_TIMESTAMP() - VARIABLE_VALUE AS CHAR) FROM %s.global_status WHERE VARIABLE_NAME = 'Uptime'"
)

// counting finds out how the server counts, switching it on where that can be
// done, and returns the query for the counters.
func (s *session) counting(ctx context.Context) (c Counts, counters string, err error) {
	c.At, c.Turn = time.Now().UTC(), s.id
	schema := "performance_schema"
	if s.maria {
		schema = "information_schema"
	}
	if err := s.QueryRowContext(ctx, fmt.Sprintf(started, schema)).Scan(&c.Start); err != nil {
		return c, "", fmt.Errorf("when the server was started: %w", err)
	}
	if s.maria {
		on, fresh, err := s.userstat(ctx)
		if on || err != nil {
			c.By, c.Fresh = Userstat, fresh
			return c, userstatRows, err
		}
	}
	var on bool
	if err := s.QueryRowContext(ctx, performing).Scan(&on); err != nil && !denied(err) {
		return c, "", fmt.Errorf("performance schema: %w", err)
	}
	if on {
		var missed int64
		if err := s.QueryRowContext(ctx, fmt.Sprintf(lost, schema)).Scan(&missed); err != nil {
			return c, "", fmt.Errorf("performance schema: %w", err)
		}
		on = missed == 0
	}
	if c.By = PerformanceSchema; !on {
		c.By = Checksums
	}
	return c, performRows, nil
}

// userstat reports whether MariaDB's statistics are on, and whether they are only
// since now, by us.
func (s *session) userstat(ctx context.Context) (on, fresh bool, err error) {
	if err := s.QueryRowContext(ctx, "SELECT @@GLOBAL.userstat").Scan(&on); err != nil || on {
		return on, false, err
	}
	err = s.exec(ctx, "SET GLOBAL userstat = 1")
	if denied(err) {
		return false, false, nil
	}
	return err == nil, true, err
}

// denied reports whether the server refused err's statement for want of a right.
func denied(err error) bool {
	var said *mysql.MySQLError
	return errors.As(err, &said) && slices.Contains([]uint16{1044, 1045, 1142, 1143, 1227, 1370}, said.Number)
}

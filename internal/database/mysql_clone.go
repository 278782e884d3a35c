package database

import (
	"context"
	"fmt"
	"time"
)

// Clone implements Cloner. The rows go from table to table inside the server:
// INSERT ... SELECT on Options.Parallel connections.
func (m *MySQL) Clone(ctx context.Context, from, to string, o Options) (Report, error) {
	begin := time.Now()
	fail := func(err error) (Report, error) {
		return Report{}, fmt.Errorf("clone database %s to %s: %w", from, to, err)
	}
	if err := m.complete(ctx, from); err != nil {
		return fail(err)
	}
	if err := m.checkAccount(ctx, o.Definer); err != nil {
		return fail(err)
	}
	disk, err := m.volume(ctx)
	if err == nil {
		err = disk.check(0)
	}
	if err != nil {
		return fail(err)
	}
	ctx, stop := disk.watch(ctx)
	defer stop()
	w, err := m.begin(ctx, to)
	if err != nil {
		return fail(err)
	}
	c := &clone{MySQL: m, work: w, disk: disk, from: from, to: to, o: o}
	err = c.run(ctx)
	if err = w.end(ctx, err); err != nil {
		return fail(err)
	}
	c.report.Took = time.Since(begin)
	return c.report, nil
}

// clone is one copy under way.
type clone struct {
	*MySQL
	work     *work
	disk     volume
	from, to string
	o        Options
	names    map[string]bool // of everything in from that can be qualified
	report   Report
}

func (c *clone) run(ctx context.Context) error {
	if err := c.createLike(ctx); err != nil {
		return err
	}
	guard, err := c.work.session(ctx)
	if err != nil {
		return err
	}
	defer guard.Close()
	list, err := c.hold(ctx, guard)
	if err != nil {
		return err
	}
	if err := c.disk.check(needed(c.rowBytes(list))); err != nil {
		return err
	}
	// Defaults of tables may call sequences.
	sequences, rest := split(list, func(t *table) bool { return t.kind == "SEQUENCE" })
	do := c.copier(len(list))
	for _, part := range [][]*table{sequences, rest} {
		if err := c.work.parallel(ctx, c.o.Parallel, part, do); err != nil {
			return err
		}
	}
	if err := c.programs(ctx, c.from); err != nil {
		return err
	}
	// If this connection was lost, so was the lock, and nobody knows since when.
	return guard.exec(ctx, "UNLOCK TABLES")
}

// rowBytes is the size of the tables in list whose rows are copied.
func (c *clone) rowBytes(list []*table) (bytes int64) {
	for _, t := range list {
		if !t.rowless() {
			bytes += t.bytes
		}
	}
	return bytes
}

// split parts those of list for which is holds from the others.
func split(list []*table, is func(*table) bool) (those, others []*table) {
	for _, t := range list {
		if is(t) {
			those = append(those, t)
		} else {
			others = append(others, t)
		}
	}
	return those, others
}

// createLike makes the new database with the defaults of the source, which its
// tables and routines inherit.
func (c *clone) createLike(ctx context.Context) error {
	charset, collation, err := c.defaults(ctx, c.from)
	if err != nil {
		return err
	}
	return c.createDatabase(ctx, charset, collation)
}

// createDatabase makes the new database.
func (c *clone) createDatabase(ctx context.Context, charset, collation string) error {
	_, err := c.db.ExecContext(ctx, fmt.Sprintf("CREATE DATABASE %s CHARACTER SET %s COLLATE %s", quote(c.to), charset, collation))
	if err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return nil
}

// defaults returns the default character set and collation of a database.
func (m *MySQL) defaults(ctx context.Context, database string) (charset, collation string, err error) {
	err = m.db.QueryRowContext(ctx, `SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME
		FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?`, database).Scan(&charset, &collation)
	if err != nil {
		err = fmt.Errorf("read the defaults of database %s: %w", database, err)
	}
	return charset, collation, err
}

// hold lists the tables to copy and, unless the copy is a hot one, locks them
// all against writing, through guard, for as long as guard lives.
func (c *clone) hold(ctx context.Context, guard *session) ([]*table, error) {
	list, err := guard.tables(ctx, c.from)
	if err != nil {
		return nil, err
	}
	if !c.o.Hot && len(list) > 0 {
		if err := guard.exec(ctx, lockAll(c.from, list)); err != nil {
			return nil, err
		}
	}
	if err := guard.columns(ctx, c.from, list); err != nil {
		return nil, err
	}
	if err := guard.fileSizes(ctx, c.from, list); err != nil {
		return nil, err
	}
	if err := guard.skip(ctx, c.from, list, c.o.SkipRows); err != nil {
		return nil, err
	}
	if c.names, err = guard.names(ctx, c.from); err != nil {
		return nil, err
	}
	c.report.Verified = ByChecksum
	if c.o.Hot {
		c.report.Verified = ByCount
	}
	for _, t := range list {
		c.report.Bytes += t.bytes
	}
	return list, nil
}

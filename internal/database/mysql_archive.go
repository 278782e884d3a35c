package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Mark implements Observer.
func (m *MySQL) Mark(ctx context.Context, name string, skip []string) (Mark, error) {
	s, err := m.session(ctx)
	if err != nil {
		return Mark{}, err
	}
	defer s.Close()
	list, err := s.tables(ctx, name)
	if err != nil {
		return Mark{}, err
	}
	var chosen []*table
	for _, t := range list {
		matched, err := matchAny(skip, t.name)
		if err != nil {
			return Mark{}, err
		}
		if !matched && t.kind != "SEQUENCE" {
			chosen = append(chosen, t)
		}
	}
	mark, err := m.mark(ctx, name, chosen)
	if err != nil {
		return Mark{}, fmt.Errorf("mark database %s: %w", name, err)
	}
	return mark, nil
}

// mark counts and sums up the tables in list.
func (m *MySQL) mark(ctx context.Context, name string, list []*table) (Mark, error) {
	mark := Mark{At: time.Now().UTC(), Tables: map[string]Sum{}}
	var mu sync.Mutex
	team := &crew{m: m}
	err := team.parallel(ctx, 0, list, func(ctx context.Context, s *session, t *table) error {
		sum, err := s.sum(ctx, name, t.name)
		mu.Lock()
		defer mu.Unlock()
		mark.Tables[t.name] = sum
		return err
	})
	return mark, err
}

// sum counts and sums up one table.
func (s *session) sum(ctx context.Context, database, name string) (sum Sum, err error) {
	if sum.Rows, err = s.count(ctx, database, name); err == nil {
		sum.Hash, err = s.checksum(ctx, database, name)
	}
	if err != nil {
		return sum, fmt.Errorf("table %s: %w", name, err)
	}
	return sum, nil
}

// Dump implements Archiver, by mariadb-dump (or mysqldump) in PATH.
func (m *MySQL) Dump(ctx context.Context, name, file string, o Options) (Archive, error) {
	a := Archive{Engine: "mysql", Source: name}
	err := m.dump(ctx, &a, file, o)
	if err != nil {
		return Archive{}, fmt.Errorf("dump database %s: %w", name, cause(ctx, err))
	}
	return a, nil
}

func (m *MySQL) dump(ctx context.Context, a *Archive, file string, o Options) error {
	if err := m.complete(ctx, a.Source); err != nil {
		return err
	}
	ctx, stop := volume(filepath.Dir(file)).watch(ctx)
	defer stop()
	tool, err := m.client()
	if err != nil {
		return err
	}
	defer tool.close()
	guard, err := m.session(ctx)
	if err != nil {
		return err
	}
	defer guard.Close()
	c := &clone{MySQL: m, from: a.Source, o: o}
	list, err := c.hold(ctx, guard)
	if err != nil {
		return err
	}
	a.Size = c.rowBytes(list)
	a.Names = slices.Sorted(maps.Keys(c.names))
	if a.Charset, a.Collation, err = m.defaults(ctx, a.Source); err != nil {
		return err
	}
	if err := c.describe(ctx, guard, a, list); err != nil {
		return err
	}
	args := []string{"--routines", "--events", "--triggers"}
	for _, t := range list {
		if t.empty {
			args = append(args, "--ignore-table-data="+a.Source+"."+t.name)
		}
	}
	dump := func(ctx context.Context, w io.Writer) error { return tool.dump(ctx, w, args, a.Source) }
	if o.Hot {
		return cause(ctx, writeArchive(file, a, c.dumpHot(ctx, a, list, dump)))
	}
	return cause(ctx, writeArchive(file, a, func(w io.Writer) error {
		if err := dump(ctx, w); err != nil {
			return err
		}
		return guard.exec(ctx, "UNLOCK TABLES") // fails if the lock was lost meanwhile
	}))
}

// describe sets the mark of an archive that is about to be written. With
// Options.Hot nothing is known of tables yet.
func (c *clone) describe(ctx context.Context, s *session, a *Archive, list []*table) error {
	var full []*table
	for _, t := range list {
		if !t.rowless() && t.kind == "BASE TABLE" {
			full = append(full, t)
		}
	}
	a.Mark = Mark{At: time.Now().UTC(), Tables: map[string]Sum{}}
	if !c.o.Hot {
		var err error
		if a.Mark, err = c.mark(ctx, c.from, full); err != nil {
			return err
		}
	}
	inexact, err := s.floats(ctx, c.from)
	if err != nil {
		return err
	}
	for _, t := range list {
		t.inexact = inexact[t.name]
		sum, known := a.Mark.Tables[t.name]
		switch {
		case t.kind == "SEQUENCE":
			continue
		case t.empty:
			sum = Sum{}
		case !known:
			sum = Sum{Rows: -1}
		case t.inexact:
			sum.Hash = ""
		}
		a.Mark.Tables[t.name] = sum
	}
	return nil
}

// floats returns the tables with a FLOAT column: a dump rounds those to six
// digits, so that a checksum after loading may differ.
func (s *session) floats(ctx context.Context, database string) (map[string]bool, error) {
	rows, err := s.QueryContext(ctx, "SELECT DISTINCT TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND DATA_TYPE = 'float'", database)
	if err != nil {
		return nil, fmt.Errorf("list columns: %w", err)
	}
	defer rows.Close()
	tables := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list columns: %w", err)
		}
		tables[name] = true
	}
	return tables, rows.Err()
}

// Restore implements Archiver, by mariadb (or mysql) in PATH.
func (m *MySQL) Restore(ctx context.Context, file, to string, o Options) (Report, error) {
	begin := time.Now()
	disk, err := m.volume(ctx)
	if err == nil {
		err = errors.Join(disk.check(0), m.checkAccount(ctx, o.Definer))
	}
	ctx, stop := disk.watch(ctx)
	defer stop()
	var w *work
	if err == nil {
		w, err = m.begin(ctx, to)
	}
	if err != nil {
		return Report{}, fmt.Errorf("restore database %s: %w", to, err)
	}
	var report Report
	err = readArchive(file, "mysql", func(a Archive, r io.Reader) error {
		c := &clone{MySQL: m, work: w, disk: disk, from: a.Source, to: to, o: o}
		err := c.restore(ctx, a, r)
		report = c.report
		return err
	})
	if err = w.end(ctx, err); err != nil {
		return Report{}, fmt.Errorf("restore database %s: %w", to, err)
	}
	report.Took = time.Since(begin)
	return report, nil
}

func (c *clone) restore(ctx context.Context, a Archive, content io.Reader) error {
	if err := c.disk.check(needed(a.Size)); err != nil {
		return err
	}
	if !plainName.MatchString(a.Charset) || !plainName.MatchString(strings.ToLower(a.Collation)) {
		return errors.New("the archive names an odd character set")
	}
	if err := c.createDatabase(ctx, a.Charset, a.Collation); err != nil {
		return err
	}
	tool, err := c.client()
	if err != nil {
		return err
	}
	defer tool.close()
	if err := tool.load(ctx, newDumpMover(content, move{from: a.Source, to: c.to, known: a.names()}), c.to); err != nil {
		return err
	}
	got, err := c.Mark(ctx, c.to, nil)
	if err != nil {
		return err
	}
	if err := a.Mark.verify(got); err != nil {
		return err
	}
	if c.names, err = c.work.lock.names(ctx, c.to); err != nil {
		return err
	}
	for _, sum := range got.Tables {
		c.report.Tables++
		c.report.Rows += sum.Rows
	}
	c.report.Bytes = a.Size
	c.report.Verified, c.report.Fallbacks = a.Mark.strictness()
	return c.programs(ctx, c.to)
}

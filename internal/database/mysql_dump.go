package database

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"time"
)

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

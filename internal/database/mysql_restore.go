package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

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

package database

import (
	"bytes"
	"context"
	"io"
	"strings"

	"golang.org/x/sync/errgroup"
)

// A moment is a point in time at which nobody wrote to a database. A transaction,
// view, sees what there was; another program's transaction that is begun before
// lock is given up sees the same. Tables of other engines than InnoDB have no
// such views.
type moment struct {
	lock, view *session
	recent     []byte // the end of what the other program has written
}

// patience is how many seconds writers may wait for a moment that does not come,
// because some transaction goes on and on.
const patience = "2"

// moment makes one for the tables in list; nil if it does not come.
func (c *clone) moment(ctx context.Context, list []*table) (*moment, error) {
	lock, err := c.session(ctx)
	if err != nil {
		return nil, err
	}
	if err := lock.exec(ctx, "SET SESSION lock_wait_timeout = "+patience, lockAll(c.from, list)); err != nil {
		_ = lock.Close()
		if ctx.Err() != nil || !ordinary(err) {
			return nil, err
		}
		return nil, nil
	}
	view, err := c.session(ctx)
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	m := &moment{lock: lock, view: view}
	err = view.exec(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
	if err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// lockAll locks the tables in list, of database, against writing.
func lockAll(database string, list []*table) string {
	var locks []string
	for _, t := range list {
		locks = append(locks, at(database, t.name)+" READ")
	}
	return "LOCK TABLES " + strings.Join(locks, ", ")
}

// release lets writers go on.
func (m *moment) release() {
	if m.lock != nil {
		_ = m.lock.Close() // locks go with the connection
		m.lock = nil
	}
}

func (m *moment) close() {
	m.release()
	_ = m.view.Close()
}

// Write implements io.Writer: it sees a dump go by, and releases the lock when
// the first table is described, for then the dump's transaction has begun.
func (m *moment) Write(p []byte) (int, error) {
	if m.lock != nil {
		sign := []byte("-- Table structure for table")
		m.recent = append(m.recent, p...)
		if bytes.Contains(m.recent, sign) {
			m.release()
		}
		m.recent = bytes.Clone(m.recent[max(0, len(m.recent)-len(sign)):])
	}
	return len(p), nil
}

// dumpHot dumps a database that people write to and, at the same time, sums its
// tables up as of the moment of the dump.
func (c *clone) dumpHot(ctx context.Context, a *Archive, list []*table, dump func(context.Context, io.Writer) error) func(io.Writer) error {
	return func(w io.Writer) error {
		var m *moment
		if len(list) > 0 {
			var err error
			if m, err = c.moment(ctx, list); err != nil {
				return err
			}
		}
		if m == nil {
			return dump(ctx, w)
		}
		defer m.close()
		group, ctx := errgroup.WithContext(ctx)
		group.Go(func() error { return dump(ctx, io.MultiWriter(m, w)) })
		group.Go(func() error { return m.sums(ctx, a, list) })
		return group.Wait()
	}
}

// sums fills in what describe left open in the mark of a.
func (m *moment) sums(ctx context.Context, a *Archive, list []*table) error {
	for _, t := range list {
		if t.engine != "InnoDB" || t.kind != "BASE TABLE" || t.rowless() {
			continue
		}
		sum, err := m.view.sum(ctx, a.Source, t.name)
		if err != nil {
			return err
		}
		if t.inexact {
			sum.Hash = ""
		}
		a.Mark.Tables[t.name] = sum
	}
	return nil
}

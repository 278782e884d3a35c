package database

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// cleanup bounds what is done after a failure, when the context may be over.
const cleanup = 60 * time.Second

// work is the making of the database to. For its time there is a sign beside it,
// and a connection holds the lock that shows that somebody is at work: a lock of
// the server's, gone with the connection however we end.
type work struct {
	crew
	to   string
	lock *session
}

func sign(name string) string { return name + PartialSuffix }

// begin takes the lock, removes an incomplete to and sets the sign.
func (m *MySQL) begin(ctx context.Context, to string) (*work, error) {
	if err := checkOurs(m.cfg.Prefix, to); err != nil {
		return nil, err
	}
	w := &work{crew: crew{m: m}, to: to}
	lock, err := m.lock(ctx, to)
	if err != nil {
		return nil, err
	}
	w.lock = lock
	err = w.prepare(ctx)
	if err != nil {
		lock.release(ctx)
		return nil, err
	}
	return w, nil
}

// lock takes the lock of name on a connection, or fails with ErrBusy.
func (m *MySQL) lock(ctx context.Context, name string) (*session, error) {
	s, err := m.session(ctx)
	if err != nil {
		return nil, err
	}
	var got int
	err = s.QueryRowContext(ctx, "SELECT COALESCE(GET_LOCK(?, 0), 0)", sign(name)).Scan(&got)
	if err == nil && got != 1 {
		err = fmt.Errorf("%s %w", name, ErrBusy)
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// release gives the locks of s up at once; when a connection is merely closed,
// the server gets round to it a little later.
func (s *session) release(ctx context.Context) {
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanup)
	defer cancel()
	_ = s.exec(clean, "DO RELEASE_ALL_LOCKS()") // a lost connection holds none
	_ = s.Close()
}

func (w *work) prepare(ctx context.Context) error {
	err := w.m.complete(ctx, w.to)
	switch {
	case err == nil:
		return fmt.Errorf("%s %w", w.to, ErrExists)
	case errors.Is(err, ErrPartial):
		return w.m.dropBoth(ctx, w.to, true)
	case errors.Is(err, ErrMissing):
		_, err = w.m.db.ExecContext(ctx, "CREATE DATABASE "+quote(sign(w.to)))
	}
	return err
}

// end takes the sign away after success, which is the moment the copy counts as
// complete, and removes everything after a failure. It returns err, or what went
// wrong at the end.
func (w *work) end(ctx context.Context, err error) error {
	defer w.lock.release(ctx)
	if err == nil {
		// Whoever took the lock from us may have begun to remove our work.
		if err = w.lock.exec(ctx, "DO 1"); err == nil {
			err = w.lock.exec(ctx, "DROP DATABASE "+quote(sign(w.to)))
		}
	}
	if err == nil {
		return nil
	}
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanup)
	defer cancel()
	w.m.kill(clean, w.connections()...)
	if left := w.m.dropBoth(clean, w.to, false); left != nil {
		return fmt.Errorf("%w; its remainder is still there: %w", err, left)
	}
	if ctx.Err() != nil && !errors.Is(err, context.Cause(ctx)) {
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}

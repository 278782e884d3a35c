package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	mathrand "math/rand/v2"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// maxAttempts bounds how often a rule runs again because others were faster.
// At each conflict at least one of the rivals has won, so 24 rivals need 24.
const maxAttempts = 64

// Update implements fleet.Store.
func (s *Store) Update(ctx context.Context, fam fleet.Family, rule func(fleet.Tx) error) error {
	if err := checkFamily(fam); err != nil {
		return err
	}
	now, err := s.now(ctx, fam)
	if err != nil {
		return err
	}
	for attempt := range maxAttempts {
		t := &tx{ctx: ctx, store: s, family: fam, now: now, rows: map[fleet.Key]*row{}}
		err := rule(t)
		if t.fault != nil {
			return t.fault
		}
		if err != nil {
			return err
		}
		b := t.batch()
		if b == nil {
			return nil
		}
		if err := s.permitted(ctx, t); err != nil {
			return err
		}
		var v verdict
		if v, now, err = s.run(ctx, b); err != nil {
			return err
		}
		if v == committed || v == already {
			s.tell(fam, len(t.effects))
			if t.last == nil {
				return nil
			}
			return s.settle(ctx, fam, b.keys[0], t.last)
		}
		if v == fenced {
			return s.outlived()
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
	return fleet.Errorf(fleet.Later, "Too many changes were made at the same moment; nothing was changed.").
		WithHint("Try again.")
}

// tell nudges whoever carries effects in this process.
func (s *Store) tell(fam fleet.Family, effects int) {
	if effects > 0 && s.onEffects != nil {
		s.onEffects(fam)
	}
}

// now reads the clock of the server that keeps the family.
func (s *Store) now(ctx context.Context, fam fleet.Family) (time.Time, error) {
	node, err := s.masterOf(ctx, fam)
	if err != nil {
		return time.Time{}, away("find the family's server", err)
	}
	at, err := node.Time(ctx).Result()
	return at.UTC(), away("read the clock", err)
}

// newOp makes the id of a commit.
func newOp() string {
	var b [12]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// pause lets a rival finish: up to 1 ms after the first conflict, up to 32 ms
// from the sixth on.
func pause(ctx context.Context, attempt int) error {
	most := time.Millisecond << min(attempt, 5)
	timer := time.NewTimer(mathrand.N(most))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return away("wait for a rival", ctx.Err())
	}
}

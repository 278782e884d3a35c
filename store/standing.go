package store

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/distrobot/distrobot/fleet"
)

// standing is what is known of how the server keeps things. It is asked again
// when it is old, because its configuration can be changed while it runs; that
// costs one round trip each time, however much is approved.
type standing struct {
	trial   bool          // what would be lost may be
	lasts   time.Duration // how long an answer is believed
	trusted bool          // what the server does not tell is as it should be

	flight singleflight.Group
	mu     sync.Mutex
	is     Durability
	until  time.Time // by this machine's clock
}

// standingFor is how long an answer is believed by default.
const standingFor = 10 * time.Second

// standing asks the server unless it was asked a moment ago.
func (s *Store) standing(ctx context.Context) (Durability, error) {
	st := &s.stands
	st.mu.Lock()
	is, fresh := st.is, time.Now().Before(st.until)
	st.mu.Unlock()
	if fresh {
		return is, nil
	}
	got, err, _ := st.flight.Do("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ioTimeout) // it is not one caller's alone
		defer cancel()
		d, err := s.Durability(ctx)
		if err == nil {
			st.mu.Lock()
			st.is, st.until = d, time.Now().Add(st.lasts)
			st.mu.Unlock()
		}
		return d, err
	})
	if err != nil {
		return Durability{}, err
	}
	return got.(Durability), nil
}

// Keeps tells whether the storage may be trusted with what authorises: nil, or
// an Error of code Refused that says what would lose it and what to do; Later
// when it cannot be asked. For trials it is always nil. What the server does
// not tell counts as lost, unless Options.Trusted says otherwise.
func (s *Store) Keeps(ctx context.Context) error {
	if s.stands.trial {
		return nil
	}
	d, err := s.standing(ctx)
	if err != nil {
		return err
	}
	for _, weight := range []Weight{Loses, Untold} {
		for _, f := range d.Faults() {
			if f.Weight != weight || weight == Untold && s.stands.trusted {
				continue
			}
			text := "Redis would lose what is approved: "
			if weight == Untold {
				text = "It is not known whether Redis keeps what is approved: "
			}
			return fleet.Errorf(fleet.Refused, "%s%s.", text, f.Text).
				WithHint("To mend it: %s. If this is only a trial, set DISTROBOT_TRIAL=true.", f.Remedy)
		}
	}
	return nil
}

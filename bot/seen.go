package bot

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// seen remembers which events and commands were handled, in this process at
// once and over replicas and restarts in the store. One is claimed first, by one
// commit, so that of several deliveries at the same moment one is handled; it is
// done only afterwards: if the bot dies half way, Slack delivers it again and it
// is done then. Votes need none of this: they carry their id to the rules.
type seen struct {
	store fleet.Store
	log   *slog.Logger

	mu  sync.Mutex
	ids map[string]time.Time
}

// seenLife is longer than Slack delivers anything again; five minutes proved
// too short for others (geode#3006).
const seenLife = time.Hour

// claimLife is how long a handler that was begun keeps others from the event.
// Slack repeats an event at once, after a minute and after five: if its handler
// died, the second repetition is handled.
const claimLife = 50 * time.Second

// begin reports whether the event is to be handled here and now: nobody has
// handled it, and nobody is at it, in this process or another.
func (s *seen) begin(ctx context.Context, id string) bool {
	if !s.enter(id, time.Now()) {
		return false
	}
	mine := false
	err := s.store.Update(ctx, fleet.Slack, func(tx fleet.Tx) error {
		r := s.record(id)
		found, err := tx.Get(r)
		if err != nil {
			return err
		}
		if mine = !found || claimable(r.Answer, tx.Now()); mine {
			r.Answer = claimed + strconv.FormatInt(tx.Now().Add(claimLife).UnixMilli(), 10)
			tx.Put(r)
		}
		return nil
	})
	if err != nil {
		s.log.WarnContext(ctx, "an event cannot be claimed; handling it", "event", id, "error", err)
		return true // the answer, if only that the storage is away, is worth more
	}
	if !mine {
		s.leave(id)
	}
	return mine
}

// claimed begins the answer of an event that is being handled; the time in ms
// follows until which it is.
const claimed = "claimed until "

// claimable reports whether an event that was begun may be begun again.
func claimable(answer string, now time.Time) bool {
	ms, ok := strings.CutPrefix(answer, claimed)
	until, err := strconv.ParseInt(ms, 10, 64)
	return ok && (err != nil || now.UnixMilli() > until)
}

// leave forgets an id that somebody else has claimed: should they die, it may be
// delivered here again.
func (s *seen) leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ids, id)
}

// enter notes an id and reports whether it is new to this process.
func (s *seen) enter(id string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids == nil {
		s.ids = map[string]time.Time{}
	}
	if at, ok := s.ids[id]; ok && now.Sub(at) < seenLife {
		return false
	}
	if len(s.ids) >= 20000 {
		for k, at := range s.ids {
			if now.Sub(at) > seenLife {
				delete(s.ids, k)
			}
		}
	}
	s.ids[id] = now
	return true
}

// done notes that an event was handled.
func (s *seen) done(ctx context.Context, id string) {
	err := s.store.Update(ctx, fleet.Slack, func(tx fleet.Tx) error {
		r := s.record(id)
		if _, err := tx.Get(r); err != nil {
			return err
		}
		r.Answer = "done"
		tx.Put(r)
		return nil
	})
	if err != nil {
		s.log.WarnContext(ctx, "event not noted as handled", "event", id, "error", err)
	}
}

func (s *seen) record(id string) *fleet.Request {
	return &fleet.Request{Family: fleet.Slack, ID: "seen." + id}
}

package bot

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// seen remembers which events and commands were handled, in this process at
// once and over replicas and restarts in the store. One counts as done only
// afterwards: if the bot dies half way, Slack delivers it again and it is done
// then. Presses need none of this: they carry their id to the rules.
type seen struct {
	store fleet.Store
	log   *slog.Logger

	mu  sync.Mutex
	ids map[string]time.Time
}

// seenLife is longer than Slack delivers anything again; five minutes proved
// too short for others (geode#3006).
const seenLife = time.Hour

// begin reports whether the event is to be handled.
func (s *seen) begin(ctx context.Context, id string) bool {
	if !s.enter(id, time.Now()) {
		return false
	}
	found, err := s.store.Read(ctx, s.record(id))
	if err != nil {
		s.log.WarnContext(ctx, "events seen cannot be read; handling it", "event", id, "error", err)
		return true // the answer, if only that the storage is away, is worth more
	}
	return !found[0]
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

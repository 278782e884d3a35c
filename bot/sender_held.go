package bot

import (
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// held is a post that Slack may have got or not: others of its channel wait until
// that is known, so that they do not overtake it.
type held struct {
	key   string
	until time.Time // at the latest, in case its post is gone
}

// hold makes the channel of a post wait for it.
func (s *sender) hold(p fleet.Post, atMost time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[p.Channel] = held{keyOf(p), time.Now().Add(atMost)}
}

// free lets the channel of a post go on.
func (s *sender) free(p fleet.Post) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[p.Channel].key == keyOf(p) {
		delete(s.held, p.Channel)
	}
}

// behind reports whether a post has to wait for another of its channel.
func (s *sender) behind(key, channel string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.held[channel]
	if ok && time.Now().After(h.until) {
		delete(s.held, channel)
		return false
	}
	return ok && h.key != key
}

// filesFor is for how long no file is tried after Slack has refused one for want
// of a scope.
const filesFor = 10 * time.Minute

func (s *sender) refuseFiles() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noFiles = time.Now().Add(filesFor)
}

// filesRefused reports whether long messages have to do without a file.
func (s *sender) filesRefused() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.noFiles)
}

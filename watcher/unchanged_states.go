package watcher

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/distrobot/distrobot/internal/mirror"
)

// states are what is known of repositories that are asked for in this way.
type states struct {
	mu   sync.Mutex
	all  map[string]*state // by URL
	refs int
}

// A state is one repository's last listing and what names it to the API.
type state struct {
	prefixes []string
	listing  mirror.Listing
	at       time.Time                    // of the listing
	tags     map[string]string            // ETag by prefix; nil until API and git told the same
	told     map[string]map[string]string // by prefix: refs and hashes of an answer that is yet to be compared
	fresh    map[string]string            // its ETags
	doubts   int
	avoid    time.Time // no request before
}

// agreed gives the ETags under which the listing is known to the API, nil if it
// told otherwise or was not asked. What it called unmodified is as it was before.
func (s *state) agreed(before mirror.Listing) map[string]string {
	if len(s.fresh) != len(s.prefixes) || len(s.fresh) == 0 {
		return nil
	}
	for _, prefix := range s.prefixes {
		told, asked := s.told[prefix]
		if !asked {
			told = hashesIn(before, prefix)
		}
		now := hashesIn(s.listing, prefix)
		for name, hash := range now {
			if told[name] != hash {
				return nil
			}
		}
		if s.listing.Skipped == 0 && len(now) != len(told) {
			return nil
		}
	}
	return s.fresh
}

func hashesIn(l mirror.Listing, prefix string) map[string]string {
	out := map[string]string{}
	for _, r := range l.Refs {
		if strings.HasPrefix(r.Name, prefix) {
			out[r.Name] = r.Hash
		}
	}
	return out
}

// get gives a copy of what is known of a repository under the same prefixes.
func (s *states) get(url string, prefixes []string) (state, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.all[url]
	if known == nil || !slices.Equal(known.prefixes, prefixes) {
		return state{}, false
	}
	return *known, true
}

// put remembers a state, if there is room.
func (s *states) put(url string, next state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.all[url]; old != nil {
		s.refs -= len(old.listing.Refs)
		delete(s.all, url)
	}
	if s.refs+len(next.listing.Refs) > maxRemembered {
		return
	}
	s.refs += len(next.listing.Refs)
	s.all[url] = &next
}

func (s *states) drop(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.all[url]; old != nil {
		s.refs -= len(old.listing.Refs)
		delete(s.all, url)
	}
}

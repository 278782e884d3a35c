package workspace

import (
	"fmt"
	"net/http"
	"time"
)

// serveEvents is a stream of server-sent events: each says that something has
// changed and up to which revision; the page then asks for the difference.
// Changes that come together make one event.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	wake := make(chan struct{}, 1)
	wake <- struct{}{} // the first event tells where we are
	s.mu.Lock()
	s.watchers[wake] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.watchers, wake)
		s.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w)
	beat := time.NewTicker(15 * time.Second)
	defer beat.Stop()
	for {
		select {
		case <-wake:
			s.mu.Lock()
			rev := s.st.rev
			s.mu.Unlock()
			fmt.Fprintf(w, "data: {\"rev\":%d}\n\n", rev)
		case <-beat.C:
			fmt.Fprint(w, ": still here\n\n")
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		}
		if flush.Flush() != nil {
			return
		}
	}
}

// homeRequest opens a person's App Home tab.
type homeRequest struct {
	User string `json:"user"`
}

// openHome tells the app that a person looks at its Home tab.
func (s *Server) openHome(req homeRequest) (obj, error) {
	s.mu.Lock()
	p, err := s.actor(req.User)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	dm := s.st.channelByID(p.ID)
	inner := obj{"type": "app_home_opened", "user": p.ID, "channel": dm.ID, "tab": "home"}
	if v := s.st.homes[p.ID]; v != nil {
		inner["view"] = s.viewObject(v)
	}
	e := s.event(inner)
	s.mu.Unlock()
	if !s.subscribed("app_home_opened") {
		return obj{"ack_ms": 0}, nil
	}
	return outcome(s.emit(e)), nil
}

package workspace

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// From Slack's documentation of response URLs.
const (
	responseUses = 5
	responseLife = 30 * time.Minute
)

// responseURL lets an app answer one interaction for a while.
type responseURL struct {
	user    string
	channel *channel
	source  *message // the message clicked, if any
	thread  string
	issued  time.Time
	uses    int
}

// newResponseURL issues one. Called with mu held.
func (s *Server) newResponseURL(r responseURL) string {
	s.sweep()
	id := randomID(32)
	r.issued = s.now()
	s.st.responses[id] = &r
	return s.base + "/response/" + id
}

// serveResponse answers a POST to a response URL.
func (s *Server) serveResponse(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	_, down := s.active("down")
	slow, isSlow := s.active("slow")
	s.mu.Unlock()
	if down {
		http.Error(w, "upstream connect error", http.StatusServiceUnavailable)
		return
	}
	if isSlow && !s.pause(r, slow.delay) {
		return
	}
	body, err := io.ReadAll(r.Body)
	var fields map[string]json.RawMessage
	if err != nil || json.Unmarshal(body, &fields) != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	target := s.st.responses[r.PathValue("id")]
	switch {
	case target == nil:
		http.Error(w, "no_such_url", http.StatusNotFound)
	case s.now().Sub(target.issued) > responseLife:
		s.refuseResponse(w, http.StatusNotFound, "expired_url")
	case target.uses >= responseUses:
		s.refuseResponse(w, http.StatusNotFound, "used_url")
	default:
		target.uses++
		if err := s.respond(target, args{body: fields}); err != nil {
			s.refuseResponse(w, http.StatusBadRequest, err.Error())
			return
		}
		w.Write([]byte("ok"))
	}
}

func (s *Server) refuseResponse(w http.ResponseWriter, status int, code string) {
	s.st.count.Rejected++
	http.Error(w, code, status)
}

// respond does what a response asks: replace or delete the source, or post,
// to the person alone unless in_channel was said. Called with mu held.
func (s *Server) respond(t *responseURL, a args) error {
	if a.flag("delete_original") {
		if t.source == nil {
			return errors.New("no_original")
		}
		s.remove(t.source)
		return nil
	}
	body, err := readContent(a)
	if err != nil {
		return err
	}
	if body.empty() {
		return refuse("no_text")
	}
	body.clip()
	if a.flag("replace_original") && t.source != nil && !t.source.deleted {
		s.edit(t.source, body)
		return nil
	}
	thread := a.str("thread_ts")
	if thread == "" {
		thread = t.thread
	}
	if a.str("response_type") == "in_channel" {
		s.postAsBot(t.channel, body, thread)
		return nil
	}
	s.postEphemeralTo(t.user, t.channel, body, thread)
	return nil
}

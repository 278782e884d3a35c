package workspace

import (
	"encoding/json"
	"time"
)

// envelope is something the app is to be told.
type envelope struct {
	kind    string // slash_commands, interactive or events_api
	payload obj
	answers bool // the acknowledgement may carry a payload
	attempt int  // of an event: 0 for the first time
	echo    bool // tells the app of what it did itself: scripts neither count nor repeat it
	reason  string
	id      string // Socket Mode
}

// ack is what became of an envelope.
type ack struct {
	payload json.RawMessage
	took    time.Duration
	noRetry bool   // HTTP mode: the app asked for no repetition
	problem string // operation_timeout, dispatch_failed, http_503, …
}

// What the user sees, in Slack's words.
const (
	problemTimeout  = "operation_timeout"
	problemDispatch = "dispatch_failed"
)

// maxRecent is how many payloads can be delivered again by a fault.
const maxRecent = 20

// dispatch tells the app and waits for its acknowledgement, at most AckTimeout.
// Called without mu.
func (s *Server) dispatch(e *envelope) ack {
	s.mu.Lock()
	e.id = shortID(8) + "-" + shortID(12)
	if !e.echo {
		s.st.count.Delivered++
		s.recent = append(s.recent, e)
		s.recent = s.recent[max(0, len(s.recent)-maxRecent):]
	}
	_, twice := s.active("redeliver")
	s.mu.Unlock()
	start := time.Now() // real time: it is compared with a real timer
	a := s.deliver(e)
	a.took = time.Since(start)
	if twice {
		s.deliver(e)
	}
	if a.problem != "" && !e.echo {
		s.mu.Lock()
		s.st.count.Unacknowledged++
		s.touch(nil)
		s.mu.Unlock()
	}
	return a
}

// deliver uses the transport of this workspace.
func (s *Server) deliver(e *envelope) ack {
	if s.opts.AppURL != "" {
		return s.overHTTP(e)
	}
	return s.overSocket(e)
}

// overSocket sends an envelope over one connection and waits. While there is
// no connection it waits for one within the same time: clients reconnect with a
// gap, and Slack's own front end is patient in the same way.
func (s *Server) overSocket(e *envelope) ack {
	timer := time.NewTimer(s.opts.AckTimeout)
	defer timer.Stop()
	answer := s.link.expect(e.id)
	defer s.link.forget(e.id)
	sent := false
	for !sent {
		sock, joined := s.link.pick()
		if sock != nil {
			// A connection that fails to write is dropped; another may do.
			if sent = sock.write(e.frame()) == nil; !sent {
				s.link.drop(sock)
			}
			continue
		}
		select {
		case <-joined:
		case <-timer.C:
			return ack{problem: problemDispatch}
		case <-s.ctx.Done():
			return ack{problem: problemDispatch}
		}
	}
	select {
	case a := <-answer:
		if !e.answers {
			a.payload = nil
		}
		return a
	case <-timer.C:
	case <-s.ctx.Done():
	}
	return ack{problem: problemTimeout}
}

// frame is the envelope as Socket Mode writes it.
func (e *envelope) frame() obj {
	f := obj{"type": e.kind, "envelope_id": e.id, "accepts_response_payload": e.answers, "payload": e.payload}
	if e.kind == "events_api" {
		f["retry_attempt"], f["retry_reason"] = e.attempt, e.reason
	}
	return f
}

// redeliver sends the last n payloads again, as happens after a lost
// acknowledgement. It returns how many there were.
func (s *Server) redeliver(n int) int {
	s.mu.Lock()
	list := append([]*envelope(nil), s.recent[max(0, len(s.recent)-n):]...)
	s.mu.Unlock()
	for _, e := range list {
		again := *e
		if again.kind == "events_api" {
			again.attempt, again.reason = again.attempt+1, "timeout"
		}
		s.deliver(&again)
	}
	return len(list)
}

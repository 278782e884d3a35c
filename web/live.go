package web

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// How often a live page looks for changes, how often it asks whether its reader
// still may, and how long a stream lasts until the browser opens the next.
const (
	lookEvery   = time.Second
	askEvery    = 30 * time.Second
	streamLasts = 10 * time.Minute
)

// A stream is a response that goes on (Server-Sent Events, WHATWG HTML 9.2).
type stream struct {
	w    http.ResponseWriter
	send *http.ResponseController
}

// event sends one event; the data is one line of JSON.
func (s stream) event(name string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return s.write(fmt.Sprintf("event: %s\ndata: %s\n\n", name, raw))
}

// write gives a reader that has gone no more than some seconds.
func (s stream) write(text string) error {
	if err := s.send.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.send.Flush()
}

// follow calls look at once and then every second, until it says that there is
// nothing more, the reader goes or may not look any more, or its time is over.
func (s *Site) follow(w http.ResponseWriter, r *http.Request, v visit, look func(stream) (more bool, err error)) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		s.refuse(w, r, fleet.Errorf(fleet.Later, "Too many pages are followed at once.").WithHint("Load the page again by hand."))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep it back
	out := stream{w: w, send: http.NewResponseController(w)}
	if out.write("retry: 3000\n\n") != nil {
		return
	}
	tick, ask, end := time.NewTicker(lookEvery), time.NewTicker(askEvery), time.NewTimer(streamLasts)
	defer tick.Stop()
	defer ask.Stop()
	defer end.Stop()
	for {
		more, err := look(out)
		if err != nil && r.Context().Err() == nil && fleet.CodeOf(err) == "" {
			s.fault(r, err)
		}
		if err != nil || !more {
			return
		}
		select {
		case <-tick.C:
		case <-ask.C:
			if _, err := s.session(r); err != nil || s.Desk.MayLook(r.Context(), v.session.Who) != nil {
				return
			}
			if out.write(": still here\n\n") != nil {
				return
			}
		case <-end.C:
			return
		case <-s.Closing:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// liveFleet says when a section looks otherwise than before.
func (s *Site) liveFleet(w http.ResponseWriter, r *http.Request, v visit) {
	var before [sha256.Size]byte
	first := true
	s.follow(w, r, v, func(out stream) (bool, error) {
		t, _, err := s.section(r)
		if err != nil {
			return false, err
		}
		t.At = time.Time{}
		raw, err := json.Marshal(t)
		if err != nil {
			return false, err
		}
		now := sha256.Sum256(raw)
		if now == before {
			return true, nil
		}
		before = now
		if first {
			first = false
			return true, nil // it is what the page shows
		}
		return true, out.event("changed", true)
	})
}

// liveTask sends the lines of a task's log as they come, and says when its steps
// look otherwise and when it is over.
func (s *Site) liveTask(w http.ResponseWriter, r *http.Request, v visit) {
	after, before := r.FormValue("after"), ""
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		after = last
	}
	s.follow(w, r, v, func(out stream) (bool, error) {
		x, err := s.Tasks.Find(r.Context(), fleet.TaskID(r.PathValue("id")))
		if err != nil {
			return false, err
		}
		for {
			lines, next, err := s.Logs.Lines(r.Context(), x.ID, x.Host, after, 500)
			if err != nil {
				return false, err
			}
			if len(lines) == 0 || next == "" || next == after {
				break
			}
			after = next
			if err := out.write("id: " + after + "\n"); err != nil {
				return false, err
			}
			if err := out.event("lines", lines); err != nil {
				return false, err
			}
		}
		if now := fmt.Sprint(x.State, x.Steps); now != before {
			if before != "" {
				if err := out.event("changed", true); err != nil {
					return false, err
				}
			}
			before = now
		}
		if x.State.Final() {
			return false, out.event("end", string(x.State))
		}
		return true, nil
	})
}

package workspace

import (
	"encoding/json"
	"errors"
	"net/http"
)

// scriptRoutes are the endpoints for scripts and for the page.
func (s *Server) scriptRoutes() map[string]http.Handler {
	return map[string]http.Handler{
		"POST /workspace/say":     script(s, s.say),
		"POST /workspace/click":   script(s, s.click),
		"POST /workspace/submit":  script(s, s.submit),
		"POST /workspace/suggest": script(s, s.suggest),
		"POST /workspace/close":   script(s, s.closeView),
		"POST /workspace/home":    script(s, s.openHome),
		"POST /workspace/deliver": script(s, s.deliverByHand),
		"POST /workspace/fault":   http.HandlerFunc(s.serveFault),
		"GET /workspace/state":    http.HandlerFunc(s.serveState),
		"GET /workspace/events":   http.HandlerFunc(s.serveEvents),
		"GET /workspace/info":     http.HandlerFunc(s.serveInfo),

		"GET /workspace/files/{id}": http.HandlerFunc(s.serveFile),
	}
}

// badRequest is a mistake of the script, in words for its author.
type badRequest struct {
	status int
	text   string
}

func (b *badRequest) Error() string { return b.text }

func mistaken(text string) error { return &badRequest{status: http.StatusBadRequest, text: text} }

func missing(text string) error { return &badRequest{status: http.StatusNotFound, text: text} }

// script turns a function from request to answer into a handler. Mistakes are
// answered with {"error"} and a status of 400 or 404.
func script[Req any](s *Server, f func(Req) (obj, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var req Req
		if !readJSON(w, r, &req) {
			return
		}
		out, err := f(req)
		var bad *badRequest
		switch {
		case errors.As(err, &bad):
			fail(w, bad.status, bad.text)
		case err != nil:
			fail(w, http.StatusBadRequest, err.Error())
		default:
			reply(w, http.StatusOK, out)
		}
	})
}

// readJSON decodes a request. Fields it does not know are left alone, so that
// scripts written for a later version still run.
func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		fail(w, http.StatusBadRequest, "the body is not the JSON expected here: "+err.Error())
		return false
	}
	return true
}

// actor finds the person who acts. Called with mu held.
func (s *Server) actor(ref string) (Person, error) {
	p, ok := s.st.person(ref)
	if !ok || p.ID == s.st.bot.ID {
		return p, missing("there is no person " + ref)
	}
	return p, nil
}

// outcome is the common part of an answer: how long the app took, and what the
// person would see if it did not answer.
func outcome(a ack) obj {
	out := obj{"ack_ms": a.took.Milliseconds()}
	if a.problem != "" {
		out["error"] = a.problem
	}
	return out
}

package workspace

import (
	"net/http"
	"time"
)

// fault is a trouble that lasts for a while.
type fault struct {
	until   time.Time     // zero: until cleared
	method  string        // only this method, if set
	channel string        // only this conversation id, if set
	scope   string        // missing_scope: the scope to name
	delay   time.Duration // slow
	retry   time.Duration // rate_limit: Retry-After
}

// faultRequest is the body of POST /workspace/fault.
type faultRequest struct {
	Kind string `json:"kind"`
	// ForMS is how long it lasts; absent means 2 s, and a negative number
	// means until {"kind":"clear"}.
	ForMS      *int   `json:"for_ms"`
	Method     string `json:"method"`  // rate_limit, missing_scope, slow: only this method
	Channel    string `json:"channel"` // not_in_channel: only this channel
	Scope      string `json:"scope"`   // missing_scope: default that of the method
	DelayMS    int    `json:"delay_ms"`
	RetryAfter int    `json:"retry_after_s"`
	Reason     string `json:"reason"` // disconnect: warning, refresh_requested, link_disabled
	Count      int    `json:"count"`  // redeliver: how many of the last payloads; disconnect: how many connections, 0 is all
}

const defaultFault = 2 * time.Second

// active returns a fault that is on now. Called with mu held.
func (s *Server) active(kind string) (fault, bool) {
	f, ok := s.faults[kind]
	if ok && !f.until.IsZero() && s.now().After(f.until) {
		delete(s.faults, kind)
		return fault{}, false
	}
	return f, ok
}

// apiFaults plays the faults that concern a whole Web API call. It reports
// false if it has answered.
func (s *Server) apiFaults(w http.ResponseWriter, r *http.Request, name string) bool {
	s.mu.Lock()
	_, down := s.active("down")
	slow, isSlow := s.active("slow")
	limit, limited := s.active("rate_limit")
	scope, missing := s.active("missing_scope")
	if limited && (limit.method == "" || limit.method == name) {
		s.st.count.RateLimited++
	}
	s.mu.Unlock()
	if down {
		http.Error(w, "upstream connect error", http.StatusServiceUnavailable)
		return false
	}
	if isSlow && (slow.method == "" || slow.method == name) && !s.pause(r, slow.delay) {
		return false
	}
	if limited && (limit.method == "" || limit.method == name) {
		tooMany(w, limit.retry)
		return false
	}
	if m := s.methods[name]; missing && !m.app && (scope.method == "" || scope.method == name) {
		needed := scope.scope
		if needed == "" {
			needed = m.scope
		}
		if needed != "" {
			s.answer(w, nil, missingScope(needed, without(s.scopes(), needed)))
			return false
		}
	}
	return true
}

// pause waits, unless the client or the workspace goes first.
func (s *Server) pause(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
	return false
}

func without(list []string, item string) []string {
	var out []string
	for _, e := range list {
		if e != item {
			out = append(out, e)
		}
	}
	return out
}

// serveFault answers POST /workspace/fault.
func (s *Server) serveFault(w http.ResponseWriter, r *http.Request) {
	var req faultRequest
	if !readJSON(w, r, &req) {
		return
	}
	affected, problem := s.cause(req)
	if problem != "" {
		fail(w, http.StatusBadRequest, problem)
		return
	}
	reply(w, http.StatusOK, obj{"ok": true, "affected": affected})
}

// cause begins a fault. It returns how many sockets or payloads were touched
// at once, and what is wrong with the request.
func (s *Server) cause(req faultRequest) (int, string) {
	switch req.Kind {
	case "clear":
		s.mu.Lock()
		defer s.mu.Unlock()
		n := len(s.faults)
		clear(s.faults)
		return n, ""
	case "down", "slow", "rate_limit", "missing_scope", "not_in_channel", "too_many_websockets", "disconnect", "redeliver":
	default:
		return 0, "kind is one of disconnect, too_many_websockets, rate_limit, redeliver, down, slow, missing_scope, not_in_channel, clear"
	}
	if problem := s.remember(req); problem != "" {
		return 0, problem
	}
	switch req.Kind {
	case "disconnect":
		reason := req.Reason
		if reason == "" {
			reason = "refresh_requested"
		}
		return s.link.disconnect(reason, req.Count), ""
	case "too_many_websockets":
		return s.link.disconnect("too_many_websockets", 0), ""
	case "down":
		return s.link.closeAll(), ""
	case "redeliver":
		if req.ForMS == nil { // with a time, everything in it comes twice instead
			return s.redeliver(max(req.Count, 1)), ""
		}
	}
	return 0, ""
}

// remember stores a fault that lasts. disconnect and redeliver act once unless
// they were given a time.
func (s *Server) remember(req faultRequest) string {
	once := req.Kind == "disconnect" || req.Kind == "redeliver"
	if once && req.ForMS == nil {
		return ""
	}
	f := fault{method: req.Method, scope: req.Scope, delay: time.Second, retry: time.Second}
	if req.DelayMS > 0 {
		f.delay = time.Duration(req.DelayMS) * time.Millisecond
	}
	if req.RetryAfter > 0 {
		f.retry = time.Duration(req.RetryAfter) * time.Second
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.Channel != "" {
		c := s.st.channelByID(req.Channel)
		if c == nil {
			return "there is no channel " + req.Channel
		}
		f.channel = c.ID
	}
	switch {
	case req.ForMS == nil:
		f.until = s.now().Add(defaultFault)
	case *req.ForMS >= 0:
		f.until = s.now().Add(time.Duration(*req.ForMS) * time.Millisecond)
	}
	s.faults[req.Kind] = f
	return ""
}

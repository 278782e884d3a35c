package workspace

import (
	"strings"
	"time"
)

// event wraps an inner event as the Events API does. Called with mu held.
func (s *Server) event(inner obj) *envelope {
	inner["event_ts"] = s.st.nextTS(s.now())
	return &envelope{kind: "events_api", payload: obj{
		"token": "local", "team_id": s.st.teamID, "api_app_id": s.st.appID, "type": "event_callback",
		"event": inner, "event_id": "Ev" + randomID(10), "event_time": s.now().Unix(), "is_ext_shared_channel": false,
		"authorizations": []obj{{"enterprise_id": nil, "team_id": s.st.teamID, "user_id": s.st.bot.ID, "is_bot": true,
			"is_enterprise_install": false}},
	}}
}

// emit delivers an event and, if it is not acknowledged, repeats it on Slack's
// schedule in the background. It returns what became of the first attempt.
func (s *Server) emit(e *envelope) ack {
	first := s.dispatch(e)
	if first.problem != "" && !first.noRetry {
		s.inBackground(func() { s.repeat(e, first.problem) })
	}
	return first
}

// emitLater is emit for callers that hold mu or need no answer.
func (s *Server) emitLater(e *envelope) { s.inBackground(func() { s.emit(e) }) }

// repeat delivers an event again after each pause until it is acknowledged.
func (s *Server) repeat(e *envelope, problem string) {
	for i, pause := range s.opts.EventRetries {
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-s.ctx.Done():
			timer.Stop()
			return
		}
		again := *e
		again.attempt, again.reason = i+1, retryReason(problem)
		a := s.dispatch(&again)
		if a.problem == "" || a.noRetry {
			return
		}
		problem = a.problem
	}
}

// retryReason is Slack's word for why an event comes again.
func retryReason(problem string) string {
	switch {
	case problem == problemTimeout:
		return "http_timeout"
	case strings.HasPrefix(problem, "http_"):
		return "http_error"
	}
	return "connection_failed"
}

// messageEvents lists the events that a person's message causes: message.im in
// a direct conversation, app_mention where the bot is a member and is named.
func (s *Server) messageEvents(m *message) []*envelope {
	inner := obj{"type": "message", "channel": m.channel.ID, "user": m.User, "text": m.Text, "ts": m.TS,
		"team": s.st.teamID, "client_msg_id": shortID(16)}
	if m.ThreadTS != "" {
		inner["thread_ts"] = m.ThreadTS
	}
	if m.channel.im != "" {
		inner["channel_type"] = "im"
		return []*envelope{s.event(inner)}
	}
	if !m.channel.Bot || !strings.Contains(m.Text, "<@"+s.st.bot.ID+">") {
		return nil
	}
	inner["type"] = "app_mention"
	return []*envelope{s.event(inner)}
}

// join makes the bot a member and tells it so.
func (s *Server) join(ch *channel, inviter string) {
	if ch.Bot {
		return
	}
	ch.Bot = true
	s.touch(nil)
	inner := obj{"type": "member_joined_channel", "user": s.st.bot.ID, "channel": ch.ID, "channel_type": "C", "team": s.st.teamID}
	if inviter != "" {
		inner["inviter"] = inviter
	}
	s.emitLater(s.event(inner))
}

package workspace

import (
	"slices"
	"strings"
	"time"
)

// event wraps an inner event as the Events API does. An event about a new
// message bears that message's own time. Called with mu held.
func (s *Server) event(inner obj) *envelope {
	if inner["event_ts"] = inner["ts"]; inner["ts"] == nil {
		inner["event_ts"] = s.st.nextTS(s.now())
	}
	return &envelope{kind: "events_api", payload: obj{
		"token": "local", "team_id": s.st.teamID, "api_app_id": s.st.appID, "type": "event_callback",
		"context_team_id": s.st.teamID, "context_enterprise_id": nil, "event_context": "4-" + randomID(32),
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

// messageEvents lists the events that a new message causes, as far as the app
// subscribes to them: message.im or message.channels where the bot is a member,
// and app_mention where a person names it in a channel.
func (s *Server) messageEvents(m *message) []*envelope {
	var out []*envelope
	if kind := s.hears(m.channel); kind != "" {
		inner := s.said(m)
		inner["channel_type"] = kind
		out = append(out, s.event(inner))
	}
	if m.channel.Bot && m.channel.im == "" && !m.bot && strings.Contains(m.Text, "<@"+s.st.bot.ID+">") && s.subscribed("app_mention") {
		inner := s.said(m)
		inner["type"] = "app_mention"
		out = append(out, s.event(inner))
	}
	return out
}

// hears is the channel_type of a conversation whose messages the app is told
// of; "" where it is not told.
func (s *Server) hears(ch *channel) string {
	switch {
	case ch.Bot && ch.im != "" && s.subscribed("message.im"):
		return "im"
	case ch.Bot && ch.im == "" && s.subscribed("message.channels"):
		return "channel"
	}
	return ""
}

// changing notes a message before it changes, and gives what then tells the app
// of it: message_changed, or message_deleted. Ephemeral messages have no events.
func (s *Server) changing(m *message) (changed func()) {
	kind := s.hears(m.channel)
	if kind == "" || m.ephemeralTo != "" {
		return func() {}
	}
	before := s.render(m, true)
	return func() {
		inner := obj{"type": "message", "subtype": "message_changed", "hidden": true, "channel": m.channel.ID, "channel_type": kind,
			"ts": s.st.nextTS(s.now()), "previous_message": before}
		if m.deleted {
			inner["subtype"], inner["deleted_ts"] = "message_deleted", m.TS
		} else {
			inner["message"] = s.render(m, true)
		}
		s.emitEcho(s.event(inner))
	}
}

// emitEcho tells the app of what it did itself.
func (s *Server) emitEcho(e *envelope) {
	e.echo = true
	s.emitLater(e)
}

// said is what events tell of a new message.
func (s *Server) said(m *message) obj {
	inner := s.render(m, true)
	inner["channel"] = m.channel.ID
	if !m.bot {
		inner["client_msg_id"] = shortID(16)
		if p, ok := s.st.person(m.User); ok && s.teamOf(p) != s.st.teamID { // as in shared channels
			inner["user_team"] = s.teamOf(p)
		}
	}
	return inner
}

// subscribed reports whether the app wants to hear of an event.
func (s *Server) subscribed(name string) bool { return slices.Contains(s.opts.Events, name) }

// join makes the bot a member and tells it so.
func (s *Server) join(ch *channel, inviter string) {
	if ch.Bot {
		return
	}
	ch.Bot = true
	s.touch(nil)
	if !s.subscribed("member_joined_channel") {
		return
	}
	inner := obj{"type": "member_joined_channel", "user": s.st.bot.ID, "channel": ch.ID, "channel_type": "C", "team": s.st.teamID}
	if inviter != "" {
		inner["inviter"] = inviter
	}
	s.emitLater(s.event(inner))
}

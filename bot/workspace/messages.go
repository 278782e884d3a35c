package workspace

import "slices"

// maxKept bounds the messages of a channel; the oldest go first.
const maxKept = 5_000

// maxEphemerals bounds what is kept of the messages only one person sees.
const maxEphemerals = 200

// post puts a message into a channel. Called with mu held, as all here.
func (s *Server) post(m *message) *message {
	ch := m.channel
	m.TS = s.st.nextTS(s.now())
	ch.messages = append(ch.messages, m)
	ch.byTS[m.TS] = m
	if len(ch.messages) > maxKept {
		delete(ch.byTS, ch.messages[0].TS)
		ch.messages = ch.messages[1:]
	}
	s.touch(m)
	return m
}

// postAsBot posts what the app says. The app hears of it like of any other
// message: whoever answers messages has to know its own.
func (s *Server) postAsBot(ch *channel, body content, thread string) *message {
	s.st.count.Posts++
	m := s.post(&message{channel: ch, User: s.st.bot.ID, bot: true, Text: body.text, Blocks: body.blocks,
		Attachments: body.attachments, Metadata: body.metadata, ThreadTS: rootOf(ch, thread)})
	for _, e := range s.messageEvents(m) {
		s.emitEcho(e)
	}
	return m
}

// rootOf follows a reply to the message its thread hangs on.
func rootOf(ch *channel, ts string) string {
	if m := ch.byTS[ts]; m != nil && m.ThreadTS != "" {
		return m.ThreadTS
	}
	return ts
}

// postEphemeralTo shows something to one person only.
func (s *Server) postEphemeralTo(user string, ch *channel, body content, thread string) *message {
	s.st.count.Ephemerals++
	m := &message{channel: ch, User: s.st.bot.ID, bot: true, Text: body.text, Blocks: body.blocks,
		Attachments: body.attachments, ThreadTS: rootOf(ch, thread), ephemeralTo: user, TS: s.st.nextTS(s.now())}
	list := append(s.st.ephemerals[user], m)
	if len(list) > maxEphemerals {
		list = list[1:]
	}
	s.st.ephemerals[user] = list
	s.touch(m)
	return m
}

// edit applies chat.update's rules: text without blocks removes the blocks,
// blocks alone leave no "edited" mark, and absent metadata stays.
func (s *Server) edit(m *message, body content) {
	defer s.changing(m)()
	m.wear()
	m.Blocks, m.Attachments = body.blocks, body.attachments
	if body.hasText && body.text != "" {
		m.Text = body.text
		m.editedTS = s.st.nextTS(s.now())
	}
	if body.metadata != nil {
		m.Metadata = body.metadata
	}
	m.values = nil // choices in the old blocks mean nothing in the new ones
	m.edits++
	s.st.count.Edits++
	s.touch(m)
}

// maxWorn bounds the buttons that are kept of former versions of a message.
const maxWorn = 20

// wear keeps the buttons of the version that is about to go, each once.
func (m *message) wear() {
	for _, p := range interactives(m.allBlocks()) {
		same := func(w placed) bool {
			return w.actionID() == p.actionID() && asString(w.element["value"]) == asString(p.element["value"])
		}
		if p.kind() == "button" && !slices.ContainsFunc(m.worn, same) {
			m.worn = slices.Insert(m.worn, 0, p)
		}
	}
	m.worn = m.worn[:min(len(m.worn), maxWorn)]
}

// remove deletes a message, leaving a tombstone for pages that show it.
func (s *Server) remove(m *message) {
	defer s.changing(m)()
	m.deleted = true
	m.Blocks, m.Attachments, m.Metadata, m.Text, m.worn = nil, nil, nil, "", nil
	s.st.count.Deleted++
	s.touch(m)
}

// ephemeral finds a message only the user sees.
func (st *state) ephemeral(user, ts string) *message {
	for _, m := range st.ephemerals[user] {
		if m.TS == ts && !m.deleted {
			return m
		}
	}
	return nil
}

// render is a message in Slack's own form.
func (s *Server) render(m *message, withMetadata bool) obj {
	st := s.st
	out := obj{"type": "message", "ts": m.TS, "text": m.Text, "user": m.User, "team": st.teamID}
	if m.bot {
		out["bot_id"], out["app_id"] = st.botID, st.appID
		out["bot_profile"] = s.botProfile()
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = clone(m.Blocks)
	}
	if m.Attachments != nil {
		out["attachments"] = raw(m.Attachments)
	}
	if m.Metadata != nil && withMetadata {
		out["metadata"] = raw(m.Metadata)
	}
	if m.editedTS != "" {
		out["edited"] = obj{"user": m.User, "ts": m.editedTS}
	}
	if len(m.files) > 0 {
		out["files"] = s.filesOf(m)
	}
	if len(m.reactions) > 0 {
		out["reactions"] = m.reactions
	}
	st.renderThread(m, out)
	return out
}

// botProfile is the app in Slack's form.
func (s *Server) botProfile() obj {
	st, icon := s.st, s.base+"/icon.svg"
	return obj{"id": st.botID, "app_id": st.appID, "name": st.bot.Name, "team_id": st.teamID, "deleted": false,
		"updated": st.born.Unix(), "icons": obj{"image_36": icon, "image_48": icon, "image_72": icon}}
}

// renderThread adds the thread fields. A root carries its own ts as thread_ts
// once it has replies, which is how Slack marks it.
func (st *state) renderThread(m *message, out obj) {
	if m.ThreadTS != "" {
		out["thread_ts"] = m.ThreadTS
		if m.Broadcast {
			out["subtype"] = "thread_broadcast"
		}
		return
	}
	if replies := m.channel.thread(m.TS); len(replies) > 0 {
		out["thread_ts"], out["reply_count"] = m.TS, len(replies)
		out["latest_reply"] = replies[len(replies)-1].TS
	}
}

// thread lists the replies under a root, oldest first.
func (c *channel) thread(root string) []*message {
	var out []*message
	for _, m := range c.messages {
		if m.ThreadTS == root && !m.deleted {
			out = append(out, m)
		}
	}
	return out
}

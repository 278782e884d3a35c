package workspace

import (
	"net/http"
	"strconv"
)

// serveState answers GET /workspace/state. With ?since=REV it sends only the
// messages changed after that revision, deleted ones as {"ts","deleted"}.
func (s *Server) serveState(w http.ResponseWriter, r *http.Request) {
	since, _ := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64)
	s.mu.Lock()
	out := s.snapshot(since)
	s.mu.Unlock()
	reply(w, http.StatusOK, out)
}

// snapshot is the whole workspace as scripts and the page see it. Called with
// mu held; the result shares nothing with the state.
func (s *Server) snapshot(since int64) obj {
	st := s.st
	channels := []obj{}
	for _, c := range st.channels {
		channels = append(channels, s.channelState(c, since))
	}
	ephemerals := obj{}
	for _, p := range st.people {
		list := []obj{}
		for _, m := range st.ephemerals[p.ID] {
			if item := s.messageState(m, since, p.ID); item != nil {
				item["channel"] = m.channel.ID
				list = append(list, item)
			}
		}
		ephemerals[p.ID] = list
	}
	views, homes := []obj{}, obj{}
	for _, p := range st.people {
		for _, v := range st.stacks[p.ID] {
			views = append(views, s.viewState(v))
		}
		if v := st.homes[p.ID]; v != nil {
			homes[p.ID] = s.viewState(v)
		}
	}
	return obj{"rev": st.rev, "people": s.peopleState(), "channels": channels, "ephemerals": ephemerals,
		"views": views, "homes": homes, "counters": st.count}
}

func (s *Server) peopleState() []obj {
	list := []obj{}
	for _, p := range s.st.people {
		list = append(list, obj{"id": p.ID, "name": p.Name, "real_name": p.RealName, "title": p.Title, "groups": p.Groups})
	}
	return list
}

func (s *Server) channelState(c *channel, since int64) obj {
	messages := []obj{}
	for _, m := range c.messages {
		if item := s.messageState(m, since, ""); item != nil {
			messages = append(messages, item)
		}
	}
	out := obj{"id": c.ID, "name": c.Name, "topic": c.Topic, "bot": c.Bot, "messages": messages}
	if c.im != "" {
		out["im"] = c.im
	}
	return out
}

// messageState is one message, or nil if it has not changed since.
func (s *Server) messageState(m *message, since int64, viewer string) obj {
	if m.rev <= since && since > 0 || m.deleted && since == 0 {
		return nil
	}
	if m.deleted {
		return obj{"ts": m.TS, "deleted": true}
	}
	blocks := clone(m.Blocks)
	if m.Blocks == nil {
		blocks = []any{}
	}
	out := obj{"ts": m.TS, "user": m.User, "text": m.Text, "blocks": blocks, "edits": m.edits, "bot": m.bot, "rev": m.rev}
	if m.ThreadTS != "" {
		out["thread_ts"] = m.ThreadTS
	}
	if m.Broadcast {
		out["broadcast"] = true
	}
	if m.editedTS != "" {
		out["edited"] = true
	}
	if m.Attachments != nil {
		out["attachments"] = raw(m.Attachments)
	}
	if m.Metadata != nil {
		out["metadata"] = raw(m.Metadata)
	}
	if len(m.files) > 0 {
		out["files"] = s.filesOf(m)
	}
	if len(m.reactions) > 0 {
		out["reactions"] = append([]reaction(nil), m.reactions...)
	}
	if len(m.values) > 0 {
		chosen := obj{}
		for user, values := range m.values {
			if viewer == "" || viewer == user {
				chosen[user] = currentValues(m.allBlocks(), values)
			}
		}
		out["values"] = chosen
	}
	return out
}

func (s *Server) viewState(v *view) obj {
	out := s.viewObject(v)
	out["user"] = v.user
	return out
}

// serveInfo tells the page what does not change: who the bot is, which
// commands there are, and what the program around says.
func (s *Server) serveInfo(w http.ResponseWriter, _ *http.Request) {
	mode := "socket"
	if s.opts.AppURL != "" {
		mode = "http"
	}
	s.mu.Lock()
	groups := []obj{}
	for _, g := range s.st.userGroups() {
		groups = append(groups, obj{"id": g.ID, "handle": g.Handle})
	}
	s.mu.Unlock()
	bot := obj{"id": s.st.bot.ID, "name": s.st.bot.Name}
	reply(w, http.StatusOK, obj{"bot": bot, "commands": s.opts.Commands, "groups": groups,
		"banner": s.opts.Banner, "try": s.opts.Try, "mode": mode, "workspace_user": workspaceUser})
}

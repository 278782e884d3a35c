package workspace

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"
)

// sayRequest is what a person types.
type sayRequest struct {
	User     string `json:"user"`
	Channel  string `json:"channel"`
	Text     string `json:"text"`
	ThreadTS string `json:"thread_ts"`
}

// maxSaid bounds what a person may type, as Slack's own box does.
const maxSaid = 12_000

// say posts a person's message, or runs a slash command.
func (s *Server) say(req sayRequest) (obj, error) {
	s.mu.Lock()
	p, err := s.actor(req.User)
	var ch *channel
	if err == nil {
		if ch = s.st.channelFor(p, req.Channel); ch == nil {
			err = missing("there is no channel " + req.Channel + " for " + p.Name)
		}
	}
	s.mu.Unlock()
	switch {
	case err != nil:
		return nil, err
	case strings.TrimSpace(req.Text) == "":
		return nil, mistaken("text is empty")
	case utf8.RuneCountInString(req.Text) > maxSaid:
		return nil, mistaken("text is longer than 12,000 characters")
	case strings.HasPrefix(req.Text, "/"):
		return s.slash(p, ch, req)
	}
	return s.chat(p, ch, req)
}

// chat posts an ordinary message and tells the app if it is concerned.
func (s *Server) chat(p Person, ch *channel, req sayRequest) (obj, error) {
	s.mu.Lock()
	if req.ThreadTS != "" && ch.find(req.ThreadTS) == nil {
		s.mu.Unlock()
		return nil, missing("there is no message " + req.ThreadTS + " in " + ch.Name)
	}
	m := s.post(&message{channel: ch, User: p.ID, Text: s.st.typed(req.Text), ThreadTS: rootOf(ch, req.ThreadTS)})
	events := s.messageEvents(m)
	if ch.im == "" && !ch.Bot && strings.Contains(m.Text, "<@"+s.st.bot.ID+">") {
		s.hint(p, ch, s.st.bot.Name+" is not in #"+ch.Name+". Type /invite @"+s.st.bot.Name+" to bring it in.")
	}
	s.mu.Unlock()
	out := obj{"ts": m.TS, "channel": ch.ID, "response": nil, "ack_ms": 0}
	for _, e := range events {
		for k, v := range outcome(s.emit(e)) {
			out[k] = v
		}
	}
	return out, nil
}

// hint shows a person something the workspace itself has to say.
func (s *Server) hint(p Person, ch *channel, text string) {
	m := s.postEphemeralTo(p.ID, ch, content{text: text}, "")
	m.User, m.bot = workspaceUser, false
	s.st.count.Ephemerals-- // that counter is about the app
}

// workspaceUser is the author of hints, as USLACKBOT is at Slack.
const workspaceUser = "USLACKBOT"

// typedMention finds what a person may write for a mention: @name or <@U…>.
var typedMention = regexp.MustCompile(`<@[UW][A-Z0-9]+>|@[\p{L}\p{N}._-]+`)

// typed is a person's text as Slack keeps it: mentions as <@U…>, and the three
// special characters as entities, so that nobody can forge a mention.
func (st *state) typed(text string) string {
	var out strings.Builder
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	rest := 0
	for _, at := range typedMention.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		name := strings.TrimRight(strings.TrimLeft(word, "<@"), ">")
		p, ok := st.person(name)
		if !ok || word[0] == '@' && at[0] > 0 && !strings.ContainsAny(text[at[0]-1:at[0]], " \n\t(,;:") {
			continue // an address such as a@b is not a mention
		}
		out.WriteString(escape.Replace(text[rest:at[0]]) + "<@" + p.ID + ">")
		rest = at[1]
	}
	out.WriteString(escape.Replace(text[rest:]))
	return out.String()
}

// splitCommand cuts "/name rest"; no name means no command.
func splitCommand(line string) (name, text string) {
	name, text, _ = strings.Cut(strings.TrimSpace(line), " ")
	if !strings.HasPrefix(name, "/") {
		return "", line
	}
	return name, strings.TrimSpace(text)
}

// slash runs a slash command.
func (s *Server) slash(p Person, ch *channel, req sayRequest) (obj, error) {
	name, text := splitCommand(req.Text)
	if req.ThreadTS != "" {
		return obj{"ack_ms": 0, "response": nil, "error": name + " is not supported in threads"}, nil
	}
	if name == "/invite" {
		return s.invite(p, ch, text)
	}
	if !s.knowsCommand(name) {
		return obj{"ack_ms": 0, "response": nil, "error": name + " is not a valid command"}, nil
	}
	s.mu.Lock()
	e := &envelope{kind: "slash_commands", answers: true, payload: s.commandPayload(p, ch, name, text)}
	s.mu.Unlock()
	a := s.dispatch(e)
	out := outcome(a)
	out["response"] = nil
	if a.problem != "" {
		s.mu.Lock()
		s.hint(p, ch, name+" failed with the error \""+a.problem+"\"")
		s.mu.Unlock()
		return out, nil
	}
	s.showAnswer(out, p, ch, a.payload)
	return out, nil
}

func (s *Server) knowsCommand(name string) bool {
	for _, c := range s.opts.Commands {
		if c.Name == name {
			return true
		}
	}
	return false
}

// commandPayload is a slash command as Slack sends it. Called with mu held.
func (s *Server) commandPayload(p Person, ch *channel, name, text string) obj {
	channelName := ch.Name
	if ch.im != "" {
		channelName = "directmessage"
	}
	return obj{"token": "local", "team_id": s.teamOf(p), "team_domain": "local", "channel_id": ch.ID,
		"channel_name": channelName, "user_id": p.ID, "user_name": p.Name, "command": name, "text": text,
		"api_app_id": s.st.appID, "is_enterprise_install": "false",
		"response_url": s.newResponseURL(responseURL{user: p.ID, channel: ch}),
		"trigger_id":   s.newTrigger(p.ID, ch, "")}
}

// showAnswer posts what an app put into its acknowledgement of a command: JSON
// in the shape of a message, or (over HTTP) plain text.
func (s *Server) showAnswer(out obj, p Person, ch *channel, payload json.RawMessage) {
	if len(payload) == 0 {
		return
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(payload, &fields) != nil {
		fields = map[string]json.RawMessage{"text": encode(string(bytes.TrimSpace(payload)))}
	}
	a := args{body: fields}
	kind := a.str("response_type")
	if kind != "in_channel" {
		kind = "ephemeral"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.str("text") == "" && !a.has("blocks") && !a.has("attachments") {
		return
	}
	if err := s.respond(&responseURL{user: p.ID, channel: ch}, a); err != nil {
		s.st.count.Rejected++
		out["error"] = err.Error()
		return
	}
	blocks, _ := a.value("blocks")
	out["response"] = obj{"response_type": kind, "text": a.str("text"), "blocks": blocks}
}

// invite is the workspace's own command to bring the bot into a channel.
func (s *Server) invite(p Person, ch *channel, who string) (obj, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := obj{"ack_ms": 0, "response": nil}
	invited, ok := s.st.person(strings.Trim(who, "<>"))
	switch {
	case !ok:
		out["error"] = "there is nobody called " + who
	case ch.im != "":
		out["error"] = "nobody can be invited into a direct conversation"
	case invited.ID == s.st.bot.ID:
		s.join(ch, p.ID)
	}
	return out, nil
}

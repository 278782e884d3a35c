package workspace

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// refusal is an answer with ok:false.
type refusal struct {
	code     string
	messages []string // response_metadata.messages, Slack's detail
	extra    obj
}

func (r *refusal) Error() string { return r.code }

// refuse makes a refusal with Slack's error code and, perhaps, details.
func refuse(code string, messages ...string) error { return &refusal{code: code, messages: messages} }

// call is one call of a Web API method.
type call struct {
	args
	s    *Server
	name string
}

// method says how a Web API method is guarded and what it does. run is called
// with Server.mu held and may change the state; its object gets ok:true.
type method struct {
	app   bool   // needs the app-level token, not the bot's
	scope string // bot scope needed, if any
	tier  int    // calls per minute; 0 means no limit here
	run   func(*call) (obj, error)
}

// Slack's published tiers, in calls a minute.
const (
	tier2 = 20
	tier3 = 50
	tier4 = 100
)

// methodTable lists what the workspace can do. Scopes and tiers are those of
// Slack's documentation; chat.postMessage has a rule of its own (ratelimit.go).
func methodTable() map[string]method {
	return map[string]method{
		"apps.connections.open": {app: true, tier: tier3, run: openConnection},
		"auth.test":             {run: authTest},
		"api.test":              {run: func(*call) (obj, error) { return obj{}, nil }},
		"bots.info":             {scope: "users:read", tier: tier3, run: botsInfo},
		"team.info":             {scope: "team:read", tier: tier3, run: teamInfo},
		"chat.postMessage":      {scope: "chat:write", run: postMessage},
		"chat.update":           {scope: "chat:write", tier: tier3, run: updateMessage},
		"chat.postEphemeral":    {scope: "chat:write", tier: tier4, run: postEphemeral},
		"chat.delete":           {scope: "chat:write", tier: tier3, run: deleteMessage},
		"chat.getPermalink":     {run: getPermalink},
		"views.open":            {tier: tier4, run: openView},
		"views.push":            {tier: tier4, run: pushView},
		"views.update":          {tier: tier4, run: updateView},
		"views.publish":         {tier: tier4, run: publishView},
		"usergroups.list":       {scope: "usergroups:read", tier: tier2, run: listGroups},
		"usergroups.users.list": {scope: "usergroups:read", tier: tier2, run: listGroupUsers},
		"users.info":            {scope: "users:read", tier: tier4, run: userInfo},
		"users.list":            {scope: "users:read", tier: tier2, run: listUsers},
		"users.lookupByEmail":   {scope: "users:read.email", tier: tier3, run: lookupByEmail},
		"conversations.list":    {scope: "channels:read", tier: tier2, run: listConversations},
		"conversations.info":    {scope: "channels:read", tier: tier3, run: conversationInfo},
		"conversations.history": {scope: "channels:history", tier: tier3, run: history},
		"conversations.replies": {scope: "channels:history", tier: tier3, run: replies},
		"conversations.members": {scope: "channels:read", tier: tier4, run: listMembers},
		"conversations.open":    {scope: "im:write", tier: tier3, run: openConversation},
		"conversations.join":    {scope: "channels:join", tier: tier3, run: joinConversation},
		"reactions.add":         {scope: "reactions:write", tier: tier3, run: addReaction},
		"reactions.remove":      {scope: "reactions:write", tier: tier2, run: removeReaction},
		"blocks.validate":       {run: validateBlocks},

		"files.getUploadURLExternal":   {scope: "files:write", tier: tier4, run: getUploadURL},
		"files.completeUploadExternal": {scope: "files:write", tier: tier4, run: completeUpload},
	}
}

// serveAPI answers one Web API call: always HTTP 200, but for a rate limit
// (429) and for the faults that play an outage.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	if !s.apiFaults(w, r, name) {
		return
	}
	c := &call{s: s, name: name}
	var err error
	if c.args, err = readArgs(r); err != nil {
		s.answer(w, nil, err)
		return
	}
	result, wait, err := s.invoke(c, r)
	if wait > 0 {
		tooMany(w, wait)
		return
	}
	w.Header().Set("X-OAuth-Scopes", strings.Join(s.scopes(), ","))
	if scope := s.methods[name].scope; scope != "" {
		w.Header().Set("X-Accepted-OAuth-Scopes", scope)
	}
	s.answer(w, result, err)
}

// invoke checks token, scope and rate and runs the method. A positive duration
// means "too many, come back then".
func (s *Server) invoke(c *call, r *http.Request) (obj, time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, known := s.methods[c.name]
	if !known {
		return nil, 0, refuse("unknown_method")
	}
	if err := s.authorize(c, r, m); err != nil {
		return nil, 0, err
	}
	if wait := s.rate(c, m); wait > 0 {
		s.st.count.RateLimited++
		return nil, wait, nil
	}
	if m.scope != "" && !slices.Contains(s.scopes(), m.scope) {
		return nil, 0, missingScope(m.scope, s.scopes())
	}
	result, err := m.run(c)
	return result, 0, err
}

// authorize accepts exactly the two tokens of this workspace. A token of a
// real workspace is refused like any other stranger, and never echoed.
func (s *Server) authorize(c *call, r *http.Request, m method) error {
	token := bearer(r)
	if token == "" {
		token = c.str("token")
	}
	want, other := s.botToken, s.appToken
	if m.app {
		want, other = other, want
	}
	switch {
	case sameSecret(token, want):
		return nil
	case token == "":
		return refuse("not_authed")
	case sameSecret(token, other):
		return refuse("not_allowed_token_type")
	}
	return refuse("invalid_auth")
}

// answer writes what a method returned.
func (s *Server) answer(w http.ResponseWriter, result obj, err error) {
	if err == nil {
		result["ok"] = true
		reply(w, http.StatusOK, result)
		return
	}
	var ref *refusal
	if !errors.As(err, &ref) {
		ref = &refusal{code: "invalid_arguments", messages: []string{"[ERROR] " + err.Error()}}
	}
	s.mu.Lock()
	s.st.count.Rejected++
	s.mu.Unlock()
	out := obj{"ok": false, "error": ref.code}
	for k, v := range ref.extra {
		out[k] = v
	}
	if ref.messages != nil {
		out["response_metadata"] = obj{"messages": ref.messages}
	}
	reply(w, http.StatusOK, out)
}

// tooMany is Slack's 429, with whole seconds to wait.
func tooMany(w http.ResponseWriter, wait time.Duration) {
	seconds := int((wait + time.Second - 1) / time.Second)
	w.Header().Set("Retry-After", strconv.Itoa(max(seconds, 1)))
	reply(w, http.StatusTooManyRequests, obj{"ok": false, "error": "ratelimited"})
}

// missingScope is the refusal that names what an installation lacks.
func missingScope(needed string, have []string) error {
	return &refusal{code: "missing_scope", extra: obj{"needed": needed, "provided": strings.Join(have, ",")}}
}

// scopes lists the bot scopes granted.
func (s *Server) scopes() []string {
	if s.opts.Scopes != nil {
		return s.opts.Scopes
	}
	var all []string
	for _, m := range s.methods {
		if m.scope != "" && !slices.Contains(all, m.scope) {
			all = append(all, m.scope)
		}
	}
	all = append(all, "app_mentions:read", "commands", "groups:history", "groups:read", "im:history", "im:read")
	slices.Sort(all)
	return all
}

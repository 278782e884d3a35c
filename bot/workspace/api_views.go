package workspace

import "time"

// maxStack is how many modals may lie on each other, from Slack's documentation.
const maxStack = 3

// useTrigger spends a trigger id and says who may get a modal for it.
func (c *call) useTrigger() (*trigger, error) {
	t := c.s.st.triggers[c.str("trigger_id")]
	switch {
	case t == nil:
		return nil, refuse("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case c.s.now().Sub(t.issued) > triggerLife:
		return nil, refuse("expired_trigger_id")
	}
	t.used = true
	return t, nil
}

// newTrigger issues a trigger id. Called with mu held.
func (s *Server) newTrigger(user string, ch *channel, viewID string) string {
	s.sweep()
	id := randomID(12) + "." + randomID(32)
	s.st.triggers[id] = &trigger{user: user, channel: ch, view: viewID, issued: s.now()}
	return id
}

// readView decodes and checks a view of the given type.
func (c *call) readView(kind string) (*view, error) {
	v, err := c.value("view")
	body := asObj(v)
	if err != nil || body == nil {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: view")
	}
	if asString(body["type"]) != kind {
		return nil, refuse("invalid_arguments", "[ERROR] view type must be "+kind+" [json-pointer:/view/type]")
	}
	if err := checkView(body); err != nil {
		return nil, err
	}
	if id := asString(body["external_id"]); id != "" {
		if other := c.s.st.viewByExternalID(id); other != nil && other.ID != c.str("view_id") && c.str("external_id") != id {
			return nil, refuse("duplicate_external_id")
		}
	}
	return newView(body), nil
}

// newView makes a view of what an app sent.
func newView(body obj) *view {
	fillIDs(asList(body["blocks"]))
	return &view{ID: "V" + randomID(10), Type: asString(body["type"]), Hash: shortID(16),
		CallbackID: asString(body["callback_id"]), ExternalID: asString(body["external_id"]),
		PrivateMetadata: asString(body["private_metadata"]), NotifyOnClose: asBool(body["notify_on_close"]),
		ClearOnClose: asBool(body["clear_on_close"]), body: body, values: blockValues{}}
}

// sweep forgets, once a minute, the triggers and response URLs that can only be
// refused; they are kept a while, so that the refusal can say why.
func (s *Server) sweep() {
	now := s.now()
	if now.Sub(s.swept) < time.Minute {
		return
	}
	s.swept = now
	for id, t := range s.st.triggers {
		if now.Sub(t.issued) > 100*triggerLife {
			delete(s.st.triggers, id)
		}
	}
	for id, r := range s.st.responses {
		if now.Sub(r.issued) > 2*responseLife {
			delete(s.st.responses, id)
		}
	}
}

func openView(c *call) (obj, error) {
	v, err := c.readView("modal")
	if err != nil {
		return nil, err
	}
	t, err := c.useTrigger()
	if err != nil {
		return nil, err
	}
	v.user, v.root, v.target = t.user, v.ID, t.channel
	c.s.st.stacks[t.user] = []*view{v}
	c.s.touch(nil)
	return obj{"view": c.s.viewObject(v)}, nil
}

func pushView(c *call) (obj, error) {
	v, err := c.readView("modal")
	if err != nil {
		return nil, err
	}
	t, err := c.useTrigger()
	if err != nil {
		return nil, err
	}
	if !c.s.push(t.user, v) {
		return nil, refuse("push_limit_reached")
	}
	return obj{"view": c.s.viewObject(v)}, nil
}

// push lays a modal on the ones a person has open. It reports false if there
// is none, or no room.
func (s *Server) push(user string, v *view) bool {
	stack := s.st.stacks[user]
	if len(stack) == 0 || len(stack) >= maxStack {
		return false
	}
	top := stack[len(stack)-1]
	v.user, v.root, v.previous, v.target = user, stack[0].ID, top.ID, top.target
	s.st.stacks[user] = append(stack, v)
	s.touch(nil)
	return true
}

func updateView(c *call) (obj, error) {
	fresh, err := c.readView("modal")
	if err != nil {
		return nil, err
	}
	old := c.s.st.viewByID(c.str("view_id"))
	if old == nil {
		old = c.s.st.viewByExternalID(c.str("external_id"))
	}
	if old == nil || old.Type != "modal" {
		return nil, refuse("not_found")
	}
	if hash := c.str("hash"); hash != "" && hash != old.Hash {
		return nil, refuse("hash_conflict")
	}
	c.s.replaceView(old, fresh)
	return obj{"view": c.s.viewObject(old)}, nil
}

// replaceView gives a modal new content; it keeps its id, its place and what
// was typed into blocks that are still there.
func (s *Server) replaceView(old, fresh *view) {
	fresh.ID, fresh.user, fresh.root, fresh.previous, fresh.target = old.ID, old.user, old.root, old.previous, old.target
	kept := blockValues{}
	for _, p := range interactives(asList(fresh.body["blocks"])) {
		if v, ok := old.values[p.blockID()][p.actionID()]; ok {
			kept.set(p.blockID(), p.actionID(), v)
		}
	}
	fresh.values = kept
	*old = *fresh
	s.touch(nil)
}

func publishView(c *call) (obj, error) {
	v, err := c.readView("home")
	if err != nil {
		return nil, err
	}
	p, ok := c.s.st.person(c.str("user_id"))
	if !ok || p.ID == c.s.st.bot.ID {
		return nil, refuse("invalid_arguments", "[ERROR] user_id is not a user")
	}
	old := c.s.st.homes[p.ID]
	if hash := c.str("hash"); hash != "" && old != nil && hash != old.Hash {
		return nil, refuse("hash_conflict")
	}
	v.user, v.root = p.ID, v.ID
	if old != nil {
		v.ID, v.root = old.ID, old.ID
	}
	c.s.st.homes[p.ID] = v
	c.s.touch(nil)
	return obj{"view": c.s.viewObject(v)}, nil
}

// viewObject is a view in Slack's form.
func (s *Server) viewObject(v *view) obj {
	out := asObj(clone(v.body))
	st := s.st
	out["id"], out["hash"], out["team_id"], out["app_id"], out["bot_id"] = v.ID, v.Hash, st.teamID, st.appID, st.botID
	out["app_installed_team_id"] = st.teamID
	out["callback_id"], out["external_id"], out["private_metadata"] = v.CallbackID, v.ExternalID, v.PrivateMetadata
	out["root_view_id"], out["clear_on_close"], out["notify_on_close"] = v.root, v.ClearOnClose, v.NotifyOnClose
	out["previous_view_id"] = nil
	if v.previous != "" {
		out["previous_view_id"] = v.previous
	}
	for _, key := range []string{"close", "submit"} {
		if out[key] == nil {
			out[key] = nil // Slack writes the null
		}
	}
	out["state"] = obj{"values": currentValues(asList(v.body["blocks"]), v.values)}
	return out
}

package workspace

import (
	"encoding/json"
	"fmt"
	"strings"
)

// clickRequest is a press of a button or a choice in a menu.
type clickRequest struct {
	User     string          `json:"user"`
	Channel  string          `json:"channel"`
	TS       string          `json:"ts"`
	ViewID   string          `json:"view_id"`
	BlockID  string          `json:"block_id"` // picks among equal action ids
	ActionID string          `json:"action_id"`
	Value    *string         `json:"value"`    // must be the button's value; picks among equal action ids
	Selected json.RawMessage `json:"selected"` // for menus and pickers: value, name, id, date or list of them
	Worn     bool            `json:"worn"`     // the button may be one that an edit has taken away: the screen lags
	// Values are what the person has typed beside, as in submit.
	Values map[string]map[string]json.RawMessage `json:"values"`
}

// surface is where a click happens: a message or a view.
type surface struct {
	message *message
	view    *view
	blocks  []any
	values  blockValues
}

// click presses a button. It passes confirm dialogs, which the page shows
// itself before it asks.
func (s *Server) click(req clickRequest) (obj, error) {
	e, err := s.prepareClick(req)
	if err != nil || e == nil {
		return obj{"ack_ms": 0}, err
	}
	return outcome(s.dispatch(e)), nil
}

// prepareClick checks a click against what is on the screen and makes its
// payload.
func (s *Server) prepareClick(req clickRequest) (*envelope, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.actor(req.User)
	if err != nil {
		return nil, err
	}
	on, err := s.surface(p, req)
	if err != nil {
		return nil, err
	}
	there := interactives(on.blocks)
	if req.Worn && on.message != nil {
		there = append(there, on.message.worn...)
	}
	el, err := pick(there, req)
	if err != nil {
		return nil, err
	}
	if err := s.typeIn(p, on.blocks, on.values, req.Values); err != nil {
		return nil, err
	}
	action, err := s.action(s.st.withOffer(p, el), req)
	if err != nil {
		return nil, err
	}
	if _, holds := initialValue(el.element)[valueKeys[el.kind()][0]]; holds && el.kind() != "overflow" {
		on.values.set(el.blockID(), el.actionID(), valueOnly(el.kind(), action))
		s.touch(on.message)
	}
	return &envelope{kind: "interactive", payload: s.actionPayload(p, on, action)}, nil
}

// surface finds the message or view clicked on, as this person sees it.
func (s *Server) surface(p Person, req clickRequest) (surface, error) {
	if req.ViewID != "" {
		v := s.st.viewByID(req.ViewID)
		if v == nil || v.user != p.ID {
			return surface{}, missing("there is no view " + req.ViewID + " on the screen of " + p.Name)
		}
		return surface{view: v, blocks: asList(v.body["blocks"]), values: v.values}, nil
	}
	m := s.st.ephemeral(p.ID, req.TS)
	if m == nil {
		ch := s.st.channelFor(p, req.Channel)
		if ch == nil && req.Channel != "" {
			return surface{}, missing("there is no channel " + req.Channel + " for " + p.Name)
		}
		for _, c := range s.st.channels {
			if (ch == nil || c == ch) && (c.im == "" || c.im == p.ID) && m == nil {
				m = c.find(req.TS)
			}
		}
	}
	if m == nil {
		return surface{}, missing("there is no message " + req.TS + " on the screen of " + p.Name)
	}
	if m.values == nil {
		m.values = map[string]blockValues{}
	}
	if m.values[p.ID] == nil {
		m.values[p.ID] = blockValues{}
	}
	return surface{message: m, blocks: m.allBlocks(), values: m.values[p.ID]}, nil
}

// allBlocks lists a message's blocks, those in attachments included.
func (m *message) allBlocks() []any {
	all := append([]any(nil), m.Blocks...)
	if m.Attachments != nil {
		for _, a := range asList(raw(m.Attachments)) {
			all = append(all, asList(asObj(a)["blocks"])...)
		}
	}
	return all
}

// pick finds the element that was clicked.
func pick(all []placed, req clickRequest) (placed, error) {
	var there []string
	var found []placed
	for _, p := range all {
		there = append(there, p.actionID())
		if p.actionID() != req.ActionID || req.BlockID != "" && p.blockID() != req.BlockID {
			continue
		}
		if value := asString(p.element["value"]); req.Value != nil && *req.Value != value && p.kind() == "button" {
			continue
		}
		found = append(found, p)
	}
	switch {
	case len(found) > 0:
		return found[0], nil
	case len(there) == 0:
		return placed{}, missing("nothing can be clicked there any more")
	case req.Value != nil:
		return placed{}, missing(fmt.Sprintf("there is no %q with the value %q; there are %s", req.ActionID, *req.Value, strings.Join(there, ", ")))
	}
	return placed{}, missing(fmt.Sprintf("there is no %q; there are %s", req.ActionID, strings.Join(there, ", ")))
}

// action describes the click as Slack's actions list does.
func (s *Server) action(el placed, req clickRequest) (obj, error) {
	kind := el.kind()
	a := obj{"type": kind, "action_id": el.actionID(), "block_id": el.blockID(), "action_ts": s.st.nextTS(s.now())}
	if kind == "button" || kind == "icon_button" {
		a["text"] = clone(el.element["text"])
		for _, key := range []string{"value", "style", "url", "confirm"} {
			if v, ok := el.element[key]; ok {
				a[key] = clone(v)
			}
		}
		return a, nil
	}
	given := req.Selected
	if given == nil && req.Value != nil {
		given = encode(*req.Value)
	}
	if given == nil {
		return nil, mistaken("a " + kind + " needs \"selected\"")
	}
	typed, err := s.typedValue(el.element, given)
	if err != nil {
		return nil, mistaken(err.Error())
	}
	for k, v := range typed {
		a[k] = v
	}
	if confirm, ok := el.element["confirm"]; ok {
		a["confirm"] = clone(confirm)
	}
	return a, nil
}

// valueOnly keeps the part of an action that state.values repeats.
func valueOnly(kind string, action obj) obj {
	key := valueKeys[kind][0]
	return obj{"type": kind, key: action[key]}
}

// actionPayload is the whole block_actions payload. Called with mu held.
func (s *Server) actionPayload(p Person, on surface, action obj) obj {
	out := s.placePayload("block_actions", p, on)
	out["actions"] = []obj{action}
	out["state"] = obj{"values": currentValues(on.blocks, on.values)}
	if v := on.view; v != nil {
		out["trigger_id"] = s.newTrigger(p.ID, v.target, v.ID)
		return out
	}
	m := on.message
	if m.ephemeralTo == "" { // Slack does not repeat an ephemeral message
		out["message"] = s.render(m, true)
	}
	out["trigger_id"] = s.newTrigger(p.ID, m.channel, "")
	out["response_url"] = s.newResponseURL(responseURL{user: p.ID, channel: m.channel, source: m, thread: m.ThreadTS})
	return out
}

// placePayload begins a payload and says where it comes from. Called with mu held.
func (s *Server) placePayload(kind string, p Person, on surface) obj {
	out := s.interaction(kind, p)
	if v := on.view; v != nil {
		out["view"] = s.viewObject(v)
		out["container"] = obj{"type": "view", "view_id": v.ID}
		return out
	}
	m := on.message
	container := obj{"type": "message", "message_ts": m.TS, "channel_id": m.channel.ID, "is_ephemeral": m.ephemeralTo != ""}
	if m.ThreadTS != "" {
		container["thread_ts"] = m.ThreadTS
	}
	name := m.channel.Name
	if m.channel.im != "" {
		name = "directmessage"
	}
	out["container"], out["channel"] = container, obj{"id": m.channel.ID, "name": name}
	return out
}

// interaction is what all interactive payloads begin with.
func (s *Server) interaction(kind string, p Person) obj {
	return obj{"type": kind, "token": "local", "api_app_id": s.st.appID,
		"is_enterprise_install": false, "enterprise": nil,
		"team": obj{"id": s.teamOf(p), "domain": "local"},
		"user": obj{"id": p.ID, "username": p.Name, "name": p.Name, "team_id": s.teamOf(p)}}
}

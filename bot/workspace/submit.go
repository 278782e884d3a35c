package workspace

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// submitRequest is a press of a modal's submit button.
type submitRequest struct {
	User   string                                `json:"user"`
	ViewID string                                `json:"view_id"`
	Values map[string]map[string]json.RawMessage `json:"values"`
}

// closeRequest closes a modal, or with All the whole stack.
type closeRequest struct {
	User   string `json:"user"`
	ViewID string `json:"view_id"`
	All    bool   `json:"all"`
}

// submit sends a modal to the app and does what its acknowledgement says.
func (s *Server) submit(req submitRequest) (obj, error) {
	s.mu.Lock()
	p, v, err := s.modalOf(req.User, req.ViewID)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	if err := s.typeIn(p, asList(v.body["blocks"]), v.values, req.Values); err != nil {
		s.mu.Unlock()
		return nil, mistaken(err.Error())
	}
	if problems := inputProblems(v); len(problems) > 0 {
		s.mu.Unlock()
		return obj{"ack_ms": 0, "errors": problems}, nil
	}
	payload := s.submission(p, v)
	s.mu.Unlock()
	a := s.dispatch(&envelope{kind: "interactive", answers: true, payload: payload})
	out := outcome(a)
	if a.problem == "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.afterSubmit(out, v, a.payload)
	}
	return out, nil
}

// submission is the view_submission payload of a modal. Called with mu held.
func (s *Server) submission(p Person, v *view) obj {
	out := s.interaction("view_submission", p)
	out["view"], out["response_urls"], out["trigger_id"] = s.viewObject(v), s.responseURLs(p, v), s.newTrigger(p.ID, v.target, v.ID)
	return out
}

// responseURLs are one for each conversation that was chosen in an input which
// asked for that (response_url_enabled).
func (s *Server) responseURLs(p Person, v *view) []obj {
	list := []obj{}
	blocks := asList(v.body["blocks"])
	now := currentValues(blocks, v.values)
	for _, in := range interactives(blocks) {
		if !asBool(in.element["response_url_enabled"]) {
			continue
		}
		id := asString(now[in.blockID()][in.actionID()][valueKeys[in.kind()][0]])
		if ch := s.st.channelByID(id); ch != nil {
			list = append(list, obj{"block_id": in.blockID(), "action_id": in.actionID(), "channel_id": ch.ID,
				"response_url": s.newResponseURL(responseURL{user: p.ID, channel: ch})})
		}
	}
	return list
}

// modalOf finds an open modal of a person. Called with mu held.
func (s *Server) modalOf(user, id string) (Person, *view, error) {
	p, err := s.actor(user)
	if err != nil {
		return p, nil, err
	}
	v := s.st.viewByID(id)
	if v == nil || v.user != p.ID || v.Type != "modal" {
		return p, nil, missing("there is no modal " + id + " on the screen of " + p.Name)
	}
	return p, v, nil
}

// typeIn stores what a person typed or chose.
func (s *Server) typeIn(who Person, blocks []any, into blockValues, given map[string]map[string]json.RawMessage) error {
	all := interactives(blocks)
	for block, actions := range given {
		for action, value := range actions {
			i := slices.IndexFunc(all, func(p placed) bool { return p.blockID() == block && p.actionID() == action })
			if i < 0 {
				return fmt.Errorf("there is no input %q in block %q", action, block)
			}
			typed, err := s.typedValue(s.st.withOffer(who, all[i]).element, value)
			if err != nil {
				return err
			}
			into.set(block, action, typed)
		}
	}
	return nil
}

// inputProblems are what Slack's own dialog says before it asks the app: an
// empty required input, or text of a wrong length.
func inputProblems(v *view) map[string]string {
	problems := map[string]string{}
	blocks := asList(v.body["blocks"])
	now := currentValues(blocks, v.values)
	for _, p := range interactives(blocks) {
		if asString(p.block["type"]) != "input" {
			continue
		}
		value := now[p.blockID()][p.actionID()][valueKeys[p.kind()][0]]
		text, isText := value.(string)
		switch {
		case blank(value) && !asBool(p.block["optional"]):
			problems[p.blockID()] = "Please complete this required field."
		case isText && tooShort(text, p.element["min_length"]):
			problems[p.blockID()] = "Please use at least " + fmt.Sprint(p.element["min_length"]) + " characters."
		case isText && tooLong(text, p.element["max_length"]):
			problems[p.blockID()] = "Please use at most " + fmt.Sprint(p.element["max_length"]) + " characters."
		}
	}
	return problems
}

func blank(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	}
	return false
}

func tooShort(text string, limit any) bool {
	n, ok := asInt(limit)
	return ok && text != "" && utf8.RuneCountInString(text) < n
}

func tooLong(text string, limit any) bool {
	n, ok := asInt(limit)
	return ok && utf8.RuneCountInString(text) > n
}

// asInt reads a number of decoded JSON.
func asInt(v any) (int, bool) {
	number, _ := v.(json.Number)
	n, err := strconv.Atoi(number.String())
	return n, err == nil
}

// afterSubmit obeys the response_action of an acknowledgement; none closes the
// modal. Called with mu held.
func (s *Server) afterSubmit(out obj, v *view, payload json.RawMessage) {
	var answer struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   obj               `json:"view"`
	}
	if len(payload) > 0 && decode(payload, &answer) != nil {
		out["error"] = "the app's answer is not JSON"
		return
	}
	switch answer.Action {
	case "":
		s.pop(v)
	case "errors":
		out["errors"] = answer.Errors
	case "clear":
		s.clearStack(v.user)
	case "update", "push":
		if err := checkView(answer.View); err != nil {
			s.st.count.Rejected++
			out["error"] = "the app answered with a modal that Slack refuses: " + err.Error()
			return
		}
		fresh := newView(answer.View)
		if answer.Action == "update" {
			s.replaceView(v, fresh)
		} else if !s.push(v.user, fresh) {
			out["error"] = "push_limit_reached"
		}
	default:
		out["error"] = "the app answered with an unknown response_action"
	}
}

// pop removes one modal and whatever lies on it.
func (s *Server) pop(v *view) {
	stack := s.st.stacks[v.user]
	if i := slices.Index(stack, v); i >= 0 {
		s.st.stacks[v.user] = stack[:i:i]
	}
	s.touch(nil)
}

func (s *Server) clearStack(user string) {
	delete(s.st.stacks, user)
	s.touch(nil)
}

// closeView closes a modal as its Cancel button does; the app is told if it
// asked for that.
func (s *Server) closeView(req closeRequest) (obj, error) {
	s.mu.Lock()
	p, v, err := s.modalOf(req.User, req.ViewID)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	payload := s.interaction("view_closed", p)
	payload["view"], payload["is_cleared"] = s.viewObject(v), req.All
	if req.All || v.ClearOnClose {
		s.clearStack(p.ID)
	} else {
		s.pop(v)
	}
	s.mu.Unlock()
	if !v.NotifyOnClose {
		return obj{"ack_ms": 0}, nil
	}
	return outcome(s.dispatch(&envelope{kind: "interactive", payload: payload})), nil
}

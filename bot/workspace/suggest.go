package workspace

import (
	"maps"
	"unicode/utf8"
)

// suggestRequest is what a person types into a menu whose options the app knows
// (external_select, multi_external_select).
type suggestRequest struct {
	User     string `json:"user"`
	Channel  string `json:"channel"`
	TS       string `json:"ts"`
	ViewID   string `json:"view_id"`
	BlockID  string `json:"block_id"`
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
}

// minQuery is how many characters Slack waits for unless the menu says
// otherwise.
const minQuery = 3

// suggest asks the app for options and answers with them, or with groups of
// them. The person may then choose one of them by click or submit.
func (s *Server) suggest(req suggestRequest) (obj, error) {
	e, key, err := s.prepareSuggestion(req)
	if err != nil || e == nil {
		return obj{"ack_ms": 0, "options": []any{}}, err
	}
	a := s.dispatch(e)
	out := outcome(a)
	var answer obj
	if a.problem != "" {
		return out, nil
	}
	if len(a.payload) == 0 || decode(a.payload, &answer) != nil {
		answer = obj{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &checker{}
	if k.static("", answer); len(k.messages) > 0 && !noOptions(answer) {
		s.st.count.Rejected++
		out["error"] = "the app answered with options that Slack refuses: " + k.messages[0]
		return out, nil
	}
	s.st.offers[key] = nil
	for _, o := range options(answer) {
		s.st.offers[key] = append(s.st.offers[key], o)
	}
	for _, name := range []string{"options", "option_groups"} {
		if answer[name] != nil {
			out[name] = answer[name]
		}
	}
	return out, nil
}

// noOptions reports an answer that nothing fits, which is a good one.
func noOptions(answer obj) bool {
	list, there := answer["options"].([]any)
	return there && len(list) == 0
}

// prepareSuggestion makes the block_suggestion payload, or none while too little
// has been typed, and says under which key the answer is kept.
func (s *Server) prepareSuggestion(req suggestRequest) (*envelope, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.actor(req.User)
	if err != nil {
		return nil, "", err
	}
	click := clickRequest{User: req.User, Channel: req.Channel, TS: req.TS, ViewID: req.ViewID, BlockID: req.BlockID, ActionID: req.ActionID}
	on, err := s.surface(p, click)
	if err != nil {
		return nil, "", err
	}
	el, err := pick(interactives(on.blocks), click)
	if err != nil {
		return nil, "", err
	}
	if !asksApp(el) {
		return nil, "", mistaken("the options of a " + el.kind() + " do not come from the app")
	}
	least := minQuery
	if n, ok := asInt(el.element["min_query_length"]); ok {
		least = n
	}
	if utf8.RuneCountInString(req.Value) < least {
		return nil, "", nil
	}
	payload := s.placePayload("block_suggestion", p, on)
	maps.Copy(payload, obj{"block_id": el.blockID(), "action_id": el.actionID(), "value": req.Value})
	return &envelope{kind: "interactive", answers: true, payload: payload}, offerKey(p, el), nil
}

func asksApp(el placed) bool {
	return el.kind() == "external_select" || el.kind() == "multi_external_select"
}

// offerKey says whose choice in which menu an offer is for. A person types into
// one menu at a time, so equal ids elsewhere do not matter.
func offerKey(p Person, el placed) string {
	return string(encode([]string{p.ID, el.blockID(), el.actionID()}))
}

// withOffer gives a menu of the app's the options that were suggested last to
// this person; any other element stays as it is.
func (st *state) withOffer(p Person, el placed) placed {
	if !asksApp(el) {
		return el
	}
	el.element = maps.Clone(el.element)
	el.element["options"] = st.offers[offerKey(p, el)]
	return el
}

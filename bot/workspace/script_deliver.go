package workspace

import (
	"encoding/json"
	"slices"
	"time"
)

// deliverRequest sends a request of the script's own making to the app: in HTTP
// mode rightly signed, wrongly, too old, or not at all; in Socket Mode, where
// nothing is signed, in an envelope.
type deliverRequest struct {
	// Kind is command, click, submit or event.
	Kind string `json:"kind"`
	// Body is a complete payload in Slack's form (an object with "type", or for
	// a command with "command"), or the body of say, click or submit, from
	// which the payload is made, or for an event the inner event alone. Text is
	// sent as it is.
	Body      json.RawMessage `json:"body"`
	Signature string          `json:"signature"` // good (default), bad, old, none
	AgeS      int             `json:"age_s"`     // how old the timestamp is; with old at least 301
	Retry     int             `json:"retry"`     // X-Slack-Retry-Num
	Via       string          `json:"via"`       // http or socket; default: as this workspace delivers
}

// oldAge is well over the five minutes Slack asks apps to tolerate.
const oldAge = 10 * time.Minute

// deliverByHand answers POST /workspace/deliver with the app's status and body.
func (s *Server) deliverByHand(req deliverRequest) (obj, error) {
	if req.Via == "socket" {
		return s.deliverEnvelope(req)
	}
	if s.opts.AppURL == "" {
		return nil, &badRequest{status: 409, text: "this workspace has no app URL: payloads go over Socket Mode"}
	}
	if req.Signature == "" {
		req.Signature = "good"
	}
	if !slices.Contains([]string{"good", "bad", "old", "none"}, req.Signature) {
		return nil, mistaken("signature is good, bad, old or none")
	}
	out, err := s.compose(req)
	if err != nil {
		return nil, err
	}
	out.signature, out.age = req.Signature, time.Duration(req.AgeS)*time.Second
	if req.Signature == "old" && req.AgeS == 0 {
		out.age = oldAge
	}
	if req.Retry > 0 {
		out.retry, out.reason = req.Retry, "http_timeout"
	}
	start := time.Now()
	answer, err := s.send(out)
	took := time.Since(start).Milliseconds()
	if err != nil {
		return obj{"status": 0, "ack_ms": took, "error": problemDispatch, "detail": err.Error()}, nil
	}
	return obj{"status": answer.status, "body": string(answer.body), "ack_ms": took}, nil
}

// deliverEnvelope sends a payload over a connection of Socket Mode and answers with
// what came back in the acknowledgement.
func (s *Server) deliverEnvelope(req deliverRequest) (obj, error) {
	kind, err := kindOf(req.Kind)
	if err != nil {
		return nil, err
	}
	var body obj
	if err := decode(req.Body, &body); err != nil || body == nil {
		return nil, mistaken("body is no object")
	}
	payload, err := s.completePayload(req, body)
	if err != nil {
		return nil, err
	}
	e := &envelope{kind: kind, payload: payload, answers: kind != "events_api", attempt: req.Retry, id: shortID(8) + "-" + shortID(12)}
	start := time.Now()
	a := s.overSocket(e)
	a.took = time.Since(start)
	out := outcome(a)
	out["body"] = string(a.payload)
	return out, nil
}

// kindOf gives the type of the envelope that a kind of request comes in.
func kindOf(kind string) (string, error) {
	kinds := map[string]string{"command": "slash_commands", "click": "interactive", "submit": "interactive", "event": "events_api"}
	if kinds[kind] == "" {
		return "", mistaken("kind is command, click, submit or event")
	}
	return kinds[kind], nil
}

// compose makes the request that a body stands for.
func (s *Server) compose(req deliverRequest) (appRequest, error) {
	kind, err := kindOf(req.Kind)
	if err != nil {
		return appRequest{}, err
	}
	var text string
	if json.Unmarshal(req.Body, &text) == nil {
		shape := encodeForHTTP(kind, obj{})
		shape.body = []byte(text)
		return shape, nil
	}
	var body obj
	if err := decode(req.Body, &body); err != nil || body == nil {
		return appRequest{}, mistaken("body is neither an object nor text")
	}
	payload, err := s.completePayload(req, body)
	if err != nil {
		return appRequest{}, err
	}
	return encodeForHTTP(kind, payload), nil
}

// completePayload turns the short forms of a body into Slack's.
func (s *Server) completePayload(req deliverRequest, body obj) (obj, error) {
	switch {
	case req.Kind == "command" && body["command"] != nil:
		return body, nil
	case req.Kind == "command":
		return s.commandFromSay(req.Body)
	case req.Kind == "event":
		if t := asString(body["type"]); t == "event_callback" || t == "url_verification" {
			return body, nil
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.event(body).payload, nil
	case body["type"] != nil:
		return body, nil
	case req.Kind == "click":
		var click clickRequest
		if err := json.Unmarshal(req.Body, &click); err != nil {
			return nil, mistaken("body: " + err.Error())
		}
		e, err := s.prepareClick(click)
		if err != nil {
			return nil, err
		}
		return e.payload, nil
	}
	return s.submissionFrom(req.Body)
}

// commandFromSay makes a command payload of {"user","channel","text"}.
func (s *Server) commandFromSay(body json.RawMessage) (obj, error) {
	var say sayRequest
	if err := json.Unmarshal(body, &say); err != nil {
		return nil, mistaken("body: " + err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.actor(say.User)
	if err != nil {
		return nil, err
	}
	ch := s.st.channelFor(p, say.Channel)
	if ch == nil {
		return nil, missing("there is no channel " + say.Channel)
	}
	name, text := splitCommand(say.Text)
	if name == "" {
		return nil, mistaken("text does not begin with a slash command")
	}
	return s.commandPayload(p, ch, name, text), nil
}

// submissionFrom makes a view_submission of {"user","view_id","values"}.
func (s *Server) submissionFrom(body json.RawMessage) (obj, error) {
	var submit submitRequest
	if err := json.Unmarshal(body, &submit); err != nil {
		return nil, mistaken("body: " + err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, v, err := s.modalOf(submit.User, submit.ViewID)
	if err == nil {
		err = s.typeIn(p, asList(v.body["blocks"]), v.values, submit.Values)
	}
	if err != nil {
		return nil, err
	}
	return s.submission(p, v), nil
}

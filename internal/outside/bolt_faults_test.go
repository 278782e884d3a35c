package outside_test

import (
	"strings"
	"testing"
	"time"
)

// fault causes a trouble of the workspace.
func (r *room) fault(body map[string]any) {
	r.t.Helper()
	r.do("/workspace/fault", body)
}

// TestBoltConnectsAgain takes the connection away in each way that Slack does;
// what a person types meanwhile is answered over the next one.
func TestBoltConnectsAgain(t *testing.T) {
	t.Parallel()
	r := openRoom(t, everything())
	app, _ := r.bolt(r.socketMode())
	for _, fault := range []map[string]any{
		{"kind": "disconnect"},
		{"kind": "disconnect", "reason": "warning"},
		{"kind": "disconnect", "for_ms": 200},
		{"kind": "too_many_websockets", "for_ms": 500},
		{"kind": "down", "for_ms": 300},
	} {
		before := r.screen()
		r.fault(fault)
		// Bolt ends a connection it was warned about by itself, in its own time.
		r.await("the connection is gone", func(s screen) bool {
			return s.Counters["sockets"] == 0 || s.Counters["connections_opened"] > before.Counters["connections_opened"]
		})
		if out := r.say("/hello"); out["error"] != nil {
			t.Errorf("after %v a command is answered by %v", fault, out)
		}
		app.hear("command")
		r.await("one more answer", func(s screen) bool { return len(s.in("sites")) == len(before.in("sites"))+1 })
		if after := r.screen().Counters; after["connections_opened"] <= before.Counters["connections_opened"] || after["sockets"] != 1 {
			t.Errorf("%v: before %v, after %v", fault, before.Counters, after)
		}
	}
	app.expectQuiet(t)
}

// TestBoltIsToldToWait has Slack's client meet a rate limit: it waits as long
// as it is told and posts then.
func TestBoltIsToldToWait(t *testing.T) {
	t.Parallel()
	r := openRoom(t, everything())
	app, _ := r.bolt(r.socketMode())
	r.fault(map[string]any{"kind": "rate_limit", "method": "chat.postMessage", "for_ms": -1, "retry_after_s": 1})
	began := time.Now()
	r.say("/hello say")
	r.await("the limit is met", func(s screen) bool { return s.Counters["rate_limited"] > 0 })
	r.fault(map[string]any{"kind": "clear"})
	if n := len(r.screen().in("sites")); n != 0 {
		t.Errorf("%d messages in spite of the limit", n)
	}
	r.saw("sites", "Said.")
	if took := time.Since(began); took < time.Second {
		t.Errorf("posted after %v", took)
	}
	app.expectQuiet(t)
}

// TestBoltHearsAgain delivers an event again, as Slack does after a lost
// acknowledgement; and a command that is not acknowledged fails in Slack's words.
func TestBoltHearsAgain(t *testing.T) {
	t.Parallel()
	o := everything()
	o.AckTimeout = 5 * time.Second // the last command waits for its end
	r := openRoom(t, o)
	app, _ := r.bolt(r.socketMode())
	r.do("/workspace/say", map[string]any{"user": "alice", "channel": "sites", "text": "@greeter hello"})
	first := app.hear("mention")
	r.fault(map[string]any{"kind": "redeliver"})
	again := app.hear("mention")
	if n, why := again.Context.RetryNum, again.Context.RetryReason; n == nil || *n != 1 || why == nil || *why != "timeout" || again.Body.EventID != first.Body.EventID {
		t.Errorf("the event came again as %+v", again)
	}
	if out := r.say("/hello silent"); out["error"] != "operation_timeout" {
		t.Errorf("a command without acknowledgement: %v", out)
	}
	r.saw("", `/hello failed with the error "operation_timeout"`)
}

// TestBoltIsRefused has Slack's client read refusals: what is missing, and where
// a block is wrong.
func TestBoltIsRefused(t *testing.T) {
	t.Parallel()
	o := everything()
	o.Scopes = []string{"commands", "chat:write"}
	r := openRoom(t, o)
	app, _ := r.bolt(r.socketMode())
	for call, want := range map[string]string{
		"conversations.list {}": "missing_scope needed=channels:read provided=commands,chat:write",
		`chat.postMessage {"channel":"C0SITES","blocks":[{"type":"header"}],"text":"x"}`:                               "invalid_blocks [ERROR] missing required field: text [json-pointer:/blocks/0]",
		`chat.postMessage {"channel":"C0GENERAL","text":"x"}`:                                                          "not_in_channel",
		`chat.postMessage {"channel":"C0NOWHERE","text":"x"}`:                                                          "channel_not_found",
		`chat.update {"channel":"C0SITES","ts":"1.000001","text":"x"}`:                                                 "message_not_found",
		`views.open {"trigger_id":"1.2","view":{"type":"modal","title":{"type":"plain_text","text":"x"},"blocks":[]}}`: "invalid_trigger_id",
		"chat.frobnicate {}": "unknown_method",
	} {
		r.say("/hello call " + call)
		var got struct{ Refusal string }
		if app.next("called", &got); !strings.Contains(got.Refusal, want) {
			t.Errorf("%s: %q, want %q", call, got.Refusal, want)
		}
	}
}

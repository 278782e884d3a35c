package workspace_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// fault causes a trouble.
func (b *bench) fault(kind string, more ...any) map[string]any {
	b.t.Helper()
	body := map[string]any{"kind": kind}
	for i := 0; i < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return b.ok("/workspace/fault", body)
}

func TestFaultsOfTheWebAPI(t *testing.T) {
	b := open(t, noLimits())
	post := func() error {
		_, _, err := b.api.PostMessage("C0SITES", slack.MsgOptionText("x", false))
		return err
	}
	b.fault("rate_limit", "for_ms", -1, "retry_after_s", 7)
	var limit *slack.RateLimitedError
	if err := post(); !errors.As(err, &limit) || limit.RetryAfter != 7*time.Second {
		t.Errorf("rate_limit: %v", err)
	}
	b.fault("clear")
	b.fault("missing_scope", "for_ms", -1)
	refused(t, post(), "missing_scope")
	b.fault("clear")
	b.fault("not_in_channel", "for_ms", -1, "channel", "#sites")
	refused(t, post(), "not_in_channel")
	if _, _, err := b.api.PostMessage("D0BOB", slack.MsgOptionText("x", false)); err != nil {
		t.Errorf("another channel: %v", err)
	}
	b.fault("clear")
	b.fault("down", "for_ms", -1)
	var status slack.StatusCodeError
	if err := post(); !errors.As(err, &status) || status.Code != http.StatusServiceUnavailable {
		t.Errorf("down: %v", err)
	}
	b.fault("clear")
	b.fault("slow", "for_ms", -1, "delay_ms", 80)
	start := time.Now()
	if err := post(); err != nil || time.Since(start) < 80*time.Millisecond {
		t.Errorf("slow: %v after %v", err, time.Since(start))
	}
	b.fault("clear")
	if err := post(); err != nil {
		t.Errorf("after all: %v", err)
	}
	if status, out := b.call("/workspace/fault", map[string]any{"kind": "gremlins"}); status != http.StatusBadRequest || out["error"] == "" {
		t.Errorf("an unknown fault: %d %v", status, out)
	}
}

func TestFaultsEndByThemselves(t *testing.T) {
	now := startClock()
	o := noLimits()
	o.Now = now.read
	b := open(t, o)
	b.fault("down", "for_ms", 500)
	if _, err := b.api.AuthTest(); err == nil {
		t.Error("not down")
	}
	now.pass(501 * time.Millisecond)
	if _, err := b.api.AuthTest(); err != nil {
		t.Errorf("still down: %v", err)
	}
}

func TestDisconnectedAppComesBack(t *testing.T) {
	b := open(t, noLimits())
	a := b.connect(storyApp)
	for _, reason := range []string{"refresh_requested", "warning"} {
		if out := b.fault("disconnect", "reason", reason); out["affected"] != float64(1) {
			t.Fatalf("disconnect: %v", out)
		}
		a.await(t, socketmode.EventTypeHello)
		out := b.ok("/workspace/say", map[string]any{"user": "bob", "channel": "sites", "text": "/distro again"})
		if out["error"] != nil || out["response"] == nil {
			t.Errorf("after %s: %v", reason, out)
		}
	}
}

func TestRedeliveryRepeatsTheSameEnvelope(t *testing.T) {
	b := open(t, noLimits())
	a := b.connect(acknowledge)
	say := map[string]any{"user": "alice", "channel": "sites", "text": "@distrobot list"}
	b.ok("/workspace/say", say)
	first := a.await(t, socketmode.EventTypeEventsAPI).Request
	b.fault("redeliver")
	again := a.await(t, socketmode.EventTypeEventsAPI).Request
	if again.EnvelopeID != first.EnvelopeID || string(again.Payload) != string(first.Payload) || again.RetryAttempt != 1 {
		t.Errorf("redelivered %+v, want %+v", again, first)
	}
	b.fault("redeliver", "for_ms", -1)
	b.ok("/workspace/say", say)
	one, two := a.await(t, socketmode.EventTypeEventsAPI).Request, a.await(t, socketmode.EventTypeEventsAPI).Request
	if one.EnvelopeID != two.EnvelopeID || one.EnvelopeID == first.EnvelopeID {
		t.Errorf("twice: %s and %s", one.EnvelopeID, two.EnvelopeID)
	}
}

func TestUnacknowledgedEventIsRepeated(t *testing.T) {
	o := noLimits()
	o.AckTimeout, o.EventRetries = 30*time.Millisecond, []time.Duration{0, 0}
	b := open(t, o)
	a := b.connect(nil)
	b.ok("/workspace/say", map[string]any{"user": "alice", "channel": "sites", "text": "@distrobot list"})
	for want := range 3 {
		if got := a.await(t, socketmode.EventTypeEventsAPI).Request.RetryAttempt; got != want {
			t.Errorf("attempt %d came as %d", want, got)
		}
	}
	eventually(t, "all three are counted", func() bool { return b.state().Counters["unacknowledged"] == 3 })
}

func TestTooManyWebSockets(t *testing.T) {
	b := open(t, noLimits())
	first := func() string {
		_, address, err := b.api.StartSocketModeContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), address, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		var frame struct{ Type, Reason string }
		if err := conn.ReadJSON(&frame); err != nil {
			t.Fatal(err)
		}
		return frame.Type + frame.Reason
	}
	for i := range 10 {
		if got := first(); got != "hello" {
			t.Fatalf("connection %d begins with %s", i+1, got)
		}
	}
	if got := first(); got != "disconnecttoo_many_websockets" {
		t.Errorf("the eleventh begins with %s", got)
	}
	if out := b.fault("too_many_websockets", "for_ms", -1); out["affected"] != float64(10) {
		t.Errorf("fault: %v", out)
	}
	if got := first(); got != "disconnecttoo_many_websockets" {
		t.Errorf("under the fault a connection begins with %s", got)
	}
}

func TestTicketIsGoodForOneConnection(t *testing.T) {
	b := open(t, noLimits())
	_, address, err := b.api.StartSocketModeContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, res, err := websocket.DefaultDialer.DialContext(t.Context(), address, nil); err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("the ticket opened a second connection: %v", err)
	}
}

package bot

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// both runs a test over Socket Mode and over HTTP mode: one dispatcher, two
// ways in.
func both(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Run("socket", func(t *testing.T) { t.Parallel(); f(t, newRig(t, rigOptions{})) })
	t.Run("http", func(t *testing.T) { t.Parallel(); f(t, newRig(t, rigOptions{http: true})) })
}

func TestSlashCommand(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		got := r.say("alice", "sites", "/distro list --all")
		answer, _ := got["response"].(obj)
		if answer["text"] != "You said: list --all." || answer["response_type"] != "ephemeral" {
			t.Fatalf("answer: %v\n%s", got, r.log)
		}
		a := r.desk.asked()[0]
		if a.Who.ID != "U0ALICE" || a.Channel != "C0SITES" || a.Who.Team == "" || !strings.HasPrefix(a.ID, "cmd.") || a.Shell {
			t.Errorf("asked %+v", a)
		}
	})
}

// TestSlowCommand: an answer that is not ready in time goes by the response
// URL, and Slack is acknowledged within three seconds.
func TestSlowCommand(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.desk.run = func(commands.Ask) (commands.Reply, error) {
			time.Sleep(ackCommand + 300*time.Millisecond)
			return commands.Reply{Message: fleet.Message{Text: "Late."}}, nil
		}
		got := r.say("bob", "sites", "/distro check atrium")
		if got["error"] != nil || got["response"] != nil {
			t.Fatalf("want an empty acknowledgement in time, got %v", got)
		}
		r.private("U0BOB", "Late.")
	})
}

// TestLongAnswer: what does not fit into an acknowledgement still arrives.
func TestLongAnswer(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.desk.run = func(commands.Ask) (commands.Reply, error) {
			m := fleet.Message{Text: "A long one."}
			for range 90 {
				m.Lines = append(m.Lines, fleet.Say(strings.Repeat("word ", 50)))
			}
			return commands.Reply{Message: m}, nil
		}
		r.say("bob", "sites", "/distro help")
		r.eventually("two parts", func() bool {
			n := 0
			for _, m := range r.state().Ephemerals["U0BOB"] {
				n += len(m.Blocks)
			}
			return n >= 9
		})
	})
}

func TestMentionAndDirectMessage(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.desk.run = func(a commands.Ask) (commands.Reply, error) {
			return commands.Reply{Public: true, Message: fleet.Message{Text: "Heard " + a.Text + "."}}, nil
		}
		asked := r.call("/workspace/say", obj{"user": "alice", "channel": "sites", "text": "<@" + r.ws.BotUserID() + "> list"})
		m := r.shows("sites", "Heard list.")
		if m.ThreadTS == "" {
			t.Errorf("the answer to a mention belongs in a thread: %+v (asked %v)", m, asked)
		}
		r.say("bob", r.ws.BotUserID(), "platforms")
		r.eventually("an answer in the direct message", func() bool {
			for _, c := range r.state().Channels {
				for _, m := range c.Messages {
					if m.User == r.ws.BotUserID() && m.Text == "Heard platforms." {
						return true
					}
				}
			}
			return false
		})
		for _, a := range r.desk.asked() {
			if !strings.HasPrefix(a.ID, "event.Ev") {
				t.Errorf("request id %q does not come from the event", a.ID)
			}
		}
	})
}

// TestEventsAreHandledOnce: Slack repeats an event that is not acknowledged in
// time, and the desk sees it once.
func TestEventsAreHandledOnce(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.say("alice", "sites", "<@"+r.ws.BotUserID()+"> list")
	r.eventually("asked", func() bool { return len(r.desk.asked()) == 1 })
	r.eventually("noted", func() bool {
		e := strings.TrimPrefix(r.desk.asked()[0].ID, "event.")
		found, err := r.store.Read(t.Context(), r.bot.disp.seen.record(e))
		return err == nil && found[0]
	})
	r.fault(obj{"kind": "redeliver", "count": 5})
	// Another replica knows it too, by the store.
	again := &seen{store: r.store, log: r.bot.config.Log}
	if again.begin(t.Context(), strings.TrimPrefix(r.desk.asked()[0].ID, "event.")) {
		t.Error("another replica would handle the event again")
	}
	r.say("alice", "sites", "<@"+r.ws.BotUserID()+"> platforms")
	r.eventually("the second one", func() bool { return len(r.desk.asked()) == 2 })
	if got := r.desk.asked()[1].Text; got != "platforms" {
		t.Errorf("asked %q", got)
	}
}

// plan posts a message with a Confirm button through the outbox.
func (r *rig) plan(channel string) wsMessage {
	r.t.Helper()
	m := someMessages()["plan"]
	r.story.set("plan:01abc", m)
	r.want("plan:01abc", channel)
	return r.shows(channel, "waits for your Confirm")
}

// TestPress: the press is recorded before it is acknowledged, the message
// changes at once by the response URL, and the answer is private.
func TestPress(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		m := r.plan("C0SITES")
		var recorded atomic.Bool
		r.desk.press = func(p commands.Press) (commands.Reply, error) {
			time.Sleep(50 * time.Millisecond)
			recorded.Store(true)
			now := fleet.Message{Text: "Confirmed by alice.", Lines: []fleet.Line{fleet.Say("Confirmed.")}}
			return commands.Reply{Message: fleet.Message{Text: "Thank you."}, Refresh: &now}, nil
		}
		got := r.click("alice", "sites", m.TS, fleet.ActConfirm)
		if got["error"] != nil || !recorded.Load() {
			t.Fatalf("acknowledged before it was recorded: %v", got)
		}
		changed := r.shows("sites", "Confirmed by alice.")
		if changed.TS != m.TS {
			t.Error("a new message instead of a change of the pressed one")
		}
		r.private("U0ALICE", "Thank you.")
		p := r.desk.pressed()[0]
		want := "press." + m.TS + "."
		if p.Action != fleet.ActConfirm || p.Value != "01abc|1" || p.Subject != "plan:01abc" || p.Who.ID != "U0ALICE" || p.Channel != "C0SITES" || !strings.HasPrefix(p.ID, want) || !strings.HasSuffix(p.ID, ".U0ALICE") {
			t.Errorf("pressed %+v", p)
		}
	})
}

// TestSlowPressIsAcknowledged: recording may hang; Slack's three seconds may
// not be used up.
func TestSlowPressIsAcknowledged(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		m := r.plan("C0SITES")
		r.desk.press = func(commands.Press) (commands.Reply, error) {
			time.Sleep(ackPress + 500*time.Millisecond)
			return commands.Reply{Message: fleet.Message{Text: "Done after all."}}, nil
		}
		got := r.click("bob", "sites", m.TS, fleet.ActConfirm)
		if ms, _ := got["ack_ms"].(float64); got["error"] != nil || ms < 900 || ms > 1400 {
			t.Errorf("acknowledged after %v ms, want about a second", got)
		}
		r.private("U0BOB", "Done after all.")
	})
}

// TestFaultsShowAReference: the text of an internal error stays in the log.
func TestFaultsShowAReference(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.desk.run = func(commands.Ask) (commands.Reply, error) {
			return commands.Reply{}, errors.New("dial tcp 10.1.2.3:6379: secret-password refused")
		}
		answer, _ := r.say("bob", "sites", "/distro list")["response"].(obj)
		text, _ := answer["text"].(string)
		if strings.Contains(text, "secret") || !strings.Contains(text, "E-") {
			t.Fatalf("answer %q", text)
		}
		ref := text[strings.Index(text, "E-"):][:12]
		r.eventually("the reference in the log", func() bool {
			return strings.Contains(r.log.String(), ref) && strings.Contains(r.log.String(), "secret-password")
		})
	})
}

// TestPanicIsContained: one broken handler does not end the bot.
func TestPanicIsContained(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		m := r.plan("C0SITES")
		r.desk.press = func(commands.Press) (commands.Reply, error) { panic("boom") }
		r.click("bob", "sites", m.TS, fleet.ActConfirm)
		if got := r.say("bob", "sites", "/distro list"); got["response"] == nil {
			t.Errorf("no answer after a panic: %v", got)
		}
	})
}

// TestReconnect: the socket comes back after Slack ends it, and a workspace
// that ends every connection is not stormed.
func TestReconnect(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.fault(obj{"kind": "disconnect", "for_ms": 50})
	r.eventually("an answer after the disconnect", func() bool {
		return r.say("alice", "sites", "/distro list")["response"] != nil
	})
	before := r.state().Counters["connections_opened"]
	r.fault(obj{"kind": "too_many_websockets", "for_ms": 3000})
	r.fault(obj{"kind": "disconnect", "for_ms": 1})
	time.Sleep(2500 * time.Millisecond) // the time in which a storm would be seen
	if n := r.state().Counters["connections_opened"] - before; before < 2 || n < 1 || n > 4 {
		t.Errorf("%d connections were opened in 2.5 s", n)
	}
}

// TestOrderlyEnd: requests that were begun are finished after Run was told to
// end.
func TestOrderlyEnd(t *testing.T) {
	r := newRig(t, rigOptions{})
	m := r.plan("C0SITES")
	began := make(chan struct{})
	var finished atomic.Bool
	r.desk.press = func(commands.Press) (commands.Reply, error) {
		close(began)
		time.Sleep(300 * time.Millisecond)
		finished.Store(true)
		return commands.Reply{None: true}, nil
	}
	go r.click("alice", "sites", m.TS, fleet.ActConfirm)
	<-began
	r.stop()
	if !finished.Load() {
		t.Error("Run returned while a press was being recorded")
	}
}

func TestRefusedCredentialsEndTheBot(t *testing.T) {
	r := newRig(t, rigOptions{idle: true})
	b, err := New(Config{Tokens: Tokens{Bot: "xoxb-wrong", App: "xapp-wrong", APIURL: r.url + "/api/"}, Desk: r.desk, Store: r.store, Narrate: r.story.tell})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := b.Run(ctx); !errors.Is(err, errAuth) {
		t.Errorf("Run = %v, want %v", err, errAuth)
	}
}

package bot

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// A Desk answers what people ask. commands.Table implements it.
type Desk interface {
	// Run runs a command line, Press a button or a form. What a person may read
	// comes as a Reply; an error is a fault of ours.
	Run(ctx context.Context, a commands.Ask) (commands.Reply, error)
	Press(ctx context.Context, p commands.Press) (commands.Reply, error)
	// Draft draws a form with what was chosen so far, or what there is to choose
	// in one of its inputs.
	Draft(ctx context.Context, f commands.Draft) (fleet.Form, error)
	// Home gives the parts of a person's page, in their order.
	Home(ctx context.Context, who fleet.Actor) ([]fleet.Message, error)
}

const (
	// ackPress is how long a press may take to be recorded before it is
	// acknowledged anyway; Slack shows an error after three seconds.
	ackPress = time.Second
	// ackCommand is how long an answer may take to go with the
	// acknowledgement; after that it goes by the response URL.
	ackCommand = 2500 * time.Millisecond
	// workLimit ends a request that hangs.
	workLimit = 2 * time.Minute
)

// dispatcher hands requests of both transports to the desk, and the answers
// back. Its handlers run in workers of the transport and may take long; they
// acknowledge in time.
type dispatcher struct {
	desk    Desk
	api     *slack.Client
	respond *responder
	home    *homes
	seen    *seen
	who     func() identity
	changed func(channel string) // the bot was let into a channel
	people  *people
	roles   *roles
	pacer   *pacer // shared with the outbox
	meter   Meter
	log     *slog.Logger
}

// acker acknowledges a request once. The payload goes back with it: a response
// for slash commands, a response_action for forms, nil for the rest.
type acker struct {
	once sync.Once
	send func(payload any)
	note func()
}

// ack acknowledges unless that was done, and reports whether it did it now.
func (a *acker) ack(payload any) (first bool) {
	a.once.Do(func() {
		first = true
		a.send(payload)
		a.note()
	})
	return first
}

// acker makes the acknowledgement of a request that has just arrived.
func (d *dispatcher) acker(kind string, send func(payload any)) *acker {
	began := time.Now()
	d.meter.Add("slack_requests", kind, 1)
	return &acker{send: send, note: func() { d.meter.Time("slack_ack", kind, time.Since(began)) }}
}

// guard runs a handler so that a panic ends the request and not the bot.
func (d *dispatcher) guard(ctx context.Context, kind string, f func(ctx context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, workLimit)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			d.log.ErrorContext(ctx, "handler panicked", "kind", kind, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	f(ctx)
}

// actor is the person of a payload, of a team that teamOf gave. A payload without
// one, or with an id that is no user's of Slack ("unix:0" is root in a shell), is
// somebody of Slack all the same, and nobody here.
func actor(id, name, team string) fleet.Actor {
	if !userID.MatchString(id) {
		id = "slack:" + fleet.Clean(id, 40)
	}
	return fleet.Actor{ID: id, Name: fleet.Clean(name, 80), Team: first(team, "none")}
}

// fault words an error that is not for people: a reference that leads the
// operator to the log line, and nothing of its text.
func (d *dispatcher) fault(ctx context.Context, request string, err error) commands.Reply {
	var e *fleet.Error
	if errors.As(err, &e) {
		m := fleet.Message{Text: e.Text, Tone: fleet.Warn, Lines: []fleet.Line{fleet.Say(e.Text)}}
		if e.Hint != "" {
			m.Text += " " + e.Hint
			m.Lines = append(m.Lines, fleet.Say(e.Hint))
		}
		return commands.Reply{Message: m}
	}
	ref := reference()
	d.log.ErrorContext(ctx, "request failed", "ref", ref, "request", request, "error", err)
	return commands.Reply{Message: fleet.Message{
		Text: "Something failed on my side; the operator can find it in the log as " + ref + ".",
		Tone: fleet.Bad,
		Lines: []fleet.Line{
			fleet.Say("Something failed on my side. Nothing more is known to have changed."),
			fleet.Say("The operator can find it in the log as ", fleet.Mono(ref), "."),
		},
	}}
}

// reference names a fault in the log.
func reference() string {
	var b [5]byte
	rand.Read(b[:]) // never fails
	return "E-" + hex.EncodeToString(b[:])
}

// draw renders a message so that it can be sent, and logs what had to be cut.
func (d *dispatcher) draw(ctx context.Context, m fleet.Message) []Rendered {
	parts, broken := Fit(Render(m))
	if len(broken) > 0 {
		d.meter.Add("slack_limits", broken[0].Rule, 1)
		d.log.WarnContext(ctx, "a message was split or cut", "violations", fmt.Sprint(broken), "parts", len(parts), "title", m.Title)
	}
	return parts
}

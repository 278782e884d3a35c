package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"github.com/distrobot/distrobot/fleet"
)

// socket supervises slack-go's Socket Mode client. The client has one pipeline
// for reading, pings and events, which stalls as soon as nobody takes an event;
// so events are taken at once and handed to workers, and what workers cannot
// take is refused rather than waited for.
type socket struct {
	api   *slack.Client
	storm *storm
	d     *dispatcher
	pool  *pool
	base  context.Context // of requests: they outlive the connection they came by
	meter Meter
	log   *slog.Logger
	after time.Duration // when it is opened: not all at once, so that Slack does not refresh all at once

	mu        sync.Mutex
	connected bool
	trouble   string // why there is no connection, for people
}

// ackWait bounds an acknowledgement: while the client reconnects its queue may
// be full, and after three seconds nobody waits any more.
const ackWait = 3 * time.Second

// errAuth ends the bot: no amount of trying again helps.
var errAuth = errors.New("slack refuses the credentials")

// run keeps a connection until ctx ends or Slack refuses the tokens for good.
// When slack-go's Run gives up, a new client is started after a pause.
func (s *socket) run(ctx context.Context) error {
	ctx = withStorm(ctx, s.storm)
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(s.after):
	}
	pauses := growing()
	for {
		began := time.Now()
		err := s.session(ctx)
		s.state(false, "")
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, errAuth) {
			s.state(false, err.Error())
			return err
		}
		if time.Since(began) > time.Minute {
			pauses.Reset()
		}
		pause := pauses.NextBackOff()
		s.log.WarnContext(ctx, "socket mode ended; starting it again", "error", err, "in", pause)
		s.meter.Add("slack_reconnects", "restart", 1)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// session runs one client of slack-go to its end.
func (s *socket) session(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := log.New(io.Discard, "", 0) // what matters comes as events
	sm := socketmode.New(s.api, socketmode.OptionLog(quiet), socketmode.OptionReadLimit(4<<20))
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-sm.Events:
				if err := s.take(ctx, sm, e); err != nil {
					cancel(err)
					return
				}
			}
		}
	})
	err := sm.RunContext(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	cancel(nil)
	wg.Wait()
	return fatal(err)
}

// fatal marks errors that trying again does not cure. slack-go itself tries
// for ever on the last two.
func fatal(err error) error {
	if code, _ := errorCode(err); slices.Contains(gone, code) {
		return fmt.Errorf("%w: %s", errAuth, credentials(code))
	}
	return err
}

// take handles one event of the client without ever blocking on work.
func (s *socket) take(ctx context.Context, sm *socketmode.Client, e socketmode.Event) error {
	switch e.Type {
	case socketmode.EventTypeConnecting:
		s.meter.Add("slack_reconnects", "open", 1)
		s.state(false, "") // until the next hello nothing is heard
	case socketmode.EventTypeHello:
		s.state(true, "")
	case socketmode.EventTypeConnectionError:
		return s.failed(ctx, e)
	case socketmode.EventTypeInvalidAuth:
		return fmt.Errorf("%w: apps.connections.open is not found", errAuth)
	case socketmode.EventTypeErrorBadMessage:
		s.badMessage(ctx, sm, e)
	case socketmode.EventTypeErrorWriteFailed:
		s.log.WarnContext(ctx, "acknowledgement not written")
	case socketmode.EventTypeSlashCommand, socketmode.EventTypeInteractive, socketmode.EventTypeEventsAPI:
		if !s.pool.try(func() { s.handle(s.base, sm, e) }) {
			// Not acknowledged: Slack tells the person, and repeats events.
			s.meter.Add("slack_requests", "refused", 1)
			s.log.ErrorContext(ctx, "overloaded; a request was refused", "type", e.Type)
		}
	}
	return nil
}

// failed notes why there is no connection.
func (s *socket) failed(ctx context.Context, e socketmode.Event) error {
	ce, ok := e.Data.(*slack.ConnectionErrorEvent)
	if !ok {
		return nil
	}
	if err := fatal(ce.ErrorObj); errors.Is(err, errAuth) {
		return err
	}
	code, _ := errorCode(ce.ErrorObj)
	why := "Slack cannot be reached"
	if code != "" {
		why = "Slack refuses the connection: " + code // link_disabled: Socket Mode is switched off for the app
	}
	s.state(false, why)
	s.log.WarnContext(ctx, "not connected to slack", "error", ce.ErrorObj, "attempt", ce.Attempt, "again_in", ce.Backoff)
	return nil
}

// handle gives a request to the dispatcher.
func (s *socket) handle(ctx context.Context, sm *socketmode.Client, e socketmode.Event) {
	send := func(payload any) {
		ctx, cancel := context.WithTimeout(ctx, ackWait)
		defer cancel()
		if err := sm.AckCtx(ctx, e.Request.EnvelopeID, payload); err != nil {
			s.log.WarnContext(ctx, "not acknowledged", "envelope", e.Request.EnvelopeID, "error", err)
		}
	}
	ctx = fleet.WithOrigin(ctx, fleet.Origin{Via: fleet.ViaSocket})
	s.d.guard(ctx, string(e.Type), func(ctx context.Context) {
		switch data := e.Data.(type) {
		case slack.SlashCommand:
			s.d.command(ctx, data, s.d.acker("command", send))
		case slack.InteractionCallback:
			s.d.interaction(ctx, data, s.d.acker("interaction", send))
		case slackevents.EventsAPIEvent:
			s.d.event(ctx, data, s.d.acker("event", send))
		}
	})
}

// badMessage acknowledges what cannot be understood, such as events the library
// does not know: repeating them would not help.
func (s *socket) badMessage(ctx context.Context, sm *socketmode.Client, e socketmode.Event) {
	bad, ok := e.Data.(*socketmode.ErrorBadMessage)
	if !ok {
		return
	}
	s.log.InfoContext(ctx, "payload not understood", "error", bad.Cause)
	var env struct {
		ID string `json:"envelope_id"`
	}
	if json.Unmarshal(bad.Message, &env) != nil || env.ID == "" {
		return
	}
	s.pool.try(func() {
		ctx, cancel := context.WithTimeout(ctx, ackWait)
		defer cancel()
		if err := sm.AckCtx(ctx, env.ID, nil); err != nil {
			s.log.WarnContext(ctx, "not acknowledged", "envelope", env.ID, "error", err)
		}
	})
}

func (s *socket) state(connected bool, trouble string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connected, s.trouble = connected, trouble
}

// health says whether requests arrive, and what people should know.
func (s *socket) health() (bool, []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var notes []string
	if s.trouble != "" {
		notes = append(notes, s.trouble)
	}
	if n := s.storm.count(); n >= 5 {
		notes = append(notes, fmt.Sprintf("Slack has ended %d connections soon after they were opened; are more than 10 replicas connected?", n))
	}
	return s.connected, notes
}

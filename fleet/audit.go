package fleet

import (
	"context"
	"slices"
	"strings"
	"time"
)

// An AuditEvent is one entry of the tamper-evident record. Its JSON names are
// what `distrobot audit export` prints: they are kept, new ones are added.
type AuditEvent struct {
	Number  int64             `json:"-"` // place in the record, from 1; set when it is read
	At      time.Time         `json:"at"`
	Who     Actor             `json:"who"`
	What    string            `json:"what"`              // verb in the past: "plan.confirmed"; of a request "asked.upgrade", "pressed.build"
	About   string            `json:"about"`             // what it is about: a plan's id, a site's URI, a platform, a distribution
	Outcome Outcome           `json:"outcome,omitempty"` // of a request: Done, Refusal, Fault; "" for what happened
	Via     string            `json:"via,omitempty"`     // how the request came: ViaSocket, ViaHTTP, ViaShell, ViaPage; "" for what nobody asked for
	Channel string            `json:"channel,omitempty"` // Slack channel id where it was asked
	Request string            `json:"request,omitempty"` // request id, to find the log lines
	Detail  map[string]string `json:"detail,omitempty"`
}

// What became of a request, in the record.
const (
	Done    Outcome = "done"
	Refusal Outcome = "refused" // a rule said no; Detail has "code" and "why"
	Fault   Outcome = "failed"  // a fault of ours; the log has it under the request's id
)

// How requests come.
const (
	ViaSocket = "socket" // Slack, Socket Mode
	ViaHTTP   = "http"   // Slack, HTTP mode
	ViaShell  = "shell"  // distrobot do
	ViaPage   = "page"   // the comparison page, where the policy lets people confirm there
)

// An Origin says which request something is done for, and where it came from.
type Origin struct {
	Request string // id: the same request has the same id however often it is delivered
	Via     string
	Channel string // Slack channel id; "" outside of channels
}

type originKey struct{}

// WithOrigin notes for whom ctx is worked on, so that whatever is recorded
// under it can be traced to the request.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	if had := OriginOf(ctx); o.Via == "" {
		o.Via = had.Via
	}
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf gives what WithOrigin noted, zero if nothing was asked for.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}

// For fills in the origin of an event where the event says nothing of it.
func (e AuditEvent) For(o Origin) AuditEvent {
	if e.Request == "" {
		e.Request = o.Request
	}
	if e.Request == o.Request && e.Via == "" {
		e.Via, e.Channel = o.Via, o.Channel
	}
	return e
}

// Traced gives effects whose audit events name the request that ctx is worked
// on for. Stores call it when effects are emitted.
func Traced(ctx context.Context, effects []Effect) []Effect {
	o := OriginOf(ctx)
	if o == (Origin{}) {
		return effects
	}
	out := slices.Clone(effects)
	for i, e := range out {
		if e.Audit != nil {
			a := e.Audit.For(o)
			out[i].Audit = &a
		}
	}
	return out
}

// requested reports whether an event is the record of a request itself; it is
// then recorded once for the request's id, however often it was delivered.
func (e AuditEvent) requested() bool { return e.Outcome != "" && e.Request != "" }

// An Auditor records requests that changed nothing, and those whose change says
// little of what was asked: refusals above all.
type Auditor struct {
	Store Store
}

// Asked records a request once. It is in the outbox when Asked returns, and in
// the record soon after.
func (a *Auditor) Asked(ctx context.Context, e AuditEvent) error {
	return a.Store.Update(ctx, Meta, func(tx Tx) error {
		e := e
		e.At = tx.Now()
		tx.Emit(Effect{Audit: &e})
		return nil
	})
}

// An AuditQuery chooses events; the zero query chooses all. Set fields have to
// hold together.
type AuditQuery struct {
	Plan    PlanID    // events of a plan, its votes and its tasks
	Site    URI       // events about a site
	About   string    // any thing by its name: a platform, a distribution, a host, a task
	Who     string    // user id or name
	What    string    // beginning of What: "plan.", "asked.", "task.failed"
	Refused bool      // refusals only
	Since   time.Time // at or after
	Until   time.Time // before
}

// Matches reports whether the query chooses e.
func (q AuditQuery) Matches(e AuditEvent) bool {
	return (q.Plan == "" || e.concerns(string(q.Plan))) &&
		(q.Site == "" || e.concerns(string(q.Site))) &&
		(q.About == "" || e.concerns(q.About)) &&
		(q.Who == "" || strings.EqualFold(q.Who, e.Who.ID) || strings.EqualFold(q.Who, e.Who.Name)) &&
		strings.HasPrefix(e.What, q.What) &&
		(!q.Refused || e.Outcome == Refusal) &&
		(q.Since.IsZero() || !e.At.Before(q.Since)) &&
		(q.Until.IsZero() || e.At.Before(q.Until))
}

// concerns reports whether an event is about a thing, by its subject, by a
// detail, or among the words of the request.
func (e AuditEvent) concerns(thing string) bool {
	if strings.EqualFold(e.About, thing) {
		return true
	}
	for key, v := range e.Detail {
		switch key {
		case "plan", "site", "task", "platform", "distribution", "host", "about", "sites":
			if strings.EqualFold(v, thing) {
				return true
			}
		case "asked":
			for w := range strings.FieldsSeq(v) {
				if strings.EqualFold(w, thing) {
					return true
				}
			}
		}
	}
	return false
}

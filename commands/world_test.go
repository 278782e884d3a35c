package commands_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

var carol = fleet.Actor{ID: "U0CAROL", Name: "carol", Team: "T1"}
var stranger = fleet.Actor{ID: "U0EVE", Name: "eve", Team: "T2"}

// people are the roles of the tests: alice administers, bob maintains, carol
// reads, everybody else is nobody.
type people struct{ away error }

func (p people) Role(_ context.Context, who fleet.Actor) (fleet.Role, error) {
	if p.away != nil {
		return fleet.Nobody, p.away
	}
	return map[string]fleet.Role{alice.ID: fleet.Administrator, bob.ID: fleet.Maintainer, carol.ID: fleet.Reader}[who.ID], nil
}

func (p people) Holders(context.Context, fleet.Role) []fleet.Span {
	return []fleet.Span{fleet.By(alice), fleet.By(bob)}
}

// repositories stand for the watcher: what each URL offers, and what is wrong
// with it.
type repositories struct {
	tags  map[string][]string
	wrong map[string]*fleet.Error
}

func (r *repositories) Resolve(_ context.Context, d fleet.Distribution, name string) (fleet.Ref, error) {
	if e := r.wrong[d.URL]; e != nil {
		return fleet.Ref{}, e
	}
	chooser, err := d.Chooser()
	if err != nil {
		return fleet.Ref{}, err
	}
	best := ""
	for _, t := range r.tags[d.URL] {
		if t == name || name == "" && len(chooser.Matching([]string{t})) > 0 {
			best = t
		}
	}
	if best == "" {
		return fleet.Ref{}, fleet.Errorf(fleet.NotFound, "No tag matches %q.", d.Track.Tags+d.Track.Versions)
	}
	return version(best), nil
}

// Poll implements the poller of check.
func (r *repositories) Poll(context.Context, fleet.DistName) error { return nil }

// version is a tag with a commit of its own.
func version(v string) fleet.Ref { return tag(v, fmt.Sprintf("%040x", v)) }

// world is a bot without Slack: the real services over the real store, in
// memory.
type world struct {
	t       *testing.T
	ctx     context.Context
	store   *store.Store
	repos   *repositories
	table   *commands.Table
	carrier *fleet.Carrier
	asked   int
}

const atriumURL = "https://git.example.org/atrium.git"

func newWorld(t *testing.T) *world { return newWorldAt(t, "memory") }

// newWorldAt is a world over the Redis at an address.
func newWorldAt(t *testing.T, url string) *world {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: url, Key: []byte("0123456789abcdef0123456789abcdef")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w := &world{t: t, ctx: context.Background(), store: s, repos: &repositories{
		tags: map[string][]string{atriumURL: {"1.0.0", "2.0.0-rc1"}}, wrong: map[string]*fleet.Error{}}}
	planner := &fleet.Planner{Store: s}
	conductor := &fleet.Conductor{Store: s, Planner: planner}
	w.table = &commands.Table{
		Store: s, Catalog: &fleet.Catalog{Store: s}, Targets: &fleet.Targets{Store: s}, Sites: &fleet.Sites{Store: s}, Transits: &fleet.Transits{Store: s},
		Builder: &fleet.Builder{Store: s}, Planner: planner, Decider: &fleet.Decider{Store: s, Planner: planner}, Conductor: conductor,
		Tasks: &fleet.Tasks{Store: s}, Hosts: &fleet.Hosts{Store: s}, Trends: &fleet.Trends{Store: s}, Refreshes: &fleet.Refreshes{Store: s}, News: &fleet.News{Store: s}, Digests: &fleet.Digests{Store: s, Clock: daily{}}, Narrator: &fleet.Narrator{Store: s},
		Trail: s, Auditor: &fleet.Auditor{Store: s}, Logs: s, Roles: people{}, Prober: w.repos, Poller: w.repos, Version: "test", DefaultChannel: "C0MAIN",
	}
	w.carrier = &fleet.Carrier{Store: s, Outbox: s, Trail: s, Planner: planner, Conductor: conductor, Channel: "C0MAIN"}
	return w
}

// daily is a clockwork that fires each day, and knows one wrong schedule.
type daily struct{}

func (daily) Next(spec, zone string, after time.Time) (time.Time, error) {
	if spec == "wrong" || zone == "Moon/Base" {
		return time.Time{}, fleet.Errorf(fleet.Invalid, "%q is not a schedule.", spec)
	}
	return after.Add(24 * time.Hour), nil
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) carry() {
	w.t.Helper()
	_, err := w.carrier.Carry(w.ctx)
	w.ok(err)
}

// ask types a command in the channel C1 and gives the reply.
func (w *world) ask(who fleet.Actor, text string) commands.Reply {
	w.t.Helper()
	w.asked++
	r, err := w.table.Run(w.ctx, commands.Ask{ID: fmt.Sprint("ask-", w.asked), Text: text, Who: who, Channel: "C1"})
	w.ok(err)
	w.answered(r, text)
	w.carry()
	return r
}

// press presses a button of a subject's message.
func (w *world) press(who fleet.Actor, s fleet.Subject, action, value string) commands.Reply {
	w.t.Helper()
	w.asked++
	r, err := w.table.Press(w.ctx, commands.Press{ID: fmt.Sprint("press-", w.asked), Action: action, Value: value, Who: who, Channel: "C1", Subject: s})
	w.ok(err)
	w.answered(r, action)
	w.carry()
	return r
}

// answered holds that every reply says something or changes the message, and
// that what it says can be sent.
func (w *world) answered(r commands.Reply, what string) {
	w.t.Helper()
	if r.None && r.Refresh == nil {
		w.t.Errorf("%s: nothing is said and nothing changes", what)
	}
	if !r.None && r.Message.Form == nil && len(r.Errors) == 0 {
		checkReply(w.t, r.Message)
		checkOwn(w.t, r.Message)
	}
	if r.Refresh != nil {
		checkMessage(w.t, *r.Refresh)
		checkOwn(w.t, *r.Refresh)
	}
}

// says expects words in a reply.
func (w *world) says(r commands.Reply, words ...string) {
	w.t.Helper()
	all := plainText(r.Message)
	for _, x := range words {
		if !strings.Contains(all, x) {
			w.t.Fatalf("reply lacks %q:\n%s", x, all)
		}
	}
}

// shown is a subject's message as it is now.
func (w *world) shown(s fleet.Subject) fleet.Message {
	w.t.Helper()
	m, err := w.table.Narrator.Message(w.ctx, s)
	w.ok(err)
	checkMessage(w.t, m)
	return m
}

// button finds a button by its action.
func (w *world) button(m fleet.Message, action string) fleet.Button {
	w.t.Helper()
	for _, b := range m.Buttons {
		if b.Action == action {
			return b
		}
	}
	w.t.Fatalf("no button %s on:\n%s", action, plainText(m))
	return fleet.Button{}
}

// plainText is a message as a person reads it, without looks.
func plainText(m fleet.Message) string {
	var b strings.Builder
	fmt.Fprintln(&b, m.Text)
	fmt.Fprintln(&b, m.Title)
	line := func(l fleet.Line) {
		for _, s := range l.Spans {
			b.WriteString(s.Text)
		}
		b.WriteByte('\n')
	}
	for _, l := range m.Lines {
		line(l)
	}
	for _, f := range m.Fields {
		b.WriteString(f.Label + ": ")
		line(f.Value)
	}
	if m.Table != nil {
		for _, r := range m.Table.Rows {
			fmt.Fprintln(&b, strings.Join(r, " | "))
		}
	}
	for _, l := range m.More {
		line(l)
	}
	for _, x := range m.Buttons {
		fmt.Fprintf(&b, "[%s]\n", x.Label)
	}
	line(m.Footer)
	return b.String()
}

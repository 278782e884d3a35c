package commands

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A Table is everything people may ask, over the services that do it. It is
// built by a struct literal; its zero fields are not usable unless said.
type Table struct {
	Store      fleet.Store
	Catalog    *fleet.Catalog
	Targets    *fleet.Targets
	Sites      *fleet.Sites
	Transits   *fleet.Transits
	Builder    *fleet.Builder
	Planner    *fleet.Planner
	Decider    *fleet.Decider
	Conductor  *fleet.Conductor
	Tasks      *fleet.Tasks
	News       *fleet.News
	Digests    *fleet.Digests
	Refreshes  *fleet.Refreshes
	Hosts      *fleet.Hosts
	Trends     *fleet.Trends
	Narrator   *fleet.Narrator
	Trail      fleet.Trail
	Auditor    auditor                       // nil records no requests
	Unrecorded func(fleet.AuditEvent, error) // a request could not be recorded; nil does nothing
	Logs       fleet.Logs
	Roles      fleet.Roles
	Members    fleet.Members // nil where Slack cannot be asked about groups and channels
	Directory  Directory     // nil where names of people and groups cannot be looked up
	Prober     fleet.Prober
	Rooms      rooms  // nil when it cannot be told where the bot is
	Poller     poller // reads a distribution's repository now; nil makes check refuse

	Hooks  Hooks
	Second Second       // the page for the second factor; its zero value asks for none
	Pages  *fleet.Pages // the pages that people open in a browser; nil, or one without an address, offers none

	Version        string
	DefaultChannel string        // where plans and announcements go when nothing else says
	Sandbox        bool          // `try`: new distributions let people confirm their own requests
	Patience       time.Duration // how long a shell waits for a comparison; 0 does not wait
	Now            func() time.Time
}

// An Ask is a command line as it was typed, anywhere.
type Ask struct {
	ID      string // request id: the same request has the same id however often it is delivered
	Text    string
	Who     fleet.Actor
	Channel string // id; "" in a shell
	Shell   bool   // typed in a shell: raw text, no forms
}

// List gives all commands in the order of help.
func (t *Table) List() []Command { return all(t) }

// Run parses a command line, checks the person's role and the arguments, and
// runs the command. What a person may read comes as a private Reply; the error
// is a fault of ours.
func (t *Table) Run(ctx context.Context, a Ask) (Reply, error) {
	from := fleet.Origin{Request: a.ID, Channel: a.Channel}
	if a.Shell {
		from.Via = fleet.ViaShell
	}
	ctx = fleet.WithOrigin(ctx, from)
	tokens, err := lex(a.Text, !a.Shell)
	if err != nil {
		return reply(err)
	}
	if len(tokens) == 0 {
		tokens = []token{{text: "help"}}
	}
	cmd, rest, err := find(t.List(), tokens)
	if err != nil {
		return reply(err)
	}
	out, err := t.typed(ctx, cmd, rest, a)
	t.record(ctx, askedCommand(cmd, a.Who, tokens), out, err)
	return out, err
}

// typed runs a command with the words after its name.
func (t *Table) typed(ctx context.Context, cmd Command, rest []token, a Ask) (Reply, error) {
	args, opts, err := cmd.split(rest)
	if err != nil {
		return reply(err)
	}
	r := Request{ID: a.ID, Who: a.Who, Channel: a.Channel, Shell: a.Shell, Args: args, Opts: opts}
	return t.run(ctx, cmd, r)
}

// run checks role and argument count, and runs.
func (t *Table) run(ctx context.Context, cmd Command, r Request) (Reply, error) {
	role, err := t.allowed(ctx, cmd, r)
	if err != nil {
		return reply(err)
	}
	r.Role = role
	if cmd.Form != nil && len(r.Args) == 0 && len(r.Opts) == 0 && !r.Shell {
		form, err := cmd.Form(ctx, r)
		if err != nil {
			return reply(err)
		}
		return Reply{Message: fleet.Message{Text: form.Title + ".", Form: &form}}, nil
	}
	if err := cmd.count(len(r.Args)); err != nil {
		return reply(err)
	}
	if cmd.Role > fleet.Reader {
		r = t.settle(ctx, r)
	}
	m, err := cmd.Run(ctx, r)
	if err != nil {
		return reply(err)
	}
	return Reply{Message: m, Public: cmd.Public}, nil
}

// reply words an error for the asker alone; errors that are not for people are
// handed on.
func reply(err error) (Reply, error) {
	var e *fleet.Error
	if !errors.As(err, &e) {
		return Reply{}, err
	}
	m := fleet.Message{Text: strings.TrimSpace(e.Text + " " + e.Hint), Tone: fleet.Warn, Lines: []fleet.Line{fleet.Say(e.Text)}}
	if e.Hint != "" {
		m.Lines = append(m.Lines, fleet.Say(e.Hint))
	}
	var d *denied
	recorded := errors.As(err, &d) && d.recorded
	if d != nil && len(d.who) > 0 {
		line := fleet.Say("Who can: ")
		for i, s := range d.who {
			if i > 0 {
				line.Spans = append(line.Spans, fleet.Span{Text: ", "})
			}
			line.Spans = append(line.Spans, s)
		}
		m.Lines = append(m.Lines, line)
	}
	return Reply{Message: m, Code: e.Code, Recorded: recorded}, nil
}

// say is a plain answer of one sentence.
func say(text string, lines ...fleet.Line) fleet.Message {
	return fleet.Message{Text: text, Lines: append([]fleet.Line{fleet.Say(text)}, lines...)}
}

// now is the clock of what is shown; what is decided uses the store's.
func (t *Table) now() time.Time {
	if t.Now != nil {
		return t.Now()
	}
	return time.Now()
}

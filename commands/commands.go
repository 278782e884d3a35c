// Package commands holds what people may ask: one file per command, listed in
// all.go. Commands come from /distro, an @mention, a direct message, a form or
// `distrobot do`; presses of buttons come here too. They answer with a
// fleet.Message and never act on a machine themselves: services of fleet do.
package commands

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
)

// A Command is one verb of /distro.
type Command struct {
	Verb    string     // "add", "upgrade"; lower case
	Sub     string     // second word of two-word verbs ("create" of "site create"), or ""
	Args    string     // usage after the verb: "SITE [--to PLATFORM]"
	Min     int        // positional arguments at least
	Max     int        // and at most; -1 any number
	Options []Option   // --name value, --name=value; a bool Option takes no value
	Group   string     // heading in help: "Distributions", "Platforms", "Sites", "Upgrades", "Tasks", "Digest"
	Summary string     // one line in help
	Help    []string   // more lines for "help VERB", at least one an example to copy: "/distro add …"
	Role    fleet.Role // needed; checked before Run
	Own     string     // the option with which it concerns the asker alone, which everybody may; or ""
	Public  bool       // the answer is for the channel, not for the asker alone
	// Form, if set, is opened when the command is called without arguments in
	// a place where forms can be shown.
	Form func(ctx context.Context, r Request) (fleet.Form, error)
	// Names are the inputs of the form that are positional arguments, in their
	// order; nil is one, "name". Every other input is an option.
	Names []string
	Run   func(ctx context.Context, r Request) (fleet.Message, error)
}

// An Option is a named argument of a command.
type Option struct {
	Name, Value, Help string // Value is the placeholder in help; "" makes it a switch
}

// A Request is one command with its arguments, already parsed and permitted.
type Request struct {
	ID      string // request id, for logs and for doing it once
	Who     fleet.Actor
	Role    fleet.Role
	Channel string // channel id where it was asked; "" in a shell, and where the bot cannot post
	Away    bool   // it was asked in a channel that the bot is not in
	Args    []string
	Opts    map[string]string
	without []fleet.Site // of upgrade: what stays as it is
	turned  bool         // a list is turned by a button: beyond its end is its last page
	Shell   bool         // asked by `distrobot do`: no forms, no buttons that need Slack
}

// A Draft is a form that somebody is filling in: what its other inputs look like
// with what was chosen so far, or what there is to choose from.
type Draft struct {
	Command string // Form.Command
	State   string // Form.State
	Who     fleet.Actor
	Inputs  map[string]string
	Chosen  string // the input that was just chosen; "name" is what the form is about: the others were of another thing
	Search  string // the input that is searched; "" draws the form
	Query   string // what was typed there
}

// A Press is a button that was pressed, or a form that was submitted.
type Press struct {
	ID      string // the same press has the same id however often it is delivered
	Action  string // Button.Action
	Value   string // Button.Value
	Who     fleet.Actor
	Channel string
	Subject fleet.Subject // of the message it is on, if it is one that is kept up to date
	Inputs  map[string]string
	Command string // of a submitted form: Form.Command
}

// A Reply is what the person who pressed or asked is told at once.
type Reply struct {
	Message fleet.Message
	Public  bool              // for the channel; otherwise for their eyes only
	None    bool              // nothing to say: the message itself changes
	Refresh *fleet.Message    // what the pressed message shall look like at once
	Errors  map[string]string // of a form: input name → sentence; keeps it open
	Code    fleet.Code        // why it was refused; "" when it was not
	// Recorded says that the refusal is in the record of requests already.
	Recorded bool
}

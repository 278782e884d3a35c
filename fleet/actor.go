package fleet

import "context"

// An Actor is who asks or decides. The zero Actor is nobody.
type Actor struct {
	ID   string `json:"id"`             // Slack user id ("U0AB"), "unix:1000", "system:watcher"
	Name string `json:"name,omitempty"` // for logs and the shell; messages mention by ID
	Team string `json:"team,omitempty"` // Slack team id; empty outside Slack
}

// System is the actor of what the bot does by policy, not on command.
func System(part string) Actor { return Actor{ID: "system:" + part, Name: part} }

// IsSystem reports whether a is the bot itself.
func (a Actor) IsSystem() bool { return len(a.ID) > 7 && a.ID[:7] == "system:" }

// IsSlack reports whether a is a Slack user, who can be mentioned.
func (a Actor) IsSlack() bool { return a.Team != "" }

// A Role orders what people may do; each includes the ones before.
type Role int

// The roles. Nobody may do nothing: an unknown team, a guest, a bot.
const (
	Nobody Role = iota
	Reader
	Maintainer
	Administrator
)

// String gives the role's name as it stands in messages.
func (r Role) String() string {
	switch r {
	case Reader:
		return "reader"
	case Maintainer:
		return "maintainer"
	case Administrator:
		return "administrator"
	}
	return "nobody"
}

// Roles tells what a person may do. It is asked when the decision is made, not
// when the button was drawn.
type Roles interface {
	// Role gives the actor's role. An error means it cannot be told now; the
	// caller then treats the person as Reader and says so.
	Role(ctx context.Context, who Actor) (Role, error)
	// Holders names, for a refusal, who has the role ("@release-managers").
	Holders(ctx context.Context, role Role) []Span
}

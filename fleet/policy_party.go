package fleet

import (
	"regexp"
	"slices"
	"strings"
)

// A PartyKind says what a Party is.
type PartyKind string

// The kinds of party.
const (
	PartyUser    PartyKind = "user"    // one person: a Slack user ("U0AB") or one of a machine ("unix:1000")
	PartyGroup   PartyKind = "group"   // a Slack user group ("S0AB")
	PartyChannel PartyKind = "channel" // the members of a Slack channel ("C0AB")
	PartyRole    PartyKind = "role"    // everybody who has a role, or a higher one
)

// The ids of parties of kind PartyRole.
const (
	Administrators = "administrators"
	Maintainers    = "maintainers"
	Readers        = "readers"
)

// A Party is whom a policy names: a person, a user group, the members of a
// channel, or the holders of a role. ID is its identity; Name is what it was
// called when it was named, for people to read.
type Party struct {
	Kind PartyKind `json:"kind"`
	ID   string    `json:"id"`
	Name string    `json:"name,omitempty"`
}

// RoleParty is everybody who has at least a role.
func RoleParty(r Role) Party {
	id := map[Role]string{Administrator: Administrators, Maintainer: Maintainers}[r]
	if id == "" {
		id = Readers
	}
	return Party{Kind: PartyRole, ID: id}
}

// Key tells parties apart: "group:S0AB".
func (p Party) Key() string { return string(p.Kind) + ":" + p.ID }

// Role is the least role of a party of kind PartyRole; Nobody of others.
func (p Party) Role() Role {
	if p.Kind != PartyRole {
		return Nobody
	}
	return map[string]Role{Administrators: Administrator, Maintainers: Maintainer, Readers: Reader}[p.ID]
}

// String is the party as people read it: "@release", "#ops", "maintainers".
func (p Party) String() string {
	name := p.Name
	if name == "" {
		return p.ID
	}
	switch p.Kind {
	case PartyChannel:
		return "#" + name
	case PartyRole:
		return p.ID
	}
	return "@" + name
}

// Span names the party without calling it: groups and channels are not
// mentioned, one person is shown as Slack shows people.
func (p Party) Span() Span {
	switch {
	case p.Kind == PartyUser && slackUser.MatchString(p.ID):
		return Span{User: p.ID, Text: p.String()}
	case p.Kind == PartyChannel:
		return Span{Room: p.ID, Text: p.String()}
	}
	return Span{Text: p.String()}
}

var (
	slackUser    = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)
	slackGroup   = regexp.MustCompile(`^S[A-Z0-9]{2,20}$`)
	slackChannel = regexp.MustCompile(`^[CG][A-Z0-9]{2,20}$`)
	unixUser     = regexp.MustCompile(`^unix:[0-9]{1,10}$`)
)

// ParseParty reads a party that needs nobody to be asked: an id, a role, or a
// user of the machine. false is a name that somebody has to look up.
func ParseParty(text string) (Party, bool) {
	switch low := strings.ToLower(text); {
	case low == Administrators || low == Maintainers || low == Readers:
		return Party{Kind: PartyRole, ID: low}, true
	case unixUser.MatchString(low):
		return Party{Kind: PartyUser, ID: low}, true
	}
	switch {
	case slackUser.MatchString(text):
		return Party{Kind: PartyUser, ID: text}, true
	case slackGroup.MatchString(text):
		return Party{Kind: PartyGroup, ID: text}, true
	case slackChannel.MatchString(text):
		return Party{Kind: PartyChannel, ID: text}, true
	}
	return Party{}, false
}

// check refuses a party that ParseParty would not have made.
func (p Party) check() error {
	same, ok := ParseParty(p.ID)
	if !ok || same.Kind != p.Kind || same.ID != p.ID || len(p.Name) > 100 {
		return Errorf(Invalid, "%q is nobody that a policy can name.", Clean(string(p.Kind)+" "+p.ID, 80))
	}
	return nil
}

// inSlack reports whether only Slack knows who the party is.
func (p Party) inSlack() bool { return p.Kind != PartyRole && !unixUser.MatchString(p.ID) }

// keysOf are the keys of parties, each once, sorted.
func keysOf(parties []Party) []string {
	out := make([]string, len(parties))
	for i, p := range parties {
		out[i] = p.Key()
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TellParties lists parties as people read them: "@release, @client or U0AB".
func TellParties(parties []Party) string {
	words := make([]string, len(parties))
	for i, p := range parties {
		words[i] = p.String()
	}
	return joinOr(words)
}

func joinOr(words []string) string {
	if n := len(words) - 1; n > 0 {
		return strings.Join(words[:n], ", ") + " or " + words[n]
	}
	return strings.Join(words, "")
}

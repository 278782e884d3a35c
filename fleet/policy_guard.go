package fleet

import (
	"context"
	"slices"
	"time"
)

// Members tells who belongs to what only Slack knows: groups and channels. It is
// asked when the decision is made; an answer is at most a minute old.
type Members interface {
	// Belongs reports whether a full member of the workspace is of a party of
	// kind PartyGroup or PartyChannel. An error means that it cannot be told now.
	Belongs(ctx context.Context, who Actor, p Party) (Membership, error)
}

// A Membership is whether somebody belongs, and when that was read.
type Membership struct {
	In   bool
	Read time.Time
}

// A Guard says who may do what. Members may be nil where nobody can be asked
// about groups and channels.
type Guard struct {
	Store   Store
	Roles   Roles
	Members Members
}

// A Question is whether somebody may do something with a distribution, or, with
// no name, with what belongs to none.
type Question struct {
	Who          Actor
	Right        Right
	Distribution DistName
	Role         Role // what it takes where no policy says anything
}

// A Permission answers a Question.
type Permission struct {
	Allowed bool
	Unsure  error        // why it cannot be told now; Allowed is false then
	Role    Role         // of the person; Reader when it cannot be told
	Policy  AccessPolicy // that decides; the zero one where roles do
	Parties []Party      // who may, by that policy; empty where roles decide
	Party   Party        // the one of them that the person belongs to, if allowed by it
	Read    time.Time    // when that was read; zero when nobody had to be asked
}

// May answers a question by the policies and memberships as they are now. The
// error is the store's.
func (g *Guard) May(ctx context.Context, q Question) (Permission, error) {
	v := Permission{}
	var err error
	v.Role, v.Unsure = g.Roles.Role(ctx, q.Who)
	if v.Unsure != nil {
		v.Role = Reader
	} else if v.Role == Nobody {
		return v, nil
	}
	own, def, err := (&Policies{Store: g.Store}).Get(ctx, q.Distribution)
	if err != nil {
		return v, err
	}
	if v.Parties, v.Policy = own.grant(def, q.Right); len(v.Parties) == 0 {
		v.Allowed = v.Role >= q.Role
		if v.Allowed {
			v.Unsure = nil
		}
		return v, nil
	}
	if q.Right == MayAdminister { // whoever runs the bot is never locked out
		v.Parties = append(slices.Clone(v.Parties), RoleParty(Administrator))
	}
	v.Unsure = nil
	for _, p := range v.Parties {
		m, err := g.belongs(ctx, q.Who, p)
		if err == nil && m.In {
			v.Allowed, v.Unsure, v.Party, v.Read = true, nil, p, m.Read
			return v, nil
		}
		if err != nil {
			v.Unsure = err
		}
	}
	return v, nil
}

// Electors implements what a Decider asks: the keys of the parties that a person
// belongs to now. The error, of code Later, says which cannot be told.
func (g *Guard) Electors(ctx context.Context, who Actor, parties []Party) ([]string, error) {
	var out []string
	for _, p := range parties {
		m, err := g.belongs(ctx, who, p)
		if err != nil {
			return nil, err
		}
		if m.In {
			out = append(out, p.Key())
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// belongs tells whether somebody is of a party. Who has no role is of none: a
// guest, a bot, somebody who has left or is of another workspace.
func (g *Guard) belongs(ctx context.Context, who Actor, p Party) (Membership, error) {
	if p.inSlack() && !who.IsSlack() || p.Kind == PartyUser && p.ID != who.ID {
		return Membership{}, nil
	}
	role, err := g.Roles.Role(ctx, who)
	switch {
	case err != nil && (role == Nobody || p.Kind == PartyRole && p.Role() > role):
		return Membership{}, Errorf(Later, "The role of %s cannot be told at the moment.", who.display()).
			WithHint("Try again in a minute.").Because(err)
	case err == nil && role == Nobody:
		return Membership{}, nil
	case p.Kind == PartyRole:
		return Membership{In: role >= p.Role()}, nil
	case p.Kind == PartyUser:
		return Membership{In: true}, nil
	case g.Members == nil:
		return Membership{}, Errorf(Later, "Slack is not there to tell who is in %s.", p).WithHint("Start the bot, or ask where it runs.")
	}
	m, err := g.Members.Belongs(ctx, who, p)
	if err != nil {
		return m, Errorf(Later, "Slack cannot tell at the moment whether %s is in %s.", who.display(), p).
			WithHint("Try again in a minute.").Because(err)
	}
	return m, nil
}

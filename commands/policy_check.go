package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newPolicyCheck explains who may do what, by the rule that decides it.
func newPolicyCheck(t *Table) Command {
	return Command{Verb: "policy", Sub: "check", Args: "USER ACTION [DIST]", Min: 2, Max: 3, Group: "Distributions", Role: fleet.Reader,
		Summary: "whether somebody may do something, and why",
		Help: []string{
			"ACTION is ask, build, confirm, rollback, target, freeze or administer; USER is a name or an id, or me.",
			fleet.Slash + " policy check @bob confirm atrium",
		},
		Run: t.checkPolicy}
}

func (t *Table) checkPolicy(ctx context.Context, r Request) (fleet.Message, error) {
	who, err := t.person(ctx, r, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	right := fleet.Right(strings.ToLower(r.Args[1]))
	if !slices.Contains(fleet.Rights(), right) {
		return fleet.Message{}, newPolicyCheck(t).usage("%q is nothing that a policy decides.", fleet.Clean(r.Args[1], 40))
	}
	q := fleet.Question{Who: who, Right: right, Role: fleet.Maintainer}
	if right == fleet.MayAdminister {
		q.Role = fleet.Administrator
	}
	if len(r.Args) == 3 {
		if q.Distribution, err = t.ruled(ctx, r.Args[2]); err != nil {
			return fleet.Message{}, err
		}
	}
	e, err := t.guard().Explain(ctx, q)
	if err != nil {
		return fleet.Message{}, err
	}
	return say(e.Text, e.Lines...), nil
}

// person finds who is meant: oneself, a user of this machine, or somebody in
// Slack. Whoever is no full member is told as such.
func (t *Table) person(ctx context.Context, r Request, name string) (fleet.Actor, error) {
	if strings.EqualFold(name, "me") || name == r.Who.ID {
		return r.Who, nil
	}
	if p, ok := fleet.ParseParty(name); ok && strings.HasPrefix(p.ID, "unix:") {
		return fleet.Actor{ID: p.ID}, nil
	}
	if t.Directory == nil {
		return fleet.Actor{}, fleet.Errorf(fleet.Refused, "Slack is not there to tell who %q is.", fleet.Clean(name, 40)).WithHint("Ask where the bot runs.")
	}
	return t.Directory.Person(ctx, name)
}

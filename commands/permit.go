package commands

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
)

// A permission question: what somebody wants to do, the role it takes where no
// policy says who may, and the rights it takes where one does.
type wish struct {
	role  fleet.Role
	what  string // "build a platform", for a refusal
	needs []need
}

// guard answers who may do what, by the policies and roles as they are now.
func (t *Table) guard() *fleet.Guard {
	return &fleet.Guard{Store: t.Store, Roles: t.Roles, Members: t.Members}
}

// decider asks the guard who voters are when it counts their votes.
func (t *Table) decider() *fleet.Decider {
	d := *t.Decider
	d.Electors = t.guard()
	return &d
}

// permit refuses a person who has less than the needed role, and says who has
// it. A role that cannot be told counts as reader.
func (t *Table) permit(ctx context.Context, who fleet.Actor, need fleet.Role, what string) (fleet.Role, error) {
	role, err := t.Roles.Role(ctx, who)
	unsure := err != nil
	if unsure {
		role = fleet.Reader
	}
	if role >= need {
		return role, nil
	}
	if unsure {
		return role, fleet.Errorf(fleet.Later, "Your role cannot be told at the moment, and this needs %s.", aRole(need)).WithHint("Try again in a minute.").Because(err)
	}
	if role == fleet.Nobody {
		return role, fleet.Errorf(fleet.Forbidden, "You are not among the people who may use distrobot here.")
	}
	return role, &denied{err: fleet.Errorf(fleet.Forbidden, "You may not %s; it needs %s.", what, aRole(need)), who: t.Roles.Holders(ctx, need)}
}

// allow is permit under the policies: every right that is needed is asked for,
// and the role where no policy says who has the right.
func (t *Table) allow(ctx context.Context, who fleet.Actor, w wish) (fleet.Role, error) {
	if len(w.needs) == 0 {
		return t.permit(ctx, who, w.role, w.what)
	}
	role := fleet.Reader
	for _, n := range w.needs {
		v, err := t.guard().May(ctx, fleet.Question{Who: who, Right: n.right, Distribution: n.dist, Role: w.role})
		if err != nil {
			return role, err
		}
		role = v.Role
		switch {
		case v.Allowed:
			continue
		case len(v.Parties) == 0:
			return t.permit(ctx, who, w.role, w.what)
		case v.Unsure != nil:
			return role, v.Unsure
		}
		return role, &denied{err: fleet.Errorf(fleet.Forbidden, "You may not %s; the policy of %s says who may.", w.what, v.Policy.Of()), who: partySpans(v.Parties)}
	}
	return role, nil
}

// allowed is allow for a command.
func (t *Table) allowed(ctx context.Context, cmd Command, r Request) (fleet.Role, error) {
	w := wish{role: cmd.Role, what: "do that"}
	if _, own := r.Opts[cmd.Own]; own && cmd.Own != "" {
		return t.permit(ctx, r.Who, fleet.Reader, w.what)
	}
	if d, some := demands()[cmd.Name()]; some && cmd.Role > fleet.Reader {
		var err error
		if w.needs, err = t.needs(ctx, d, r.Args); err != nil {
			return fleet.Nobody, err
		}
	}
	return t.allow(ctx, r.Who, w)
}

// partySpans names parties without calling them.
func partySpans(parties []fleet.Party) []fleet.Span {
	out := make([]fleet.Span, len(parties))
	for i, p := range parties {
		out[i] = p.Span()
	}
	return out
}

// denied is a refusal that names, with mentions, who may.
type denied struct {
	err      *fleet.Error
	who      []fleet.Span
	recorded bool // in the record already
}

// Error gives the refusal for logs.
func (d *denied) Error() string { return d.err.Error() }

// Unwrap gives the error for people.
func (d *denied) Unwrap() error { return d.err }

// allowedPress is allow for a button.
func (t *Table) allowedPress(ctx context.Context, p Press, b press) (fleet.Role, error) {
	w := wish{role: b.role, what: b.what}
	if d, some := pressDemands()[p.Action]; some {
		var err error
		if w.needs, err = t.needs(ctx, d, []string{p.Value}); err != nil {
			return fleet.Nobody, err
		}
	}
	return t.allow(ctx, p.Who, w)
}

package fleet

import (
	"context"
	"fmt"
)

// An Explanation is a Permission in words: the answer, and each thing it rests
// on.
type Explanation struct {
	Permission
	Text  string // the answer, one sentence
	Lines []Line // which rule, and what the person is to each party it names
}

// deeds word the rights for people.
func (r Right) deed() string {
	return map[Right]string{
		MayAsk: "ask for upgrades", MayBuild: "build platforms", MayConfirm: "confirm plans", MayRollback: "ask for rollbacks",
		MayTarget: "change upgrade targets", MayFreeze: "freeze", MayAdminister: "administer",
	}[r]
}

// Explain answers a question by the same rule as May, and says why.
func (g *Guard) Explain(ctx context.Context, q Question) (Explanation, error) {
	v, err := g.May(ctx, q)
	e := Explanation{Permission: v}
	if err != nil {
		return e, err
	}
	who, what := q.Who.display(), q.Right.deed()
	switch {
	case q.Distribution == "":
	case q.Right == MayFreeze || q.Right == MayAdminister:
		what += " " + string(q.Distribution)
	default:
		what += " of " + string(q.Distribution)
	}
	switch {
	case v.Unsure != nil:
		e.Text = fmt.Sprintf("It cannot be told at the moment whether %s may %s; until it can, the answer to a press is to try again in a minute.", who, what)
	case v.Allowed:
		e.Text = fmt.Sprintf("%s may %s.", who, what)
	default:
		e.Text = fmt.Sprintf("%s may not %s.", who, what)
	}
	if v.Role == Nobody {
		e.Lines = []Line{Say(fmt.Sprintf("%s is nobody here: no full member of this workspace, or a bot.", who))}
		return e, nil
	}
	if len(v.Parties) == 0 {
		e.Lines = append(e.Lines, Say(fmt.Sprintf("No policy says who may, so the roles decide: it takes %s, and %s is %s.",
			article(q.Role), who, article(v.Role))))
	} else if e.Lines, err = g.grounds(ctx, q, v); err != nil {
		return e, err
	}
	if q.Right == MayConfirm {
		more, err := g.besides(ctx, q)
		return e.with(more), err
	}
	return e, nil
}

func (e Explanation) with(lines []Line) Explanation {
	e.Lines = append(e.Lines, lines...)
	return e
}

// article says "a maintainer", "an administrator".
func article(r Role) string {
	if r == Administrator {
		return "an administrator"
	}
	return "a " + r.String()
}

// grounds says which policy decides, and whether the person is of each party.
func (g *Guard) grounds(ctx context.Context, q Question, v Permission) ([]Line, error) {
	p := v.Policy
	out := []Line{Say(fmt.Sprintf("The policy of %s decides (revision %d, set by ", p.Of(), p.Revision), By(p.By), ", ", When(p.At), "): ",
		string(q.Right)+" is for "+TellParties(v.Parties)+".")}
	for _, x := range v.Parties {
		m, err := g.belongs(ctx, q.Who, x)
		switch {
		case CodeOf(err) == Later:
			out = append(out, Item(textOf(err)))
			continue
		case err != nil:
			return out, err
		}
		is := " is not "
		if m.In {
			is = " is "
		}
		line := Item(q.Who.display() + is + x.relation())
		if !m.Read.IsZero() {
			line.Spans = append(line.Spans, Span{Text: ", as Slack said, "}, When(m.Read))
		}
		line.Spans = append(line.Spans, Span{Text: "."})
		out = append(out, line)
	}
	return out, nil
}

// relation says what being of the party means.
func (p Party) relation() string {
	switch p.Kind {
	case PartyGroup:
		return "in the group " + p.String()
	case PartyChannel:
		return "in the channel " + p.String()
	case PartyRole:
		return "one of the " + p.ID
	}
	return p.String()
}

// besides says what else it takes to confirm.
func (g *Guard) besides(ctx context.Context, q Question) ([]Line, error) {
	own, def, err := (&Policies{Store: g.Store}).Get(ctx, q.Distribution)
	if err != nil {
		return nil, err
	}
	d := Distribution{Name: q.Distribution}
	if q.Distribution != "" {
		if _, err := g.Store.Read(ctx, &d); err != nil {
			return nil, err
		}
	}
	r := own.ConfirmRule(def)
	out := []Line{Say("A plan needs " + r.Terms().Tell() + ".")}
	if !d.Policy.Self {
		out = append(out, Item("Whoever asked for a plan cannot confirm it."))
	}
	if r.Reason {
		out = append(out, Item("Each approval needs a reason."))
	}
	if r.Second {
		out = append(out, Item("Each approval is confirmed once more, by a link in the browser."))
	}
	if len(r.Glass) > 0 {
		out = append(out, Item("In an emergency "+TellParties(r.Glass)+" may confirm alone, with a reason; a channel is told."))
	}
	return out, nil
}

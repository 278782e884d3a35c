package fleet

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// sentence says what an upgrade does about advisories: "fixes 2 advisories, one
// critical; leaves 1 advisory open; 3 sites are exposed"; "" when there is
// nothing to say.
func (a Advice) sentence() string {
	var parts []string
	if fixed := a.Of(Mends); len(fixed) > 0 {
		parts = append(parts, "fixes "+tellAdvised(fixed))
	}
	if left := a.Of(Leaves); len(left) > 0 {
		parts = append(parts, "leaves "+tellAdvised(left)+" open")
	}
	if brought := a.Of(Brings); len(brought) > 0 {
		parts = append(parts, "brings "+tellAdvised(brought))
	}
	if len(parts) == 0 {
		return ""
	}
	if a.Exposed > 0 && len(a.Of(Mends))+len(a.Of(Leaves)) > 0 {
		parts = append(parts, tellExposed(a.Exposed))
	}
	return strings.Join(parts, "; ")
}

// tellExposed says "3 sites are exposed".
func tellExposed(n int) string { return Plural(n, "site is", "sites are") + " exposed" }

// tellAdvised counts advisories and names the worst severity among them:
// "2 advisories, one critical".
func tellAdvised(list []Advised) string {
	all := make([]Severity, len(list))
	for i, a := range list {
		all[i] = a.Severity
	}
	return tellSeverities(all)
}

func tellSeverities(all []Severity) string {
	text := Plural(len(all), "advisory", "advisories")
	for _, s := range []Severity{Critical, High} {
		n := 0
		for _, x := range all {
			n += bit(x == s)
		}
		switch {
		case n == 0:
			continue
		case n == 1 && len(all) == 1:
			return text + fmt.Sprintf(" (%s)", s)
		case n == 1:
			return text + fmt.Sprintf(", one %s", s)
		case n == len(all):
			return text + fmt.Sprintf(", all %s", s)
		}
		return text + fmt.Sprintf(", %d %s", n, s)
	}
	return text
}

// TellAdvised is one advisory of a comparison as a list item: how bad, what, in
// which package, what becomes of it.
func TellAdvised(a Advised) Line {
	l := Item(Bold(tellSeverity(a.Advisory)), " ", a.link(), " in ", Mono(Clean(a.Package, 80)), fmt.Sprintf(" %s → %s: ", tellCell(a.From, 40), tellCell(a.To, 40)))
	what := map[Outcomed]string{Mends: "fixed", Leaves: "stays open", Brings: "comes with the new version", Obscure: "a development line, so nobody can tell"}[a.Outcome]
	l.Spans = append(l.Spans, Span{Text: what + "."})
	if a.Title != "" {
		l.Spans = append(l.Spans, Span{Text: " " + tellSentence(a.Title)})
	}
	return l
}

// link is the name of an advisory, as a link where there is a page of it.
func (a Advisory) link() Span {
	if a.URL == "" {
		return Span{Text: a.Name()}
	}
	return Link(a.Name(), a.URL)
}

// tellSeverity is a word for how bad an advisory is.
func tellSeverity(a Advisory) string {
	switch {
	case a.Unsupported:
		return "No longer supported"
	case a.Severity == "":
		return "Severity not said"
	}
	return upperFirst(string(a.Severity))
}

// Lines details what a comparison's advisories are, at most n, and how old this
// knowledge is.
func (a Advice) Lines(n int) []Line {
	var out []Line
	for i, x := range a.All {
		if i == n {
			out = append(out, Say("and "+Plural(len(a.All)-n, "more advisory", "more advisories")+"."))
			break
		}
		out = append(out, TellAdvised(x))
	}
	if len(out) == 0 && len(a.Failing) == 0 {
		return nil
	}
	return append(out, a.dated()...)
}

// dated says as of when the advisories are, if a source cannot be read.
func (a Advice) dated() []Line { return tellDated(a.AsOf, a.Failing) }

// advice weighs an undecided upgrade; of the sites that are exposed those count
// that it moves.
func (n *Narrator) advice(ctx context.Context, p Plan) (Advice, error) {
	if p.State != PlanProposed || p.Kind == Rollback {
		return Advice{}, nil
	}
	from, to := PlatformFacts{Platform: p.From}, PlatformFacts{Platform: p.To}
	found, err := n.Store.Read(ctx, &from, &to)
	if err != nil || !found[0] || !found[1] {
		return Advice{}, err
	}
	a, err := (&Advisories{Store: n.Store}).Weigh(ctx, from, to)
	if a.Exposed > 0 {
		a.Exposed = 0
		for _, s := range moving(p) {
			a.Exposed += bit(s.From == p.From)
		}
	}
	return a, err
}

// WorseFirst orders exposures for people: certain ones before those nobody can
// tell, holes before what is no longer supported, the worst first.
func WorseFirst(a, b Exposure) int {
	return cmp.Or(bit(a.Unclear)-bit(b.Unclear), worse(a.Advisory, b.Advisory), strings.Compare(a.Package, b.Package))
}

// SeverityWord says how bad an exposure is, or that nobody can tell.
func SeverityWord(e Exposure) string {
	if e.Unclear {
		return "Cannot tell"
	}
	return tellSeverity(e.Advisory)
}

// TellFeeds says as of when each source is known, and which cannot be read.
func TellFeeds(feeds []Feed) []Line {
	var out []Line
	for _, f := range feeds {
		name := Clean(f.Name, 60)
		switch {
		case f.Failing != "" && f.Checked.IsZero():
			out = append(out, Item("⚠️ ", Mono(name), " cannot be read, and nothing is known from it. ", tellSentence(f.Failing)))
		case f.Failing != "":
			out = append(out, Item("⚠️ ", Mono(name), " cannot be read; what it said is as of ", When(f.Checked), ". ", tellSentence(f.Failing)))
		case f.Checked.IsZero():
			out = append(out, Item(Mono(name), " was not read yet."))
		default:
			out = append(out, Item(Mono(name), " as of ", When(f.Checked), "."))
		}
	}
	return out
}

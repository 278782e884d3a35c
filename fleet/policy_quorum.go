package fleet

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Term asks for Need approvals of people of its parties. With Each, every one
// of them stands for another party, so that they come from different groups.
type Term struct {
	Need int     `json:"need"`
	From []Party `json:"from"`
	Each bool    `json:"each,omitempty"`
}

// A Quorum is what makes a plan approved: every term, each approval counted for
// one term and one party only, each person once.
type Quorum []Term

// Bounds of a quorum, so that a rule can be read and a plan be approved at all.
const (
	maxTerms   = 6
	maxNeed    = 10
	maxParties = 12
)

// DefaultQuorum is the rule without a policy: one maintainer.
func DefaultQuorum() Quorum { return Quorum{{Need: 1, From: []Party{RoleParty(Maintainer)}}} }

// Total is how many approvals the quorum needs.
func (q Quorum) Total() int {
	n := 0
	for _, t := range q {
		n += t.Need
	}
	return n
}

// Parties lists everybody whose approval may count, each once.
func (q Quorum) Parties() []Party {
	var out []Party
	for _, t := range q {
		for _, p := range t.From {
			if !slices.ContainsFunc(out, func(x Party) bool { return x.Key() == p.Key() }) {
				out = append(out, p)
			}
		}
	}
	return out
}

// Count is how many of some people's approvals count towards the quorum at
// most, however they are assigned to terms and parties. Each person is given as
// the keys of the parties they belong to. The quorum is met when it is Total.
//
// It is a maximum flow of the graph person → party of a term → term, in which a
// party of a term with Each lets one pass, and a term lets Need pass.
func (q Quorum) Count(people [][]string) int {
	g := q.graph(people)
	n := 0
	for g.augment(0, make([]bool, len(g))) {
		n++
	}
	return n
}

// flow holds capacities between nodes: 0 is the source, the last the sink.
type flow [][]int

func (q Quorum) graph(people [][]string) flow {
	seats := 0
	for _, t := range q {
		seats += len(t.From)
	}
	size := 1 + len(people) + seats + len(q) + 1
	g := make(flow, size)
	for i := range g {
		g[i] = make([]int, size)
	}
	seat := 1 + len(people)
	for i, t := range q {
		term := 1 + len(people) + seats + i
		g[term][size-1] = t.Need
		for _, p := range t.From {
			g[seat][term] = t.Need
			if t.Each {
				g[seat][term] = 1
			}
			for n, keys := range people {
				g[0][1+n] = 1
				if slices.Contains(keys, p.Key()) {
					g[1+n][seat] = 1
				}
			}
			seat++
		}
	}
	return g
}

// augment finds a way from a node to the sink and takes it.
func (g flow) augment(from int, seen []bool) bool {
	if from == len(g)-1 {
		return true
	}
	seen[from] = true
	for to, room := range g[from] {
		if room > 0 && !seen[to] && g.augment(to, seen) {
			g[from][to]--
			g[to][from]++
			return true
		}
	}
	return false
}

// Wanted lists the parties one more person of whom would count.
func (q Quorum) Wanted(people [][]string) []Party {
	have := q.Count(people)
	var out []Party
	for _, p := range q.Parties() {
		if q.Count(append(slices.Clone(people), []string{p.Key()})) > have {
			out = append(out, p)
		}
	}
	return out
}

// String is the quorum as it is typed: "2 of @release, @client + 1 of U0AB".
func (q Quorum) String() string {
	var terms []string
	for _, t := range q {
		words := make([]string, len(t.From))
		for i, p := range t.From {
			words[i] = p.String()
		}
		any := ""
		if !t.Each && len(t.From) > 1 && t.Need > 1 {
			any = "any "
		}
		terms = append(terms, fmt.Sprintf("%d of %s%s", t.Need, any, strings.Join(words, ", ")))
	}
	return strings.Join(terms, " + ")
}

// Tell says the quorum in words: "2 approvals, from different ones of @release
// and @client".
func (q Quorum) Tell() string {
	var terms []string
	for _, t := range q {
		from := TellParties(t.From)
		if t.Each && t.Need > 1 {
			from = "different ones of " + from
		}
		terms = append(terms, Plural(t.Need, "approval", "approvals")+" from "+from)
	}
	return strings.Join(terms, ", and ")
}

// check refuses a quorum that nobody could meet or read.
func (q Quorum) check() error {
	hint := "For example: 1 of @release, 2 of @release + 1 of @client, 2 of @release, @client (one each), or 2 of any @release, @client."
	if len(q) > maxTerms || q.Total() > maxNeed || len(q.Parties()) > maxParties {
		return Errorf(Invalid, "A rule has up to %d parts, %d approvals and %d groups or people.", maxTerms, maxNeed, maxParties)
	}
	for _, t := range q {
		if t.Need < 1 || len(t.From) == 0 {
			return Errorf(Invalid, "Each part of the rule needs at least one approval from somebody.").WithHint("%s", hint)
		}
		if len(keysOf(t.From)) != len(t.From) {
			return Errorf(Invalid, "A group or person is named twice in one part of the rule.").WithHint("%s", hint)
		}
		if t.Each && t.Need > len(t.From) {
			return Errorf(Invalid, "%d approvals from different ones of %s can never come together.", t.Need, TellParties(t.From)).WithHint("%s", hint)
		}
		people := 0
		for _, p := range t.From {
			if err := p.check(); err != nil {
				return err
			}
			people += bit(p.Kind == PartyUser)
		}
		if people == len(t.From) && t.Need > people {
			return Errorf(Invalid, "%s cannot give %d approvals: each person counts once.", TellParties(t.From), t.Need).WithHint("%s", hint)
		}
	}
	return nil
}

// A Directory finds who is meant by a name ("@release", "#ops").
type Directory interface {
	// Party gives the party that a name stands for. Errors: NotFound, and Later
	// when Slack cannot be asked.
	Party(ctx context.Context, name string) (Party, error)
}

var termCount = regexp.MustCompile(`(?i)^(\d{1,3})\s+of\s+(any\s+)?`)

// ParseQuorum reads a rule as it is typed: parts joined by "+", each "N of
// PARTY, PARTY". Of several parties each approval comes from another one;
// "N of any PARTY, PARTY" takes them from anywhere among these. N may be left
// out: "@release" is one approval from there.
func ParseQuorum(ctx context.Context, text string, d Directory) (Quorum, error) {
	var q Quorum
	for part := range strings.SplitSeq(text, "+") {
		t := Term{Need: 1}
		part = strings.TrimSpace(part)
		pool := true
		if m := termCount.FindStringSubmatch(part); m != nil {
			t.Need, _ = strconv.Atoi(m[1]) // three digits at most
			part, pool = part[len(m[0]):], m[2] != ""
		}
		var err error
		if t.From, err = ParseParties(ctx, part, d); err != nil {
			return nil, err
		}
		t.Each = !pool && len(t.From) > 1 && t.Need > 1
		q = append(q, t)
	}
	return q, q.check()
}

// ParseParties reads a list of parties, with commas between them.
func ParseParties(ctx context.Context, text string, d Directory) ([]Party, error) {
	var out []Party
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	if len(words) == 0 {
		return nil, Errorf(Invalid, "Nobody is named.").WithHint("Name user groups (@release), people, channels (#ops), or administrators, maintainers and readers.")
	}
	if len(words) > maxParties {
		return nil, Errorf(Invalid, "A list names up to %d groups, people or channels.", maxParties)
	}
	for _, w := range words {
		p, ok := ParseParty(w)
		if !ok || p.inSlack() && d != nil {
			if d == nil {
				return nil, Errorf(Invalid, "%q cannot be looked up without Slack.", Clean(w, 60)).WithHint("Give its id (S… of a group, U… of a person, C… of a channel), or start the bot first.")
			}
			found, err := d.Party(ctx, w)
			if err != nil {
				return nil, err
			}
			p = found
		}
		if !slices.ContainsFunc(out, func(x Party) bool { return x.Key() == p.Key() }) {
			out = append(out, p)
		}
	}
	return out, nil
}

package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A DigestView is what a digest's message is made of.
type DigestView struct {
	Name      string // of the schedule; "" when it was asked for
	Zone      string
	At        time.Time
	Standings []Standing
	Sites     map[DistName][]URI // out-of-date sites by distribution, at most tellSites
	Pinned    []Site
	Failing   []Cursor // sources that cannot be read
	Held      []Task
}

// tellDists is how many distributions a digest details.
const tellDists = 8

// Digest tells what is out of date now, as a scheduled digest would.
func (n *Narrator) Digest(ctx context.Context, at time.Time) (Message, error) {
	v, err := n.digestView(ctx)
	v.At = at
	return TellDigest(v), err
}

// digest tells one issue of a schedule; the id is "NAME/TIME".
func (n *Narrator) digest(ctx context.Context, id string) (Message, error) {
	v, err := n.digestView(ctx)
	if err != nil {
		return Message{}, err
	}
	name, at, _ := strings.Cut(id, "/")
	d := Digest{Name: name}
	if _, err := n.Store.Read(ctx, &d); err != nil {
		return Message{}, err
	}
	v.Name, v.Zone, v.At = name, d.Zone, d.Last
	if t, err := time.Parse("2006-01-02T15:04", at); err == nil && v.At.IsZero() {
		v.At = t
	}
	return TellDigest(v), nil
}

func (n *Narrator) digestView(ctx context.Context) (DigestView, error) {
	v := DigestView{Sites: map[DistName][]URI{}}
	var err error
	if v.Standings, err = (&Catalog{Store: n.Store}).Standing(ctx); err != nil {
		return v, err
	}
	for _, s := range v.Standings {
		for _, b := range s.Behind {
			room := tellSites - len(v.Sites[s.Distribution.Name])
			if room <= 0 {
				break
			}
			uris, err := n.Store.List(ctx, SitesOf(b.Platform.Name), Page{Limit: room})
			if err != nil {
				return v, err
			}
			for _, u := range uris {
				v.Sites[s.Distribution.Name] = append(v.Sites[s.Distribution.Name], URI(u))
			}
		}
	}
	if v.Pinned, err = n.pinned(ctx); err != nil {
		return v, err
	}
	if v.Failing, err = n.failing(ctx); err != nil {
		return v, err
	}
	v.Held, err = n.held(ctx)
	return v, err
}

func (n *Narrator) pinned(ctx context.Context) ([]Site, error) {
	names, err := n.Store.List(ctx, PinnedSites, Page{Limit: 50})
	if err != nil || len(names) == 0 {
		return nil, err
	}
	sites := make([]Site, len(names))
	recs := make([]Record, len(names))
	for i, u := range names {
		sites[i].URI = URI(u)
		recs[i] = &sites[i]
	}
	_, err = n.Store.Read(ctx, recs...)
	return slices.DeleteFunc(sites, func(s Site) bool { return s.Pinned == "" }), err
}

func (n *Narrator) failing(ctx context.Context) ([]Cursor, error) {
	names, err := n.Store.List(ctx, AllDistributions, Page{})
	if err != nil || len(names) == 0 {
		return nil, err
	}
	cursors := make([]Cursor, len(names))
	recs := make([]Record, len(names))
	for i, d := range names {
		cursors[i].Distribution = DistName(d)
		recs[i] = &cursors[i]
	}
	_, err = n.Store.Read(ctx, recs...)
	return slices.DeleteFunc(cursors, func(c Cursor) bool { return c.Failing == "" }), err
}

func (n *Narrator) held(ctx context.Context) ([]Task, error) {
	hosts, err := n.Store.List(ctx, AllHosts, Page{})
	if err != nil {
		return nil, err
	}
	var out []Task
	for _, h := range hosts {
		ids, err := n.Store.List(ctx, TasksHeld(HostName(h)), Page{Limit: tellSites})
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			t := Task{ID: TaskID(id), Host: HostName(h)}
			if _, err := n.Store.Read(ctx, &t); err != nil {
				return nil, err
			}
			if t.State == TaskHeld {
				out = append(out, t)
			}
		}
	}
	return out, nil
}

// TellDigest lists what is out of date, worst first, and what else needs a
// person; one line when nothing does.
func TellDigest(v DigestView) Message {
	behind := slices.DeleteFunc(slices.Clone(v.Standings), func(s Standing) bool { return s.OutOfDate == 0 })
	slices.SortStableFunc(behind, func(a, b Standing) int { return b.OutOfDate - a.OutOfDate })
	total := 0
	for _, s := range behind {
		total += s.OutOfDate
	}
	m := Message{Text: digestText(v, total)}
	if total == 0 && len(v.Failing)+len(v.Held)+len(v.Pinned) == 0 {
		m.Tone = Good
		m.Lines = []Line{Say(m.Text)}
		m.Footer = v.footer()
		return m
	}
	m.Title = "Out of date: " + Plural(total, "site", "sites")
	if total == 0 {
		m.Title = "Sites are up to date; other things need a person"
	}
	for i, s := range behind {
		if i == tellDists {
			m.Lines = append(m.Lines, Say(fmt.Sprintf("and %s with out-of-date sites.", Plural(len(behind)-i, "more distribution", "more distributions"))))
			break
		}
		m.Lines = append(m.Lines, v.dist(s)...)
		if len(m.Buttons) < 5 {
			m.Buttons = append(m.Buttons, Button{Action: ActUpgrade, Label: clip("Compare and upgrade "+string(s.Distribution.Name), 75), Value: string(s.Distribution.Name)})
		}
	}
	m.More = v.trouble()
	m.Footer = v.footer()
	return m
}

func digestText(v DigestView, total int) string {
	switch {
	case total == 1:
		return "1 site is out of date."
	case total > 1:
		return fmt.Sprintf("%d sites are out of date.", total)
	case len(v.Held) > 0:
		return "Every site is up to date; " + Plural(len(v.Held), "task waits", "tasks wait") + " for a person."
	case len(v.Failing) > 0:
		return "Every site is up to date; " + Plural(len(v.Failing), "repository", "repositories") + " cannot be read."
	case len(v.Pinned) > 0:
		return "Every site is up to date; " + Plural(len(v.Pinned), "site is", "sites are") + " pinned."
	}
	return "Everything is up to date."
}

// dist tells of one distribution: its target, how many sites are elsewhere and
// where, and the first of them by name.
func (v DigestView) dist(s Standing) []Line {
	d := s.Distribution
	var on []string
	for i, b := range s.Behind {
		if i == 3 {
			on = append(on, "the rest on "+Plural(len(s.Behind)-3, "other platform", "other platforms"))
			break
		}
		on = append(on, fmt.Sprintf("%d on %s", b.Sites, b.Platform.Name))
	}
	out := []Line{Say(Bold(string(d.Name)), ": the target is ", Mono(string(d.Target)), fmt.Sprintf(". %s on it; %s out of date: %s.",
		upperFirst(areOn(s.OnTarget)), areOn(s.OutOfDate), strings.Join(on, ", ")))}
	uris := v.Sites[d.Name]
	if len(uris) > tellSites {
		uris = uris[:tellSites]
	}
	if len(uris) == 0 {
		return out
	}
	line := Item(strings.Join(cleanAll(uris), ", "))
	if s.OutOfDate > len(uris) {
		line.Spans = append(line.Spans, Span{Text: fmt.Sprintf(" and %d more. Show all: ", s.OutOfDate-len(uris))},
			Mono(fmt.Sprintf("%s sites --dist %s --out-of-date", Slash, d.Name)))
	}
	return append(out, line)
}

// areOn says "1 site is" and "3 sites are".
func areOn(n int) string { return Plural(n, "site is", "sites are") }

func cleanAll[S ~string](in []S) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = Clean(string(s), 80)
	}
	return out
}

// trouble tells of what is not about versions but needs a person.
func (v DigestView) trouble() []Line {
	var out []Line
	for i, s := range v.Pinned {
		if i == tellSites {
			out = append(out, Item(fmt.Sprintf("and %d more pinned.", len(v.Pinned)-i)))
			break
		}
		out = append(out, Item("📌 Pinned: ", Clean(string(s.URI), 80), " on ", Clean(string(s.Platform), 80), ". ", tellSentence(s.Pinned)))
	}
	for i, c := range v.Failing {
		if i == tellSites {
			break
		}
		out = append(out, Item("⚠️ The repository of ", string(c.Distribution), " cannot be read. ", tellSentence(c.Failing)))
	}
	for i, t := range v.Held {
		if i == tellSites {
			break
		}
		out = append(out, Item("✋ ", Clean(taskTitles[t.Kind]+" "+t.About, 120), " waits for a person: ", Mono(fmt.Sprintf("%s task %s", Slash, t.ID))))
	}
	return out
}

func (v DigestView) footer() Line {
	var name []Span
	if v.Name != "" {
		name = []Span{{Text: "Digest " + Clean(v.Name, 40)}}
	}
	if v.At.IsZero() {
		return tellFooter(name)
	}
	return tellFooter(name, []Span{When(v.At)})
}

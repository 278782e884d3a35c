package commands

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newAudit shows what was asked, refused, decided and done, and by whom.
func newAudit(t *Table) Command {
	return Command{
		Verb: "audit", Args: "[--plan PLAN] [--site URI] [--who USER] [--about THING] [--refused] [--since WHEN] [--before N]", Group: "More",
		Summary: "what was asked, refused, decided and done, and by whom", Role: fleet.Maintainer,
		Options: []Option{
			{"plan", "PLAN", "a plan: its votes, refusals and tasks"}, {"site", "URI", "about one site"},
			{"who", "USER", "by one person: a mention, an id or a name"}, {"about", "THING", "a platform, distribution, host or task"},
			{"what", "WORD", "what the entry begins with: plan, task, asked, pressed"}, {"refused", "", "only what was refused"},
			{"since", "WHEN", "36h, 7d or a date"}, {"until", "WHEN", "the same"}, {"before", "N", "older than entry N, to page"},
		},
		Help: []string{
			fleet.Slash + " audit --site shop.example.org --since 7d",
			fleet.Slash + " audit --refused --who @bob",
			"The shell has more: distrobot audit verify, export and archive.",
		},
		Run: t.audit,
	}
}

func (t *Table) audit(ctx context.Context, r Request) (fleet.Message, error) {
	q, err := t.auditQuery(r)
	if err != nil {
		return fleet.Message{}, err
	}
	before := r.Opts["before"]
	if n, err := strconv.ParseInt(before, 10, 64); before != "" && (err != nil || n < 1) {
		return fleet.Message{}, fleet.Errorf(fleet.Invalid, "%q is not the number of an entry.", fleet.Clean(before, 40))
	}
	found, err := fleet.FindEvents(ctx, t.Trail, q, before, pageRows)
	if err != nil {
		return fleet.Message{}, err
	}
	m := auditMessage(found)
	if found.Before != "" {
		m.More = []fleet.Line{fleet.Say("Older ones: add ", fleet.Mono("--before "+found.Before), ".")}
	}
	t.turnRecord(&m, r, found.Before)
	return m, nil
}

// turnRecord adds the buttons of a page of the record, which is read backwards:
// towards older entries, and back to the newest.
func (t *Table) turnRecord(m *fleet.Message, r Request, before string) {
	l := leaf{command: "audit"}
	if n, err := strconv.Atoi(before); err == nil {
		l.next = n
	}
	if r.Opts["before"] != "" {
		l.first = newest
	}
	t.turns(m, r, l)
}

// auditMessage draws a page of the record.
func auditMessage(found fleet.Found) fleet.Message {
	if len(found.Events) == 0 && found.Short {
		return say("There is nothing of the sort among the last " + fleet.Plural(found.Looked, "entry", "entries") + ".")
	}
	if len(found.Events) == 0 {
		return say("Nothing of the sort is in the record.")
	}
	m := fleet.Message{Title: "Audit record", Text: fleet.Plural(len(found.Events), "entry", "entries") + " of the audit record, newest first."}
	m.Table = &fleet.Table{Header: []string{"When", "Who", "What", "About"}}
	for _, e := range found.Events {
		m.Table.Rows = append(m.Table.Rows, []string{stamp(e.At), orDash(fleet.Clean(cmpOr(e.Who.Name, e.Who.ID), 40)),
			orDash(fleet.Clean(AuditWords(e), 60)), orDash(fleet.Clean(auditAbout(e), 160))})
	}
	return m
}

// AuditWords says in words what an entry records: "asked upgrade, refused".
func AuditWords(e fleet.AuditEvent) string {
	words := e.What
	for _, kind := range []string{"asked.", "pressed."} {
		if rest, ok := strings.CutPrefix(e.What, kind); ok {
			words = strings.TrimSuffix(kind, ".") + " " + strings.ReplaceAll(rest, ".", " ")
		}
	}
	if e.Outcome == fleet.Refusal || e.Outcome == fleet.Fault {
		words += ", " + string(e.Outcome)
	}
	return words
}

// auditAbout says what an entry is about, and of a refusal why.
func auditAbout(e fleet.AuditEvent) string {
	about := e.About
	if why := cmpOr(e.Detail["why"], e.Detail["reason"]); why != "" {
		about = strings.TrimPrefix(about+": "+why, ": ")
	}
	return about
}

// AuditDetail gives the rest of an entry as "name=value", sorted.
func AuditDetail(e fleet.AuditEvent) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		if v := e.Detail[k]; v != "" {
			out = append(out, k+"="+v)
		}
	}
	return strings.Join(out, " ")
}

// auditQuery reads the options of audit.
func (t *Table) auditQuery(r Request) (fleet.AuditQuery, error) {
	q := fleet.AuditQuery{Plan: fleet.PlanID(strings.ToLower(r.Opts["plan"])), Site: fleet.URI(r.Opts["site"]), About: r.Opts["about"],
		Who: person(r.Opts["who"]), What: r.Opts["what"], Refused: r.Opts["refused"] != ""}
	var err error
	if text := r.Opts["since"]; text != "" {
		if q.Since, err = fleet.ParseSince(text, t.now()); err != nil {
			return q, err
		}
	}
	if text := r.Opts["until"]; text != "" {
		q.Until, err = fleet.ParseSince(text, t.now())
	}
	return q, err
}

// person reads a mention ("<@U0AB|bob>"), "@bob", an id or a name.
func person(s string) string {
	if in, ok := strings.CutPrefix(s, "<@"); ok {
		id, _, _ := strings.Cut(strings.TrimSuffix(in, ">"), "|")
		return id
	}
	return strings.TrimPrefix(s, "@")
}

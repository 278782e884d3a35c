package bot

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// homes draws the App Home: what waits for this person, what is running, what
// is out of date, and how to ask. Decisions are made on the plan's own message,
// where the comparison is: the home links there.
type homes struct {
	store    fleet.Store
	standing func(ctx context.Context) ([]fleet.Standing, error)
	roles    fleet.Roles
	api      *slack.Client
	log      *slog.Logger
}

// maxHomePlans bounds each list of plans.
const maxHomePlans = 8

// show publishes the home of a person, with a notice on top if there is one.
func (h *homes) show(ctx context.Context, who fleet.Actor, notice string) {
	blocks := h.draw(ctx, who, notice)
	for _, v := range CheckView(blocks) {
		h.log.WarnContext(ctx, "the home breaks a limit", "violation", v.String())
	}
	_, err := h.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: who.ID,
		View: slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}}})
	if err != nil {
		h.log.WarnContext(ctx, "home not shown", "user", who.ID, "error", err)
	}
}

func (h *homes) draw(ctx context.Context, who fleet.Actor, notice string) []slack.Block {
	var out []slack.Block
	add := func(m fleet.Message) { out = append(out, viewBlocks(m)...) }
	if notice != "" {
		add(fleet.Message{Text: notice, Lines: []fleet.Line{{Quote: true, Spans: []fleet.Span{{Text: notice}}}}})
	}
	role, err := h.roles.Role(ctx, who)
	if err == nil && role == fleet.Nobody {
		add(fleet.Message{Text: "Not for you.", Lines: []fleet.Line{fleet.Say("You are not among the people who may use distrobot here.")}})
		return out
	}
	waiting, running, err := h.plans(ctx, who, role)
	if err != nil {
		h.log.WarnContext(ctx, "plans cannot be read for the home", "error", err)
		add(fleet.Message{Text: "Away.", Tone: fleet.Warn, Lines: []fleet.Line{fleet.Say("The plans cannot be read at the moment. Press Refresh in a minute.")}})
	} else {
		add(h.list(ctx, "Waits for you", "Nothing waits for your decision.", waiting))
		add(h.list(ctx, "Running", "Nothing is being moved.", running))
	}
	add(h.outOfDate(ctx))
	add(help(role))
	return out
}

// plans finds open plans: those the person may decide, and those under way.
func (h *homes) plans(ctx context.Context, who fleet.Actor, role fleet.Role) (waiting, running []fleet.Plan, err error) {
	var recs []fleet.Record
	for _, fam := range fleet.PlanFamilies() {
		ids, err := h.store.List(ctx, fleet.OpenPlans(fam), fleet.Page{Limit: 50})
		if err != nil {
			return nil, nil, err
		}
		for _, id := range ids {
			recs = append(recs, &fleet.Plan{ID: fleet.PlanID(id)})
		}
	}
	if len(recs) == 0 {
		return nil, nil, nil
	}
	found, err := h.store.Read(ctx, recs...)
	if err != nil {
		return nil, nil, err
	}
	for i, r := range recs {
		p := *r.(*fleet.Plan)
		switch {
		case !found[i]:
		case p.State == fleet.PlanProposed && mayDecide(p, who, role):
			waiting = append(waiting, p)
		case p.State == fleet.PlanPaused, p.State == fleet.PlanRunning, p.State == fleet.PlanApproved:
			running = append(running, p)
		}
	}
	newest := func(a, b fleet.Plan) int { return b.Created.Compare(a.Created) }
	slices.SortFunc(waiting, newest)
	slices.SortFunc(running, newest)
	return waiting, running, nil
}

// mayDecide is a hint for the list only; the press is judged by the rules.
func mayDecide(p fleet.Plan, who fleet.Actor, role fleet.Role) bool {
	if role < fleet.Maintainer || p.Requester.ID == who.ID && !p.Self {
		return false
	}
	return !slices.ContainsFunc(p.Votes, func(a fleet.Approval) bool { return a.Who.ID == who.ID })
}

// list draws plans with links to their messages.
func (h *homes) list(ctx context.Context, title, none string, plans []fleet.Plan) fleet.Message {
	m := fleet.Message{Text: title, Title: title}
	if len(plans) == 0 {
		m.Lines = []fleet.Line{fleet.Say(none)}
	}
	for i, p := range plans {
		if i == maxHomePlans {
			m.Lines = append(m.Lines, fleet.Say("… and "+fleet.Plural(len(plans)-i, "more plan", "more plans")+"."))
			break
		}
		title := fleet.Bold(p.Title)
		title.URL = h.link(ctx, fleet.SubjectOf(fleet.AboutPlan, string(p.ID)))
		m.Lines = append(m.Lines, fleet.Item(title, ", "+string(p.State)+", asked by ", fleet.By(p.Requester), " at ", fleet.When(p.Created)))
	}
	return m
}

// link finds the message of a subject; "" when it was not posted or Slack
// cannot tell now.
func (h *homes) link(ctx context.Context, s fleet.Subject) string {
	post, err := postOf(ctx, h.store, s)
	if err != nil || post.TS == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	link, err := h.api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: post.Channel, Ts: post.TS})
	if err != nil {
		return ""
	}
	return link
}

var errNotPosted = errors.New("not posted anywhere")

// postOf reads the first post of a subject.
func postOf(ctx context.Context, s fleet.Store, about fleet.Subject) (fleet.Post, error) {
	channels, err := s.List(ctx, fleet.PostsOf(about), fleet.Page{Limit: 1})
	if err != nil {
		return fleet.Post{}, err
	}
	if len(channels) == 0 {
		return fleet.Post{}, errNotPosted
	}
	p := &fleet.Post{Subject: about, Channel: channels[0]}
	err = fleet.One(ctx, s, p, "message of "+string(about))
	return *p, err
}

// outOfDate draws the counts per distribution.
func (h *homes) outOfDate(ctx context.Context) fleet.Message {
	m := fleet.Message{Text: "Out of date", Title: "Out of date"}
	all, err := h.standing(ctx)
	if err != nil {
		h.log.WarnContext(ctx, "counts cannot be read for the home", "error", err)
		m.Lines = []fleet.Line{fleet.Say("The counts cannot be read at the moment.")}
		return m
	}
	for _, s := range all {
		if s.OutOfDate == 0 || len(m.Lines) == 20 {
			continue
		}
		m.Lines = append(m.Lines, fleet.Item(fleet.Bold(string(s.Distribution.Name)), ": "+
			fleet.Plural(s.OutOfDate, "site is", "sites are")+" out of date, "+fleet.Plural(s.OnTarget, "is", "are")+" on the target"))
	}
	if len(m.Lines) == 0 {
		m.Lines = []fleet.Line{fleet.Say("Every site is on its upgrade target.")}
	}
	return m
}

func help(role fleet.Role) fleet.Message {
	return fleet.Message{
		Text: "Help", Title: "How to ask",
		Lines: []fleet.Line{
			fleet.Item(fleet.Mono(fleet.Slash+" help"), " lists the commands"),
			fleet.Item(fleet.Mono(fleet.Slash+" list"), " shows distributions, ", fleet.Mono(fleet.Slash+" sites"), " shows sites"),
			fleet.Item(fleet.Mono(fleet.Slash+" upgrade SITE"), " compares a site with its target and posts a plan"),
		},
		Buttons: []fleet.Button{{Action: actHome, Label: "Refresh"}},
		Footer:  fleet.Say("You are a " + role.String() + "."),
	}
}

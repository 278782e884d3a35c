package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// announcement reads the announcement a button is on.
func (t *Table) announcement(ctx context.Context, id string) (fleet.Announcement, error) {
	a := fleet.Announcement{ID: id}
	if id == "" {
		return a, forgotten()
	}
	return a, fleet.One(ctx, t.Store, &a, "announcement")
}

// pressBuild builds what an announcement offers. The second of two presses
// finds the build under way and says so.
func (t *Table) pressBuild(ctx context.Context, p Press, r Request) (Reply, error) {
	a, err := t.announcement(ctx, p.Value)
	if err != nil {
		return Reply{}, err
	}
	switch a.State {
	case fleet.NewsBuilding:
		return tell(fmt.Sprintf("It is being built already, as %s.", a.Platform)), nil
	case fleet.NewsBuilt:
		return tell(fmt.Sprintf("It is built already, as %s.", a.Platform)), nil
	case fleet.NewsSuperseded:
		return tell("A newer version has replaced this announcement; build that one instead."), nil
	}
	if _, err := t.Builder.Build(ctx, fleet.BuildOrder{Distribution: a.Distribution, Ref: a.To, News: a.ID, By: r.Who, Channel: r.Channel}); err != nil {
		return Reply{}, err
	}
	return Reply{None: true}, nil
}

// pressChanges lists the commits of an announcement, to the person alone.
func (t *Table) pressChanges(ctx context.Context, p Press, _ Request) (Reply, error) {
	a, err := t.announcement(ctx, p.Value)
	if err != nil {
		return Reply{}, err
	}
	m := fleet.Message{Title: fmt.Sprintf("Changes of %s %s", a.Distribution, fleet.Clean(a.To.Short(), 60))}
	m.Text = fmt.Sprintf("%s in %s %s.", fleet.Plural(max(a.Total, len(a.Commits)), "commit", "commits"), a.Distribution, fleet.Clean(a.To.Short(), 60))
	if len(a.Commits) == 0 {
		m.Text = fmt.Sprintf("The commits of %s %s are not known.", a.Distribution, fleet.Clean(a.To.Short(), 60))
		m.Lines = append(m.Lines, fleet.Say(m.Text))
	}
	for _, c := range a.Commits {
		m.Lines = append(m.Lines, fleet.TellCommit(c))
	}
	if more := a.Total - len(a.Commits); more > 0 && len(a.Commits) > 0 {
		m.Lines = append(m.Lines, fleet.Say(fmt.Sprintf("and %s.", fleet.Plural(more, "older commit", "older commits"))))
	}
	for _, c := range a.Locks {
		m.Lines = append(m.Lines, fleet.TellLock(c, len(c.Rows)))
	}
	if a.Page != "" {
		m.Lines = append(m.Lines, fleet.Say(fleet.Link("Read the release notes", a.Page)))
	}
	if a.Web != "" {
		m.Lines = append(m.Lines, fleet.Say(fleet.Link("See all of it on the web", a.Web)))
	}
	return Reply{Message: m}, nil
}

// pressSnooze puts an announcement away for a day.
func (t *Table) pressSnooze(ctx context.Context, p Press, r Request) (Reply, error) {
	a, err := t.announcement(ctx, p.Value)
	if err != nil {
		return Reply{}, err
	}
	if !a.Open() {
		return tell(fmt.Sprintf("There is nothing to snooze: this announcement is %s.", a.State)), nil
	}
	if _, err := t.News.Snooze(ctx, a.ID, t.now().Add(snoozeFor), r.Who); err != nil {
		return Reply{}, err
	}
	return Reply{None: true}, nil
}

// pressRebuild builds a failed platform again.
func (t *Table) pressRebuild(ctx context.Context, p Press, r Request) (Reply, error) {
	plat, err := t.Catalog.Platform(ctx, fleet.PlatformName(p.Value))
	if err != nil {
		return Reply{}, err
	}
	if plat.State != fleet.PlatformFailed {
		return tell(fmt.Sprintf("Platform %s is %s; there is nothing to build again.", plat.Name, plat.State)), nil
	}
	o := fleet.BuildOrder{Distribution: plat.Distribution, Ref: plat.Ref, News: plat.News, Refresh: plat.Refresh, By: r.Who, Channel: r.Channel}
	if a, err := t.announcement(ctx, plat.News); err != nil || a.State == fleet.NewsSuperseded || a.To.Commit != plat.Ref.Commit {
		o.News = "" // what it came from tells of something newer by now
	}
	built, err := t.Builder.Build(ctx, o)
	if err != nil {
		return Reply{}, err
	}
	return tell(fmt.Sprintf("Building %s again; progress appears in %s.", built.Name, here(r))), nil
}

// tell is a private answer of one sentence.
func tell(text string) Reply { return Reply{Message: say(text)} }

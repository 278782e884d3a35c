package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// offer reads the offer of newer packages that a button is on.
func (t *Table) offer(ctx context.Context, id string) (fleet.Refresh, error) {
	r := fleet.Refresh{ID: id}
	if id == "" {
		return r, forgotten()
	}
	return r, fleet.One(ctx, t.Store, &r, "offer")
}

// pressRefresh builds a platform with newer packages. The second of two presses
// finds the build under way and says so.
func (t *Table) pressRefresh(ctx context.Context, p Press, r Request) (Reply, error) {
	o, err := t.offer(ctx, p.Value)
	if err != nil {
		return Reply{}, err
	}
	before := o.Platform
	built, err := t.Builder.Build(ctx, fleet.BuildOrder{Distribution: o.Distribution, Refresh: o.ID, By: r.Who, Channel: r.Channel})
	if err != nil {
		return Reply{}, err
	}
	switch {
	case before != built.Name:
	case built.State == fleet.PlatformReady:
		return tell(fmt.Sprintf("It is built already, as %s.", built.Name)), nil
	case built.By != r.Who:
		return tell(fmt.Sprintf("It is being built already, as %s.", built.Name)), nil
	}
	return Reply{None: true}, nil
}

// movesShown bounds the rows of a table; the renderer cuts at what Slack takes.
const movesShown = 90

// pressMoves lists every package of an offer, to the person alone.
func (t *Table) pressMoves(ctx context.Context, p Press, _ Request) (Reply, error) {
	o, err := t.offer(ctx, p.Value)
	if err != nil {
		return Reply{}, err
	}
	m := fleet.Message{Title: fmt.Sprintf("Newer packages of %s", o.Distribution),
		Text:  fmt.Sprintf("%s of %s.", fleet.Plural(o.Total, "package has a newer version than in", "packages have newer versions than in"), o.Base),
		Table: &fleet.Table{Header: []string{"Package", "From", "To", "Change"}}}
	for i, mv := range o.Moves {
		if i == movesShown {
			break
		}
		change := string(mv.Change)
		if mv.Major {
			change += ", major"
		}
		if mv.Commits > 0 {
			change = fleet.Plural(mv.Commits, "commit", "commits")
		}
		m.Table.Rows = append(m.Table.Rows, []string{fleet.Clean(mv.Package, 100), orDash(fleet.Clean(mv.From, 60)), orDash(fleet.Clean(mv.To, 60)), change})
	}
	if more := o.Total - len(m.Table.Rows); more > 0 {
		m.More = append(m.More, fleet.Say(fmt.Sprintf("and %d more.", more)))
	}
	return Reply{Message: m}, nil
}

// pressCancelTask cancels a build.
func (t *Table) pressCancelTask(ctx context.Context, p Press, r Request) (Reply, error) {
	if p.Value == "" {
		return Reply{}, forgotten()
	}
	x, err := t.Tasks.Cancel(ctx, fleet.TaskID(p.Value), r.Who)
	if err != nil {
		return Reply{}, err
	}
	return tell(fmt.Sprintf("Task %s was asked to stop.", x.ID)), nil
}

// pressRepeat orders a failed task again.
func (t *Table) pressRepeat(ctx context.Context, p Press, r Request) (Reply, error) {
	if p.Value == "" {
		return Reply{}, forgotten()
	}
	m, err := t.repeat(ctx, r, fleet.TaskID(p.Value))
	if err != nil {
		return Reply{}, err
	}
	return tell(m.Text), nil
}

package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// A poller reads a distribution's repository now. The watcher implements it.
type poller interface {
	Poll(ctx context.Context, d fleet.DistName) error
}

// newCheck reads a repository without waiting for its turn, and looks for newer
// packages of a distribution whose platforms are made from a lock.
func newCheck(t *Table) Command {
	return Command{
		Verb: "check", Args: "DIST", Min: 1, Max: 1, Group: "Distributions",
		Summary: "read the repository now, and look for newer packages", Help: []string{fleet.Slash + " check atrium"}, Role: fleet.Maintainer, Run: t.check,
	}
}

func (t *Table) check(ctx context.Context, r Request) (fleet.Message, error) {
	d, err := t.dist(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	if d.Track.None() && (d.URL == "" || !d.Source.Refreshable()) {
		return fleet.Message{}, fleet.Errorf(fleet.Refused, "Distribution %s follows nothing.", d.Name).
			WithHint("Let it follow something: %s edit %s --tags '1\\.\\d+\\.\\d+'", fleet.Slash, d.Name)
	}
	var m fleet.Message
	if !d.Track.None() {
		if m, err = t.poll(ctx, d); err != nil {
			return m, err
		}
	}
	if !d.Source.Refreshable() {
		return m, nil
	}
	look, err := t.look(ctx, r, d)
	if m.Text == "" {
		return say(look), err
	}
	if fleet.CodeOf(err) == fleet.Refused { // no platform is ready yet; the repository was read all the same
		return m, nil
	}
	m.Text, m.Lines = m.Text+" "+look, append(m.Lines, fleet.Say(look))
	return m, err
}

// look orders a look for newer packages and says where it is told of.
func (t *Table) look(ctx context.Context, r Request, d fleet.Distribution) (string, error) {
	task, err := t.Refreshes.Look(ctx, d.Name, r.Who)
	if err != nil {
		return "", err
	}
	if err := t.follow(ctx, task, t.where(r, d)); err != nil {
		return "", err
	}
	return fmt.Sprintf("Task %s looks for newer packages; what it finds appears in %s.", task.ID, here(r)), nil
}

// poll reads the repository now.
func (t *Table) poll(ctx context.Context, d fleet.Distribution) (fleet.Message, error) {
	if t.Poller == nil {
		return fleet.Message{}, fleet.Errorf(fleet.Refused, "Repositories are read by the running bot; this is not it.").
			WithHint("Ask in Slack instead: %s check %s", fleet.Slash, d.Name)
	}
	before := fleet.Cursor{Distribution: d.Name}
	if _, err := t.Store.Read(ctx, &before); err != nil {
		return fleet.Message{}, err
	}
	if err := t.Poller.Poll(ctx, d.Name); err != nil {
		return fleet.Message{}, err
	}
	after := fleet.Cursor{Distribution: d.Name}
	if _, err := t.Store.Read(ctx, &after); err != nil {
		return fleet.Message{}, err
	}
	return checked(d, before, after), nil
}

func checked(d fleet.Distribution, before, after fleet.Cursor) fleet.Message {
	switch {
	case after.Failing != "":
		m := say(fmt.Sprintf("The repository of %s cannot be read: %s", d.Name, fleet.Clean(after.Failing, 300)))
		m.Tone = fleet.Warn
		return m
	case after.Head.Commit == "":
		return say(fmt.Sprintf("The repository of %s was read; nothing in it matches.", d.Name))
	case after.Head == before.Head:
		return say(fmt.Sprintf("The repository of %s was read; %s is still the newest.", d.Name, fleet.Clean(after.Head.Short(), 60)))
	}
	return say(fmt.Sprintf("The repository of %s was read; %s is new.", d.Name, fleet.Clean(after.Head.Short(), 60)))
}

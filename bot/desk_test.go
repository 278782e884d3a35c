package bot

import (
	"context"
	"sync"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// desk is a Desk that a test writes; it notes what it was asked.
type desk struct {
	mu      sync.Mutex
	asks    []commands.Ask
	presses []commands.Press
	run     func(commands.Ask) (commands.Reply, error)
	press   func(commands.Press) (commands.Reply, error)
	draft   func(commands.Draft) (fleet.Form, error)
	home    func(fleet.Actor) ([]fleet.Message, error)
}

func (d *desk) Home(_ context.Context, who fleet.Actor) ([]fleet.Message, error) {
	d.mu.Lock()
	f := d.home
	d.mu.Unlock()
	if f == nil {
		return []fleet.Message{{Text: "Home of " + who.ID + "."}}, nil
	}
	return f(who)
}

func (d *desk) Run(_ context.Context, a commands.Ask) (commands.Reply, error) {
	d.mu.Lock()
	d.asks = append(d.asks, a)
	f := d.run
	d.mu.Unlock()
	if f == nil {
		return commands.Reply{Message: fleet.Message{Text: "You said: " + a.Text + "."}}, nil
	}
	return f(a)
}

func (d *desk) Press(_ context.Context, p commands.Press) (commands.Reply, error) {
	d.mu.Lock()
	d.presses = append(d.presses, p)
	f := d.press
	d.mu.Unlock()
	if f == nil {
		return commands.Reply{None: true}, nil
	}
	return f(p)
}

func (d *desk) asked() []commands.Ask {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]commands.Ask(nil), d.asks...)
}

func (d *desk) pressed() []commands.Press {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]commands.Press(nil), d.presses...)
}

// story is what the subjects look like.
type story struct {
	mu    sync.Mutex
	tells map[fleet.Subject]fleet.Message
	drawn int
}

func (s *story) set(about fleet.Subject, m fleet.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tells == nil {
		s.tells = map[fleet.Subject]fleet.Message{}
	}
	m.Subject = about
	s.tells[about] = m
}

func (s *story) tell(_ context.Context, about fleet.Subject) (fleet.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drawn++
	m, ok := s.tells[about]
	if !ok {
		return m, fleet.Errorf(fleet.NotFound, "There is no %s.", about)
	}
	return m, nil
}

func (d *desk) setHome(f func(fleet.Actor) ([]fleet.Message, error)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.home = f
}

func (d *desk) Draft(_ context.Context, f commands.Draft) (fleet.Form, error) {
	d.mu.Lock()
	draft := d.draft
	d.mu.Unlock()
	if draft == nil {
		return fleet.Form{}, fleet.Errorf(fleet.NotFound, "There is no such form.")
	}
	return draft(f)
}

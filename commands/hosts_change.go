package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newHostsPause lets a host begin nothing new.
func newHostsPause(t *Table) Command {
	return Command{
		Verb: "hosts", Sub: "pause", Args: "HOST [--reason TEXT]", Min: 1, Max: 1, Group: "Tasks",
		Options: []Option{{"reason", "TEXT", "shown to whoever asks"}},
		Summary: "let a host begin nothing new; what it does, it ends", Help: []string{fleet.Slash + " hosts pause web1"}, Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			h, err := t.host(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if err := t.Hosts.Pause(ctx, h, r.Opts["reason"], r.Who); err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Host %s begins nothing new; what it has begun it ends.", h),
				fleet.Say("To undo this: ", fleet.Mono(fmt.Sprintf("%s hosts resume %s", fleet.Slash, h)))), nil
		},
	}
}

// newHostsResume undoes a pause.
func newHostsResume(t *Table) Command {
	return Command{
		Verb: "hosts", Sub: "resume", Args: "HOST", Min: 1, Max: 1, Group: "Tasks",
		Summary: "let a paused host begin tasks again", Help: []string{fleet.Slash + " hosts resume web1"}, Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			h, err := t.host(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if err := t.Hosts.Resume(ctx, h, r.Who); err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Host %s begins tasks again.", h)), nil
		},
	}
}

// newHostsRelease lets another data directory work under a host's name.
func newHostsRelease(t *Table) Command {
	return Command{
		Verb: "hosts", Sub: "release", Args: "HOST", Min: 1, Max: 1, Group: "Tasks",
		Summary: "let a worker with another data directory take over a host's name", Role: fleet.Administrator,
		Help: []string{fleet.Slash + " hosts release web1", "The worker that has the name can begin nothing from then on; what it had begun is held for a person. Said again, it may return."},
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			h, err := t.host(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			s, err := t.Hosts.Release(ctx, h, r.Who)
			if err != nil {
				return fleet.Message{}, err
			}
			if s.Barred == "" {
				return say(fmt.Sprintf("The worker that had the name %s may have it again.", h)), nil
			}
			return say(fmt.Sprintf("The next worker with another data directory that asks for the name %s gets it; the one on %s begins nothing any more.", h, s.Place),
				fleet.Say("What it had begun is held for a person. Its sites are where they were: on its disk.")), nil
		},
	}
}

// newHostsHandover gives what waits on a host to another one.
func newHostsHandover(t *Table) Command {
	return Command{
		Verb: "hosts", Sub: "handover", Args: "HOST [TO] [--end-held]", Min: 1, Max: 2, Group: "Tasks",
		Options: []Option{{Name: "end-held", Help: "also end its tasks that are held for a person, as failed"}},
		Summary: "let another host do a host's builds; without one they are given up there", Role: fleet.Administrator,
		Help: []string{"Tasks of sites stay: their data are on the host.", fleet.Slash + " hosts handover web3 web1"},
		Run:  t.handover,
	}
}

func (t *Table) handover(ctx context.Context, r Request) (fleet.Message, error) {
	from, err := t.host(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	o := fleet.Handover{From: from, EndHeld: r.Opts["end-held"] != "", By: r.Who}
	if len(r.Args) == 2 {
		if o.To, err = t.host(ctx, r.Args[1]); err != nil {
			return fleet.Message{}, err
		}
	}
	done, err := t.Hosts.Handover(ctx, o)
	if err != nil {
		return fleet.Message{}, err
	}
	var parts []string
	if n := len(done.Moved); n > 0 && o.To != "" {
		parts = append(parts, fmt.Sprintf("%s from %s to %s.", fleet.Plural(n, "build goes", "builds go"), from, o.To))
	} else if n > 0 {
		parts = append(parts, fmt.Sprintf("%s given up on %s.", fleet.Plural(n, "build was", "builds were"), from))
	}
	if n := len(done.Ended); n > 0 {
		parts = append(parts, fleet.Plural(n, "held task was", "held tasks were")+" ended as failed.")
	}
	if len(parts) == 0 {
		parts = append(parts, fmt.Sprintf("Nothing that waits on %s can be done elsewhere.", from))
	}
	m := say(strings.Join(parts, " "))
	if n := len(done.Stay); n > 0 {
		m.Lines = append(m.Lines, fleet.Say(fmt.Sprintf("%s on %s: the data of its sites are there, or it is at work on them.", fleet.Plural(n, "task stays", "tasks stay"), from)))
	}
	for _, x := range done.Stay[:min(len(done.Stay), 10)] {
		m.Lines = append(m.Lines, fleet.Item(fleet.Clean(string(x.Kind)+" "+x.About, 90), ", ", string(x.State), " ", fleet.Mono(string(x.ID))))
	}
	return m, nil
}

// host finds a machine by its name, in any case.
func (t *Table) host(ctx context.Context, name string) (fleet.HostName, error) {
	names, err := t.Store.List(ctx, fleet.AllHosts, fleet.Page{})
	if err != nil {
		return "", err
	}
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return fleet.HostName(n), nil
		}
	}
	return "", t.knownHost(ctx, fleet.HostName(name))
}

package hosting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A Held site is one whose visitors wait for a task.
type Held struct {
	URI  fleet.URI
	Task fleet.TaskID
	At   time.Time
}

// A Freer is a backend that can tell which of its sites wait, and let visitors
// in although nobody knows any more how their task was to go on.
type Freer interface {
	// Waiting lists the sites whose visitors wait.
	Waiting(ctx context.Context) ([]Held, error)
	// Free ends the wait for a task of a site that has the generation live which
	// it has, and fences off whoever worked on it. It does nothing when the site
	// waits for something else by now.
	Free(ctx context.Context, h Held) error
}

// A Strand looks for sites whose task is in no journal any more: the storage
// was emptied, or restored from before it. Nobody would ever let their visitors
// in. A site is wholly old before the switch and wholly new after it, so it is
// opened as it is; one that cannot be, and one that a failed task has left closed,
// is told of. Make one with its fields.
type Strand struct {
	Host  fleet.HostName
	Store fleet.Store
	Sites Freer
	Works func(fleet.TaskID) bool // whether this process is at work on a task
	Alarm interface {             // what workers need of fleet.Hosts
		Stuck(ctx context.Context, host fleet.HostName, stuck []fleet.Stuck) error
	}
	Log *slog.Logger
}

// Sweep frees the sites that are stranded now, and gives them. One that cannot be
// freed keeps no other from it.
func (s Strand) Sweep(ctx context.Context) ([]fleet.URI, error) {
	waiting, err := s.Sites.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	var freed []fleet.URI
	var stuck []fleet.Stuck
	var faults []error
	for _, h := range waiting {
		if h.Task == "" || s.Works(h.Task) {
			continue
		}
		t := fleet.Task{ID: h.Task, Host: s.Host}
		found, err := s.Store.Read(ctx, &t)
		switch {
		case fleet.CodeOf(err) == fleet.Tampered:
			continue // there is a row, whoever wrote it: a person looks
		case err != nil:
			return freed, err
		case found[0]:
			left, err := s.left(ctx, h, t)
			if err != nil {
				return freed, err
			}
			stuck = append(stuck, left...)
			continue
		}
		if err := s.Sites.Free(ctx, h); err != nil {
			if ctx.Err() != nil {
				return freed, err
			}
			faults = append(faults, err)
			stuck = append(stuck, fleet.Stuck{URI: h.URI, Since: h.At, Why: Sentence(err), Person: fleet.CodeOf(err) == fleet.Held})
			continue
		}
		s.Log.Warn("a site waited for a task that nobody knows any more; its visitors were let in", "site", h.URI, "task", h.Task)
		freed = append(freed, h.URI)
	}
	return freed, errors.Join(append(faults, s.Alarm.Stuck(ctx, s.Host, stuck))...)
}

// left gives the site whose task has failed and has not let visitors in, if it has
// not done so since they were listed, and no other task has the site.
func (s Strand) left(ctx context.Context, h Held, t fleet.Task) ([]fleet.Stuck, error) {
	if t.State != fleet.TaskFailed {
		return nil, nil
	}
	site := fleet.Site{URI: h.URI}
	found, err := s.Store.Read(ctx, &site)
	if err != nil || !found[0] || site.Host != s.Host || site.Lock.Task != "" && site.Lock.Task != h.Task {
		return nil, err
	}
	again, err := s.Sites.Waiting(ctx)
	if err != nil || !slices.ContainsFunc(again, func(x Held) bool { return x.URI == h.URI && x.Task == h.Task }) {
		return nil, err
	}
	why := fmt.Sprintf("task %s has failed and has left it so", h.Task)
	return []fleet.Stuck{{URI: h.URI, Since: h.At, Why: why, Person: true}}, nil
}

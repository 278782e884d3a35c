package hosting

import (
	"context"
	"log/slog"
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
// opened as it is. Make one with its fields.
type Strand struct {
	Host  fleet.HostName
	Store fleet.Store
	Sites Freer
	Works func(fleet.TaskID) bool // whether this process is at work on a task
	Log   *slog.Logger
}

// Sweep frees the sites that are stranded now, and gives them.
func (s Strand) Sweep(ctx context.Context) ([]fleet.URI, error) {
	waiting, err := s.Sites.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	var freed []fleet.URI
	for _, h := range waiting {
		if h.Task == "" || s.Works(h.Task) {
			continue
		}
		found, err := s.Store.Read(ctx, &fleet.Task{ID: h.Task, Host: s.Host})
		if err != nil || found[0] {
			if fleet.CodeOf(err) == fleet.Tampered {
				continue // there is a row, whoever wrote it: a person looks
			}
			if err != nil {
				return freed, err
			}
			continue
		}
		if err := s.Sites.Free(ctx, h); err != nil {
			return freed, err
		}
		s.Log.Warn("a site waited for a task that nobody knows any more; its visitors were let in", "site", h.URI, "task", h.Task)
		freed = append(freed, h.URI)
	}
	return freed, nil
}

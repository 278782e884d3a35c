package bot

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// homes publishes the App Home of the people who look at theirs. What it says is
// the desk's; here it becomes blocks, with links to the messages it names.
//
// Slack tells that a home was opened, never that it was closed. So a home is
// kept up to date for a while after its person was last there, and published
// only when it has come to look different.
type homes struct {
	tell  func(ctx context.Context, who fleet.Actor) ([]fleet.Message, error)
	store fleet.Store
	api   *slack.Client
	log   *slog.Logger
	every time.Duration // between two looks at what has changed

	mu    sync.Mutex
	open  map[string]*viewer // by user id
	links map[string]string  // permalinks by channel and timestamp; they never change
}

// A viewer is somebody who has looked at their home lately.
type viewer struct {
	who    fleet.Actor
	seen   time.Time // when they were last there
	shown  string    // digest of what was published
	notice string    // what their last press was answered; shown until the next look
}

const (
	homeLife  = 10 * time.Minute // how long a home is kept up to date
	homeEvery = 15 * time.Second
	homeMost  = 50   // homes kept up to date at once; the others are drawn when they are opened
	linksMost = 5000 // permalinks remembered
)

// show publishes the home of a person who is there, with a notice on top if
// there is one.
func (h *homes) show(ctx context.Context, who fleet.Actor, notice string) {
	h.publish(ctx, h.enter(who, notice, time.Now()))
}

// enter notes that a person is there; whoever was there longest ago makes room.
func (h *homes) enter(who fleet.Actor, notice string, now time.Time) *viewer {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open == nil {
		h.open = map[string]*viewer{}
	}
	v := &viewer{who: who, seen: now, notice: notice}
	h.open[who.ID] = v
	if len(h.open) <= homeMost {
		return v
	}
	oldest := v
	for _, o := range h.open {
		if o.seen.Before(oldest.seen) {
			oldest = o
		}
	}
	delete(h.open, oldest.who.ID)
	return v
}

// run keeps the homes that are open up to date until ctx ends.
func (h *homes) run(ctx context.Context) error {
	every := h.every
	if every == 0 {
		every = homeEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for _, v := range h.viewers(time.Now()) {
			h.publish(ctx, v)
		}
	}
}

// viewers lists who has been there lately, and forgets the others.
func (h *homes) viewers(now time.Time) []*viewer {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*viewer
	for id, v := range h.open {
		if now.Sub(v.seen) > homeLife {
			delete(h.open, id)
			continue
		}
		out = append(out, v)
	}
	return out
}

// publish draws a home and sends it, unless it looks as it did.
func (h *homes) publish(ctx context.Context, v *viewer) {
	ctx, cancel := context.WithTimeout(ctx, workLimit)
	defer cancel()
	r := h.draw(ctx, v)
	digest := r.unstamped()
	h.mu.Lock()
	same := v.shown == digest
	v.shown = digest
	h.mu.Unlock()
	if same {
		return
	}
	for _, x := range CheckView(r.Blocks) {
		h.log.WarnContext(ctx, "the home breaks a limit", "violation", x.String())
	}
	_, err := h.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: v.who.ID,
		View: slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: r.Blocks}}})
	if err == nil {
		return
	}
	h.log.WarnContext(ctx, "home not shown", "user", v.who.ID, "error", err)
	h.mu.Lock()
	v.shown = "" // the next look tries again
	h.mu.Unlock()
}

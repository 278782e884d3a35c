package watcher

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A Watcher runs everything that happens by itself: polls, the end of a snooze,
// digests.
type Watcher struct {
	Poller  *Poller
	News    *fleet.News
	Digests *fleet.Digests
	// Refreshes looks for newer packages where nothing was committed; nil never
	// looks.
	Refreshes *fleet.Refreshes
	// Retirer removes old platforms where the policy says so; nil never does.
	Retirer *fleet.Retirer
	// Forgetter drops what ended long ago; nil keeps everything.
	Forgetter *fleet.Forgetter
	// Hosts tells of workers that have gone silent; nil never does.
	Hosts *fleet.Hosts
	// Builder brings targets to hosts that need them; nil never does.
	Builder *fleet.Builder
	// Chores are done besides, every few seconds, by the words they are logged
	// with.
	Chores map[string]func(context.Context) (int, error)
	Log    *slog.Logger
	Every  time.Duration // how often the clock is looked at; 0 means a second
}

// Run runs until ctx ends and everything under way has ended. A storage that is
// away is waited for.
func (w *Watcher) Run(ctx context.Context) {
	if w.Log == nil {
		w.Log = slog.New(slog.DiscardHandler)
	}
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { w.Poller.Run(ctx) })
	running.Go(func() { w.repeat(ctx, "wake announcements", w.News.Wake) })
	running.Go(func() { w.repeat(ctx, "notice silence", w.Poller.Heartbeat) })
	running.Go(func() { w.repeat(ctx, "fire digests", w.Digests.Fire) })
	if w.Retirer != nil {
		running.Go(func() { w.repeat(ctx, "remove old platforms", w.Retirer.Sweep) })
	}
	if w.Forgetter != nil {
		running.Go(func() { w.repeat(ctx, "forget what ended long ago", w.Forgetter.Sweep) })
	}
	if w.Builder != nil {
		running.Go(func() { w.repeat(ctx, "bring targets to more hosts", seldom(w.Builder.Spread)) })
	}
	if w.Hosts != nil {
		running.Go(func() { w.repeat(ctx, "tell of silent hosts", w.Hosts.Watch) })
	}
	for what, chore := range w.Chores {
		running.Go(func() { w.repeat(ctx, what, seldom(chore)) })
	}
	if w.Refreshes != nil {
		running.Go(func() { w.repeat(ctx, "order looks for newer packages", w.Refreshes.Sweep) })
	}
}

// repeat does a chore again and again. A failure is logged when it begins and
// when it is another one, not each second.
func (w *Watcher) repeat(ctx context.Context, what string, chore func(context.Context) (int, error)) {
	ticker := time.NewTicker(orDefault(w.Every, time.Second))
	defer ticker.Stop()
	told := ""
	for {
		n, err := chore(ctx)
		if text := errorText(err); text != told && ctx.Err() == nil {
			if told = text; err != nil {
				w.Log.WarnContext(ctx, "cannot "+what, "err", err)
			}
		}
		if n > 0 {
			w.Log.InfoContext(ctx, what, "count", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// seldomly is how often a chore that reads much is done.
const seldomly = 5 * time.Second

// seldom does a chore less often than it is asked to.
func seldom(chore func(context.Context) (int, error)) func(context.Context) (int, error) {
	var last time.Time
	return func(ctx context.Context) (int, error) {
		if !last.IsZero() && time.Since(last) < seldomly {
			return 0, nil
		}
		last = time.Now()
		return chore(ctx)
	}
}

package bench

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/distrobot/distrobot/internal/chat"
)

// A chatWatch reads a workspace as its page does: it is told that something has
// changed, and fetches what. A change is seen when it has arrived here, so the
// reading is part of what is measured.
type chatWatch struct {
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	rev     int64
	changed chan struct{} // closed and replaced at each change
	shown   map[string]*shown
	private map[string][]shown // by user id, in the order in which they came
	failed  error
}

// shown is a message and when it was seen.
type shown struct {
	chat.Message
	channel string
	at      time.Time // of this version
	decided time.Time // when it was first seen without Confirm after it had that
}

func watchChat(ctx context.Context, c *chat.Client) *chatWatch {
	ctx, stop := context.WithCancel(ctx)
	w := &chatWatch{stop: stop, done: make(chan struct{}), changed: make(chan struct{}), shown: map[string]*shown{}, private: map[string][]shown{}}
	go func() {
		defer close(w.done)
		err := w.read(ctx, c)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.failed = err
		close(w.changed)
		w.changed = make(chan struct{})
	}()
	return w
}

// end stops reading and waits for it.
func (w *chatWatch) end() {
	w.stop()
	<-w.done
}

// read fetches after each event. Events that come during a fetch are one.
func (w *chatWatch) read(ctx context.Context, c *chat.Client) error {
	body, err := c.Events(ctx)
	if err != nil {
		return err
	}
	defer body.Close()
	wake := make(chan struct{}, 1)
	go func() {
		defer close(wake)
		for lines := bufio.NewScanner(body); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "data:") {
				select {
				case wake <- struct{}{}:
				default:
				}
			}
		}
	}()
	for range wake {
		s, err := c.Since(w.rev)
		if err != nil {
			return err
		}
		w.take(s, time.Now())
	}
	return fmt.Errorf("the workspace tells no more of its changes: %w", context.Cause(ctx))
}

// take notes what has changed.
func (w *chatWatch) take(s chat.State, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rev = s.Rev
	for _, ch := range s.Channels {
		for _, m := range ch.Messages {
			now := &shown{Message: m, channel: ch.Name, at: at}
			if was := w.shown[m.TS]; was != nil {
				now.decided = was.decided
				_, had := was.Button("Confirm")
				if _, has := m.Button("Confirm"); had && !has && now.decided.IsZero() {
					now.decided = at
				}
			}
			w.shown[m.TS] = now
		}
	}
	for user, list := range s.Ephemerals {
		for _, m := range list {
			if !slices.ContainsFunc(w.private[user], func(p shown) bool { return p.TS == m.TS }) {
				w.private[user] = append(w.private[user], shown{Message: m, at: at})
			}
		}
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// forget drops what people were told in private until now.
func (w *chatWatch) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.private)
}

// await returns when ok, which is called with mu held after each change and at
// least once a second; what it last said is the error when the time is over.
func (w *chatWatch) await(ctx context.Context, limit time.Duration, ok func() (bool, string)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		w.mu.Lock()
		done, why := ok()
		changed, failed := w.changed, w.failed
		w.mu.Unlock()
		if done || failed != nil {
			return failed
		}
		select {
		case <-changed:
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("waited %v: %s", limit, why)
		}
	}
}

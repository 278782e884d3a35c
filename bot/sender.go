package bot

import (
	"context"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// narrator gives the message of a subject's present state.
type narrator func(ctx context.Context, s fleet.Subject) (fleet.Message, error)

type senderConfig struct {
	api     *slack.Client
	store   fleet.Store
	narrate narrator
	owner   string
	pace    Pace
	meter   Meter
	log     *slog.Logger
}

// sender drains the outbox: it makes every fleet.Post show its subject's
// present state. Among replicas one has the lease; should two work at once for
// a moment, nothing is posted twice, because a first post is journaled by
// compare-and-set before Slack is called.
//
// What is to be sent is drawn when it is sent, never before. So a message that
// waited shows what is true now, and many changes are one edit.
type sender struct {
	senderConfig
	pacer *pacer
	wake  chan struct{}

	mu      sync.Mutex
	trouble map[string]string    // channel → what to do about it
	rested  map[string]time.Time // post key → not before, in this process only
	held    map[string]held      // channel → the post whose end is unknown, which nothing overtakes
	leased  time.Time            // this process is the sender until then, by its own clock
	noFiles time.Time            // until then long messages are posted in all their parts
	skew    time.Duration        // how far the store's clock is ahead of ours
}

// What one pass looks at: of all posts that are due the first few of each
// channel, so that a channel with many is no reason for others to wait.
const (
	backlog = 10_000 // names of posts
	batch   = 200    // posts
	share   = 4      // of one channel
)

func newSender(c senderConfig) *sender {
	c.pace = c.pace.withDefaults()
	return &sender{senderConfig: c, pacer: newPacer(c.pace), wake: make(chan struct{}, 1),
		trouble: map[string]string{}, rested: map[string]time.Time{}, held: map[string]held{}}
}

// run sends until ctx ends.
func (s *sender) run(ctx context.Context) error {
	tick := time.NewTicker(s.pace.Tick)
	defer tick.Stop()
	defer s.release()
	for {
		for s.lead(ctx) && s.pass(ctx) && ctx.Err() == nil { // something was sent: there may be more
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-tick.C:
		}
	}
}

func (s *sender) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// lead takes or renews the lease, at a third of its length.
func (s *sender) lead(ctx context.Context) bool {
	s.mu.Lock()
	left := time.Until(s.leased)
	s.mu.Unlock()
	if left > s.pace.Lease*2/3 {
		return true
	}
	mine, asked, storeTime := false, time.Now(), time.Time{}
	err := s.store.Update(ctx, fleet.Meta, func(tx fleet.Tx) error {
		l := &fleet.Lease{Name: senderLease}
		if _, err := tx.Get(l); err != nil {
			return err
		}
		storeTime = tx.Now()
		left := l.Until.Sub(storeTime) // more than its length if the store's clock was set back since
		mine = l.Owner == s.owner || left <= 0 || left > s.pace.Lease
		if mine {
			l.Owner, l.Until = s.owner, storeTime.Add(s.pace.Lease)
			tx.Put(l)
		}
		return nil
	})
	if err != nil {
		s.log.WarnContext(ctx, "the sender's lease cannot be renewed", "error", err)
		return left > 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leased, s.skew = time.Time{}, storeTime.Sub(asked)
	if mine {
		s.leased = asked.Add(s.pace.Lease) // counted from before the store counted
	}
	return mine
}

const senderLease = "slack-sender"

// release gives the lease back at an orderly end, so that another replica need
// not wait for it.
func (s *sender) release() {
	s.mu.Lock()
	held := time.Now().Before(s.leased)
	s.mu.Unlock()
	if !held {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := s.store.Update(ctx, fleet.Meta, func(tx fleet.Tx) error {
		l := &fleet.Lease{Name: senderLease}
		if found, err := tx.Get(l); err != nil || !found || l.Owner != s.owner {
			return err
		}
		l.Until = tx.Now()
		tx.Put(l)
		return nil
	})
	if err != nil {
		s.log.Warn("the sender's lease was not given back", "error", err)
	}
}

// pass sends what may be sent now, at most one message a channel, and reports
// whether anything was.
func (s *sender) pass(ctx context.Context) bool {
	posts, err := s.due(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "the outbox cannot be read", "error", err)
		}
		return false
	}
	jobs := s.draw(ctx, posts)
	var wg sync.WaitGroup
	sent := false
	busy := map[string]bool{}
	for _, j := range jobs {
		if busy[j.post.Channel] || !s.allowed(j) {
			continue
		}
		busy[j.post.Channel], sent = true, true
		wg.Go(func() { s.send(ctx, j) })
		if len(busy) == 8 {
			break
		}
	}
	wg.Wait()
	return sent
}

// due reads the posts that wait and are not resting, some of each channel.
func (s *sender) due(ctx context.Context) ([]fleet.Post, error) {
	now := s.storeNow() // posts are due by the store's clock
	keys, err := s.store.List(ctx, fleet.PostsDue, fleet.Page{To: now.UnixMilli(), Limit: backlog})
	if err != nil {
		return nil, err
	}
	var recs []fleet.Record
	waiting, chosen := map[string]int{}, map[string]int{}
	for _, k := range keys {
		about, channel, ok := cutLast(k)
		if !ok {
			continue
		}
		if waiting[channel]++; chosen[channel] == share || len(recs) == batch || s.resting(k) || s.behind(k, channel) {
			continue
		}
		chosen[channel]++
		recs = append(recs, &fleet.Post{Subject: fleet.Subject(about), Channel: channel})
	}
	s.pacer.backlog(waiting)
	if len(recs) == 0 {
		return nil, nil
	}
	found, err := s.store.Read(ctx, recs...)
	if err != nil {
		return nil, err
	}
	var out []fleet.Post
	for i, r := range recs {
		if p := r.(*fleet.Post); found[i] && p.State != fleet.PostIdle && p.State != fleet.PostDropped {
			out = append(out, *p)
		}
	}
	return out, nil
}

// storeNow is the store's clock, as far ahead of this machine's as it was when the
// lease was renewed.
func (s *sender) storeNow() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.skew)
}

// cutLast cuts a member of PostsDue at its last "|" into subject and channel.
func cutLast(key string) (subject, channel string, ok bool) {
	i := strings.LastIndexByte(key, '|')
	if i < 0 {
		return "", "", false
	}
	return key[:i], key[i+1:], true
}

func keyOf(p fleet.Post) string { return string(p.Subject) + "|" + p.Channel }

// rest leaves a post alone for a while, without a word in the store.
func (s *sender) rest(p fleet.Post, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if len(s.rested) > 10000 {
		maps.DeleteFunc(s.rested, func(_ string, until time.Time) bool { return now.After(until) })
	}
	s.rested[keyOf(p)] = now.Add(d)
}

func (s *sender) resting(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.rested[key]
	if ok && time.Now().Before(until) {
		return true
	}
	delete(s.rested, key)
	return false
}

package bot

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Pace is how fast the sender may go. Zero fields are Slack's published rates.
type Pace struct {
	PostEvery time.Duration // between posts to one channel; 1 s
	PostBurst int           // posts to one channel at once, when no more wait and Slack was there; 4
	EditsMin  int           // chat.update a minute in the whole workspace; 50
	EditEvery time.Duration // between edits of one moving message; 2 s
	EditShare time.Duration // the same for each message that is moving; 1.5 s
	Tick      time.Duration // how often the outbox is looked at; 200 ms
	Doubt     time.Duration // until a call whose end is unknown is looked for; 20 s
	Lease     time.Duration // of the one sender among replicas; 10 s
}

func (p Pace) withDefaults() Pace {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&p.PostEvery, time.Second)
	def(&p.EditEvery, 2*time.Second)
	def(&p.EditShare, 1500*time.Millisecond)
	def(&p.Tick, 200*time.Millisecond)
	def(&p.Doubt, callTimeout+5*time.Second) // a call of ours cannot be under way any more
	def(&p.Lease, 10*time.Second)
	if p.PostBurst == 0 {
		p.PostBurst = 4
	}
	if p.EditsMin == 0 {
		p.EditsMin = 50
	}
	return p
}

// pacer keeps Slack's rates. Edits have one budget for the workspace, so the
// more messages are moving, the rarer each is edited, and a few edits are kept
// back for messages that have come to rest.
type pacer struct {
	pace Pace

	mu       sync.Mutex
	channels map[string]*rate.Limiter
	edits    *rate.Limiter
	paused   map[string]time.Time // method, or method and channel → Retry-After
	moving   map[string]time.Time // post key → last edit while moving
	waiting  map[string]int       // channel → posts that wait
	calm     time.Time            // until then no channel gets a burst, because Slack was away
}

// calmFor is how long after Slack was away channels are spared bursts.
const calmFor = time.Minute

// editBurst is how many edits may go at once; reserved are kept for messages at
// rest.
const (
	editBurst = 10
	reserved  = 4
)

func newPacer(p Pace) *pacer {
	p = p.withDefaults()
	return &pacer{pace: p, channels: map[string]*rate.Limiter{}, paused: map[string]time.Time{}, moving: map[string]time.Time{},
		edits: rate.NewLimiter(rate.Limit(float64(p.EditsMin)/60), editBurst)}
}

// post reports whether a message may be posted to a channel now; otherwise
// nothing is used up.
func (p *pacer) post(channel string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isPaused(now, "chat.postMessage", "chat.postMessage "+channel) {
		return false
	}
	l := p.channels[channel]
	if l == nil {
		l = rate.NewLimiter(rate.Every(p.pace.PostEvery), p.pace.PostBurst)
		p.channels[channel] = l
	}
	burst := p.pace.PostBurst
	if now.Before(p.calm) || p.waiting[channel] > burst {
		burst = 1 // people shall be able to read what comes
	}
	if l.Burst() != burst {
		l.SetBurstAt(now, burst)
	}
	return l.AllowN(now, 1)
}

// backlog tells how many posts wait for each channel.
func (p *pacer) backlog(waiting map[string]int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = waiting
}

// away notes that Slack could not be reached.
func (p *pacer) away(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calm = now.Add(calmFor)
}

// edit reports whether the message of key may be edited now.
func (p *pacer) edit(key string, moving bool, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isPaused(now, "chat.update") {
		return false
	}
	if moving {
		if now.Before(p.next(key, now)) || p.edits.TokensAt(now) < reserved+1 {
			return false
		}
	}
	if !p.edits.AllowN(now, 1) {
		return false
	}
	delete(p.moving, key)
	if moving {
		p.moving[key] = now
	}
	return true
}

// next is when a moving message may be edited again: after the longer of
// EditEvery and EditShare for each moving one. Called with mu held.
func (p *pacer) next(key string, now time.Time) time.Time {
	for k, at := range p.moving {
		if now.Sub(at) > 30*time.Second && k != key {
			delete(p.moving, k)
		}
	}
	last, ok := p.moving[key]
	if !ok {
		return now
	}
	return last.Add(max(p.pace.EditEvery, time.Duration(len(p.moving))*p.pace.EditShare))
}

// pause stops a method ("chat.update", "chat.postMessage C0123") until a
// Retry-After, or a longer one before it, is over.
func (p *pacer) pause(what string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.paused[what]) {
		p.paused[what] = until
	}
}

// turn waits until a message may be posted to a channel, for answers that go past
// the outbox and share its pace.
func (p *pacer) turn(ctx context.Context, channel string) error {
	look := time.NewTicker(max(p.pace.PostEvery/20, time.Millisecond))
	defer look.Stop()
	for !p.post(channel, time.Now()) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
	return nil
}

// isPaused is called with mu held.
func (p *pacer) isPaused(now time.Time, whats ...string) bool {
	for _, w := range whats {
		until, ok := p.paused[w]
		if ok && now.Before(until) {
			return true
		}
		delete(p.paused, w)
	}
	return false
}

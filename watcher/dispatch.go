package watcher

import (
	"context"
	"math"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// dispatch decides which due URLs are read now: at most Slots at once, PerHost
// of one host, and no more per second than it takes to read all of them in 0.8
// intervals. So an hour of downtime, after which every URL is due, is made up
// for within one interval and without a burst, and a host that hangs holds only
// its own slots.
type dispatch struct {
	p       *Poller
	unpaced bool
	pending []string
	flying  map[string]bool
	busy    map[string]int
	running int
	done    chan string // URL whose turn ended
	tokens  float64
	at      time.Time
}

func newDispatch(p *Poller) *dispatch {
	return &dispatch{p: p, flying: map[string]bool{}, busy: map[string]int{}, done: make(chan string), tokens: leastBurst, at: time.Now()}
}

// The pace. catchUp is the part of an interval in which all URLs could be read.
// Few URLs need no pace: a hint shall not wait for one.
const (
	catchUp    = 0.8
	leastRate  = 1 // a second
	leastBurst = 4
)

// look finds what is due and refills the pace.
func (d *dispatch) look(ctx context.Context) error {
	all, err := d.p.tracked(ctx, false)
	if err != nil {
		return err
	}
	rate := math.Max(leastRate, float64(len(all.byURL))/(catchUp*d.p.interval().Seconds()))
	now := time.Now()
	most := math.Max(leastBurst, 2*rate*d.p.tick().Seconds())
	d.tokens = math.Min(d.tokens+rate*now.Sub(d.at).Seconds(), most)
	d.at = now
	due, err := d.p.due(ctx, d.limit(most))
	if err != nil {
		return err
	}
	d.pending = d.pending[:0]
	for _, url := range due {
		if !d.flying[url] {
			d.pending = append(d.pending, url)
		}
	}
	return nil
}

// limit bounds how many due URLs are looked up: enough for the pace and for
// some whose host is busy.
func (d *dispatch) limit(most float64) int {
	if d.unpaced {
		return 0
	}
	return int(most) + 4*orDefault(d.p.Slots, DefaultSlots)
}

// start begins the turns that may begin now.
func (d *dispatch) start(ctx context.Context) {
	slots, perHost := orDefault(d.p.Slots, DefaultSlots), orDefault(d.p.PerHost, DefaultPerHost)
	rest := d.pending[:0]
	for i, url := range d.pending {
		if d.running >= slots || !d.unpaced && d.tokens < 1 || ctx.Err() != nil {
			rest = append(rest, d.pending[i:]...)
			break
		}
		host := hostOf(url)
		if d.busy[host] >= perHost {
			rest = append(rest, url)
			continue
		}
		d.tokens--
		d.running++
		d.busy[host]++
		d.flying[url] = true
		go func() {
			d.p.turn(ctx, url)
			d.done <- url
		}()
	}
	d.pending = rest
}

func (d *dispatch) ended(url string) {
	host := hostOf(url)
	delete(d.flying, url)
	d.running--
	if d.busy[host]--; d.busy[host] == 0 {
		delete(d.busy, host)
	}
}

func (d *dispatch) wait() {
	for d.running > 0 {
		d.ended(<-d.done)
	}
}

// due lists the URLs whose time has come by the store's clock, the longest due
// first; 0 lists all.
func (p *Poller) due(ctx context.Context, limit int) (urls []string, err error) {
	err = p.Store.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) (err error) {
		urls, err = tx.List(fleet.PollsDue, fleet.Page{To: tx.Now().UnixMilli(), Limit: limit})
		return err
	})
	return urls, err
}

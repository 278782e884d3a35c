package bot

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// TestNoisyChannelStarvesNobody: hundreds of posts that wait for one channel,
// most of them for minutes, are no reason for another channel to wait.
func TestNoisyChannelStarvesNobody(t *testing.T) {
	pace := quick()
	pace.PostEvery, pace.PostBurst = time.Hour, 1
	r := newRig(t, rigOptions{idle: true, pace: pace})
	for i := range 300 {
		about := fleet.Subject(fmt.Sprintf("plan:%d", i))
		r.story.set(about, said(fmt.Sprintf("Plan number %d.", i)))
		r.want(about, sites)
	}
	r.story.set("plan:quiet", said("The quiet one."))
	r.want("plan:quiet", "D0CAROL")
	r.start(r.bot)
	r.idle("plan:quiet", "D0CAROL")
	if n := len(r.messages(sites)); n > 1 {
		t.Errorf("%d posts to a channel that is allowed one an hour", n)
	}
}

// TestNoBurstAfterAnOutage: a channel that may get several posts at once gets
// one at a time after Slack was away, and while many wait.
func TestNoBurstAfterAnOutage(t *testing.T) {
	now := time.Now()
	posts := func(p *pacer, from time.Time, seconds int) (most, total int) {
		var at []int
		for tick := range seconds * 10 {
			if p.post(sites, from.Add(time.Duration(tick)*100*time.Millisecond)) {
				at = append(at, tick)
				total++
			}
		}
		for i := range at { // within any second
			n := 0
			for _, tick := range at[i:] {
				if tick < at[i]+10 {
					n++
				}
			}
			most = max(most, n)
		}
		return most, total
	}
	p := newPacer(Pace{})
	if most, _ := posts(p, now, 3); most < 4 {
		t.Errorf("at most %d in a second when Slack was there all the time, want a burst of 4", most)
	}
	p = newPacer(Pace{})
	p.post(sites, now)
	p.away(now.Add(time.Hour))
	if most, total := posts(p, now.Add(time.Hour), 50); most > 1 || total < 45 {
		t.Errorf("after an outage %d in a second and %d in all", most, total)
	}
	p = newPacer(Pace{})
	p.backlog(map[string]int{sites: 60})
	if most, total := posts(p, now, 50); most > 1 || total < 45 {
		t.Errorf("with many waiting %d in a second and %d in all", most, total)
	}
}

// TestLongMessageArrivesWhole: what is too long for one message follows in its
// thread, part by part and once each, although the bot ends after the first.
func TestLongMessageArrivesWhole(t *testing.T) {
	pace := quick()
	pace.PostEvery, pace.PostBurst = time.Hour, 1
	r := newRig(t, rigOptions{pace: pace})
	m := fleet.Message{Text: "A long plan."}
	for i := range 90 {
		m.Lines = append(m.Lines, fleet.Say(fmt.Sprintf("part-%d ", i)+strings.Repeat("word ", 60)))
	}
	r.story.set("plan:long", m)
	r.want("plan:long", sites)
	r.eventually("the first part", func() bool { return r.post("plan:long", sites).More == 1 })
	r.stop()
	r.start(r.newBot(rigOptions{pace: quick()}, "two"))
	p := r.idle("plan:long", sites)
	var all []string
	for _, got := range r.messages(sites) {
		if got.TS != p.TS && got.ThreadTS != p.TS {
			t.Errorf("a part is outside of the thread: %+v", got)
		}
		all = append(all, fmt.Sprint(got.Blocks))
	}
	text := strings.Join(all, "\n")
	for i := range 90 {
		if n := strings.Count(text, fmt.Sprintf("part-%d ", i)); n != 1 {
			t.Errorf("part %d is there %d times", i, n)
		}
	}
}

// TestOneDeliveryOfSeveralIsHandled: the same event at the same moment at several
// replicas and over both transports is handled once; if whoever began it is
// gone, a later delivery is.
func TestOneDeliveryOfSeveralIsHandled(t *testing.T) {
	r := newRig(t, rigOptions{idle: true})
	replicas := make([]*seen, 4)
	for i := range replicas {
		replicas[i] = &seen{store: r.store, log: r.bot.config.Log}
	}
	for n := range 50 {
		var begun atomic.Int32
		var wg sync.WaitGroup
		for _, s := range replicas {
			for range 2 {
				wg.Go(func() {
					if s.begin(t.Context(), fmt.Sprint("Ev", n)) {
						begun.Add(1)
					}
				})
			}
		}
		if wg.Wait(); begun.Load() != 1 {
			t.Fatalf("event %d was begun %d times", n, begun.Load())
		}
	}
	now := time.UnixMilli(1795336380851)
	for answer, want := range map[string]bool{"done": false, claimed + "1795336380850": true, claimed + "1795336380851": false, claimed + "x": true} {
		if claimable(answer, now) != want {
			t.Errorf("claimable(%q) is not %v", answer, want)
		}
	}
}

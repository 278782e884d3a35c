package bot

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/bot/workspace"
	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/prove"
)

// thorough reports whether a test shall try all it can.
func thorough() bool { return os.Getenv("DISTROBOT_TEST_THOROUGH") != "" }

// TestSlackFaults: whatever Slack does, each message that was wanted is there
// once, with its last words, in the order of its channel; each request is handled
// once; and a channel gets its messages one at a time afterwards.
func TestSlackFaults(t *testing.T) {
	rounds := 1
	if thorough() {
		rounds = 12
	}
	for name, try := range map[string]func(t *testing.T) int{
		"refused for a while": refusedForAWhile, "away": away, "slow": slowAnswers, "answers lost": answersLost,
		"delivered twice": deliveredTwice, "storm": storms, "an hour": anHour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trials := 0
			for range rounds {
				trials += try(t)
			}
			t.Attr(prove.TrialsKey, fmt.Sprint(trials))
		})
	}
}

// rooms are the channels of traffic.
var rooms = []string{sites, "C0OPS", "D0CAROL"}

// talkative is a rig whose bot talks in all of them.
func talkative(t *testing.T, pace Pace) *rig {
	t.Helper()
	return newRigWith(t, rigOptions{pace: pace, channels: []workspace.Channel{{Name: "sites", Bot: true}, {Name: "ops", Bot: true}}}, nil)
}

// offer wants n messages, in turn in each channel, and then other words of every
// third of them.
func (r *rig) offer(n int) {
	r.t.Helper()
	for i := range n {
		about := fleet.Subject(fmt.Sprintf("plan:%03d", i))
		r.story.set(about, said(fmt.Sprintf("Plan %03d waits.", i)))
		r.want(about, rooms[i%len(rooms)])
	}
	for i := 0; i < n; i += 3 {
		about := fleet.Subject(fmt.Sprintf("plan:%03d", i))
		r.story.set(about, said(fmt.Sprintf("Plan %03d is done.", i)))
		r.want(about, rooms[i%len(rooms)])
	}
}

// arrived waits for the messages of offer and wants each once, with its last words
// and in order. pace is the least time between two of one channel, as they are
// sent; the way to the workspace may be longer for one than for the next.
func (r *rig) arrived(n int, pace time.Duration) int {
	r.t.Helper()
	for i := range n {
		r.idle(fleet.Subject(fmt.Sprintf("plan:%03d", i)), rooms[i%len(rooms)])
	}
	for c, room := range rooms {
		var want, got []string
		for i := c; i < n; i += len(rooms) {
			words := map[bool]string{true: "is done.", false: "waits."}[i%3 == 0]
			want = append(want, fmt.Sprintf("Plan %03d %s", i, words))
		}
		var at []time.Time
		for i, m := range r.messages(room) {
			got, at = append(got, m.Text), append(at, momentOf(r.t, m.TS))
			if i >= 3 && at[i].Sub(at[i-3]) < 2*pace {
				r.t.Errorf("%s: %q is the fourth within %v, at a pace of one in %v", room, m.Text, at[i].Sub(at[i-3]), pace)
			}
		}
		if !slices.Equal(got, want) {
			r.t.Errorf("%s shows\n%s\nwant\n%s", room, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	return n
}

// momentOf is when a message came to the workspace.
func momentOf(t *testing.T, ts string) time.Time {
	t.Helper()
	seconds, micros, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	us, err := strconv.ParseInt(micros, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(s, us*1000)
}

// refusedForAWhile: Slack asks to wait, for posts, for edits and for everything.
func refusedForAWhile(t *testing.T) int {
	r := talkative(t, quick())
	for i, method := range []string{"chat.postMessage", "chat.update", ""} {
		r.fault(obj{"kind": "rate_limit", "method": method, "retry_after_s": 1, "for_ms": 200})
		if i == 0 {
			r.offer(30)
		}
	}
	return r.arrived(30, 0)
}

// away: Slack answers nothing but 503, three times.
func away(t *testing.T) int {
	r := talkative(t, quick())
	r.fault(obj{"kind": "down", "for_ms": 300})
	r.offer(30)
	for range 2 {
		r.eventually("something is sent", func() bool { return r.state().Counters["posts"] > 0 })
		r.fault(obj{"kind": "down", "for_ms": 200})
	}
	return r.arrived(30, 0)
}

// slowAnswers: each call takes a while.
func slowAnswers(t *testing.T) int {
	r := talkative(t, quick())
	r.fault(obj{"kind": "slow", "delay_ms": 40, "for_ms": -1})
	r.offer(18)
	return r.arrived(18, 0)
}

// answersLost: Slack does what it was asked for, and the answer is lost.
func answersLost(t *testing.T) int {
	r := newRigWith(t, rigOptions{idle: true, channels: []workspace.Channel{{Name: "sites", Bot: true}, {Name: "ops", Bot: true}}}, nil)
	for _, method := range []string{"chat.postMessage", "chat.update"} {
		lossy := &dropAnswer{to: method, next: r.bot.client}
		r.bot.sender.api = slack.New(r.ws.BotToken(), slack.OptionAPIURL(r.url+"/api/"), slack.OptionHTTPClient(lossy))
		if method == "chat.postMessage" {
			r.start(r.bot)
			r.offer(12)
			r.arrived(12, 0)
			r.stop()
			continue
		}
		b := r.newBot(rigOptions{pace: quick()}, "two")
		b.sender.api = r.bot.sender.api
		r.start(b)
		r.story.set("plan:000", said("Plan 000 is done."))
		r.want("plan:000", sites)
		r.arrived(12, 0)
	}
	return 24
}

// comparable is a message with a button that is no vote.
func (r *rig) comparable() wsMessage {
	r.t.Helper()
	m := said("Plan to look at.")
	m.Buttons = []fleet.Button{{Action: fleet.ActCompare, Label: "Compare", Value: "01abc|1"}}
	r.story.set("plan:look", m)
	r.want("plan:look", sites)
	return r.shows(sites, "Plan to look at.")
}

// deliveredTwice: everything that people do comes twice.
func deliveredTwice(t *testing.T) int {
	r := newRig(t, rigOptions{})
	m := r.comparable()
	r.fault(obj{"kind": "redeliver", "for_ms": 600_000})
	const each = 15
	for i := range each {
		r.say("alice", "sites", fmt.Sprintf("/distro list %d", i))
		r.say("bob", "sites", fmt.Sprintf("<@%s> list mention-%d", r.ws.BotUserID(), i))
		r.click("bob", "sites", m.TS, fleet.ActCompare)
	}
	r.eventually("all are handled", func() bool { return len(r.desk.asked()) >= 2*each && len(r.desk.pressed()) >= each })
	if a, p := len(r.desk.asked()), len(r.desk.pressed()); a != 2*each || p != each {
		t.Errorf("%d commands and %d presses were handled, want %d and %d", a, p, 2*each, each)
	}
	return 3 * each
}

// storms: connections end again and again, announced or not, while people type
// and press. Who is told that it worked is right, and the others can try again.
func storms(t *testing.T) int {
	r := newRig(t, rigOptions{idle: true})
	b := r.newBot(rigOptions{pace: quick(), sockets: 3}, "one")
	r.start(b)
	m := r.comparable()
	r.desk.press = func(p commands.Press) (commands.Reply, error) { return commands.Reply{None: true}, nil }
	r.eventually("three connections", func() bool { return r.state().Counters["sockets"] == 3 })
	before := r.state().Counters["connections_opened"]
	began, stop := time.Now(), make(chan struct{})
	var ending sync.WaitGroup
	calm := sync.OnceFunc(func() { close(stop); ending.Wait() })
	defer calm()
	ending.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(70 * time.Millisecond): // the pace of the storm
				r.fault(obj{"kind": "disconnect", "reason": []string{"refresh_requested", "warning", "too_many_websockets"}[i%3], "count": 1})
			}
		}
	})
	const each = 20
	worked := 0
	for i := range each {
		for _, got := range []obj{r.say("alice", "sites", fmt.Sprintf("/distro list %d", i)), r.click("bob", "sites", m.TS, fleet.ActCompare)} {
			if got["error"] == nil {
				worked++
			}
		}
	}
	calm()
	if n := len(r.desk.asked()) + len(r.desk.pressed()); n < worked || n > 2*each {
		t.Errorf("%d requests were acknowledged and %d handled, of %d", worked, n, 2*each)
	}
	// A connection that is ended at once is opened again after growing pauses.
	if opened, most := r.state().Counters["connections_opened"]-before, 3*(4+int(time.Since(began)/time.Second)); opened > most {
		t.Errorf("%d connections were opened in %v, more than %d", opened, time.Since(began), most)
	}
	r.eventually("an answer after the storm", func() bool { return r.say("alice", "sites", "/distro list")["response"] != nil })
	return 2 * each
}

// anHour: Slack is away, and was for an hour as posts have it: each was tried until
// its pauses are the longest, and each subject has changed often since.
func anHour(t *testing.T) int {
	pace := quick()
	pace.PostEvery, pace.PostBurst = 300*time.Millisecond, 4
	if thorough() {
		pace.PostEvery = time.Second // Slack's own
	}
	r := talkative(t, pace)
	r.fault(obj{"kind": "down", "for_ms": -1})
	const n = 18
	r.offer(n)
	err := r.store.Update(t.Context(), fleet.Slack, func(tx fleet.Tx) error {
		for i := range n {
			p := &fleet.Post{Subject: fleet.Subject(fmt.Sprintf("plan:%03d", i)), Channel: rooms[i%len(rooms)]}
			if _, err := tx.Get(p); err != nil {
				return err
			}
			p.At, p.Fails, p.Wanted = p.At.Add(-time.Hour), 360, p.Wanted+100
			p.State, p.Due = fleet.PostDue, p.At
			tx.Put(p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.eventually("the bot has found out", func() bool { return strings.Contains(r.log.String(), "cannot be reached") })
	r.fault(obj{"kind": "clear"})
	return r.arrived(n, pace.PostEvery)
}

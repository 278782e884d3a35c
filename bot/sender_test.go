package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/bot/workspace"
	"github.com/distrobot/distrobot/fleet"
)

const sites = "C0SITES"

func said(text string) fleet.Message {
	return fleet.Message{Text: text, Lines: []fleet.Line{fleet.Say(text)}}
}

// idle waits until a post is shown as wanted.
func (r *rig) idle(about fleet.Subject, channel string) fleet.Post {
	r.t.Helper()
	var p fleet.Post
	r.eventually(string(about)+" is sent", func() bool {
		p = r.post(about, channel)
		return p.State == fleet.PostIdle && p.Sent == p.Wanted && p.TS != ""
	})
	return p
}

func TestPostedOnceEditedEverAfter(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.story.set("news:a/1", said("1.1.0 is out."))
	r.want("news:a/1", sites)
	p := r.idle("news:a/1", sites)
	r.story.set("news:a/1", said("1.2.0 is out."))
	r.want("news:a/1", sites)
	m := r.shows(sites, "1.2.0 is out.")
	if m.TS != p.TS || m.Edits != 1 || len(r.messages(sites)) != 1 {
		t.Errorf("want one message with one edit, got %+v", r.messages(sites))
	}
	r.idle("news:a/1", sites)
	r.want("news:a/1", sites) // nothing looks different: no call
	r.idle("news:a/1", sites)
	if n := r.shows(sites, "1.2.0").Edits; n != 1 {
		t.Errorf("%d edits for one change", n)
	}
}

// TestBurstIsFewEdits: a hundred notices to one subject are one post and no more
// edits than the pace allows for the time they take, and the last state is shown.
func TestBurstIsFewEdits(t *testing.T) {
	pace := quick()
	pace.EditEvery, pace.EditShare = 100*time.Millisecond, 100*time.Millisecond
	r := newRig(t, rigOptions{pace: pace})
	began := time.Now()
	for i := range 100 {
		m := said(fmt.Sprintf("%d of 100 sites are done.", i+1))
		m.Moving = i < 99
		r.story.set("plan:p", m)
		r.want("plan:p", sites)
		if i == 0 {
			r.idle("plan:p", sites)
		}
	}
	m := r.shows(sites, "100 of 100 sites are done.")
	// The first edit and the one at rest do not wait for the pace.
	if most := int(time.Since(began)/pace.EditEvery) + 2; len(r.messages(sites)) != 1 || m.Edits > most {
		t.Errorf("%d messages, %d edits, more than %d", len(r.messages(sites)), m.Edits, most)
	}
}

// TestAtRestGoesFirst: with little of the budget left, a message that has come
// to rest is edited before those that move.
func TestAtRestGoesFirst(t *testing.T) {
	p := newPacer(Pace{EditsMin: 1})
	now := time.Now()
	n := 0
	for i := range 50 {
		if p.edit(fmt.Sprint("moving", i), true, now) {
			n++
		}
	}
	if n != editBurst-reserved {
		t.Errorf("%d moving edits went at once, want %d", n, editBurst-reserved)
	}
	if !p.edit("done", false, now) {
		t.Error("nothing is kept back for a message at rest")
	}
}

// TestEditsAreSharedOut: the more messages move, the rarer each is edited.
func TestEditsAreSharedOut(t *testing.T) {
	p := newPacer(Pace{EditsMin: 60000})
	now := time.Now()
	for i := range 10 {
		if !p.edit(fmt.Sprint("m", i), true, now.Add(time.Duration(i)*time.Millisecond)) {
			t.Fatalf("first edit of m%d refused", i)
		}
	}
	if p.edit("m0", true, now.Add(14*time.Second)) {
		t.Error("edited again after 14 s with ten messages moving")
	}
	if !p.edit("m0", true, now.Add(15100*time.Millisecond)) {
		t.Error("not edited after 15.1 s")
	}
}

// TestRestartWhileSendingPostsNothingTwice: killed between the journal and the
// answer of Slack, in both ways it can have gone.
func TestRestartWhileSendingPostsNothingTwice(t *testing.T) {
	for _, arrived := range []bool{true, false} {
		t.Run(fmt.Sprintf("arrived %v", arrived), func(t *testing.T) {
			r := newRig(t, rigOptions{idle: true})
			r.story.set("plan:p", said("Plan p."))
			r.want("plan:p", sites, func(p *fleet.Post) { p.State, p.Nonce, p.Due = fleet.PostSending, "N0NCE", time.Now() })
			if arrived { // what the dead process sent
				_, _, err := r.bot.api.PostMessageContext(t.Context(), sites, append(messageOptions(Render(said("Plan p, as it was."))),
					slack.MsgOptionMetadata(slack.SlackMetadata{EventType: metaType, EventPayload: map[string]any{metaNonce: "N0NCE"}}))...)
				if err != nil {
					t.Fatal(err)
				}
			}
			r.start(r.bot)
			r.idle("plan:p", sites)
			got := r.messages(sites)
			if len(got) != 1 || got[0].Text != "Plan p." {
				t.Errorf("messages: %+v", got)
			}
		})
	}
}

// TestCutOffAnswer: Slack posts the message but its answer is lost.
func TestCutOffAnswer(t *testing.T) {
	r := newRig(t, rigOptions{idle: true})
	lossy := &dropAnswer{to: "chat.postMessage", next: r.bot.client}
	r.bot.sender.api = slack.New(r.ws.BotToken(), slack.OptionAPIURL(r.url+"/api/"), slack.OptionHTTPClient(lossy))
	r.story.set("plan:p", said("Plan p."))
	r.want("plan:p", sites)
	r.start(r.bot)
	r.idle("plan:p", sites)
	if got := r.messages(sites); len(got) != 1 || lossy.dropped() != 1 {
		t.Errorf("%d messages after %d lost answers", len(got), lossy.dropped())
	}
}

// TestTwoSendersPostOnce: two replicas that both believe to have the lease.
func TestTwoSendersPostOnce(t *testing.T) {
	r := newRig(t, rigOptions{idle: true})
	other := r.newBot(rigOptions{pace: quick()}, "two")
	for i := range 20 {
		about := fleet.Subject(fmt.Sprintf("plan:%d", i))
		r.story.set(about, said(fmt.Sprintf("Plan number %d.", i)))
		r.want(about, sites)
	}
	done := make(chan bool, 2)
	for _, b := range []*Bot{r.bot, other} {
		go func() {
			for b.sender.pass(t.Context()) {
			}
			done <- true
		}()
	}
	<-done
	<-done
	r.start(r.bot)
	for i := range 20 {
		r.idle(fleet.Subject(fmt.Sprintf("plan:%d", i)), sites)
	}
	if n := len(r.messages(sites)); n != 20 {
		t.Errorf("%d messages for 20 subjects", n)
	}
}

// TestOneSenderHasTheLease: the second replica waits, and takes over at once
// when the first ends in order.
func TestOneSenderHasTheLease(t *testing.T) {
	r := newRig(t, rigOptions{idle: true})
	other := r.newBot(rigOptions{pace: quick()}, "two")
	ctx := t.Context()
	if !r.bot.sender.lead(ctx) || other.sender.lead(ctx) {
		t.Fatal("want the first to lead, and only it")
	}
	r.bot.sender.release()
	if !other.sender.lead(ctx) {
		t.Error("the second does not take over")
	}
}

func TestRateLimitIsHonoured(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.fault(obj{"kind": "rate_limit", "method": "chat.postMessage", "retry_after_s": 1, "for_ms": 300})
	r.story.set("plan:p", said("Plan p."))
	began := time.Now()
	r.want("plan:p", sites)
	r.idle("plan:p", sites)
	if took := time.Since(began); took < 900*time.Millisecond {
		t.Errorf("posted after %v, Slack asked for a second", took)
	}
	if got := r.messages(sites); len(got) != 1 {
		t.Errorf("%d messages", len(got))
	}
}

// TestSlackDown: nothing is lost, and what is shown at last is the last state.
func TestSlackDown(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.story.set("plan:old", said("Plan old."))
	r.want("plan:old", sites)
	r.idle("plan:old", sites)
	r.fault(obj{"kind": "down", "for_ms": 600})
	r.story.set("plan:new", said("Plan new."))
	for i := range 10 {
		r.story.set("plan:old", said(fmt.Sprintf("Plan old, %d.", i)))
		r.want("plan:old", sites)
		r.want("plan:new", sites)
	}
	r.idle("plan:new", sites)
	r.idle("plan:old", sites)
	got := r.messages(sites)
	if len(got) != 2 || got[0].Text != "Plan old, 9." {
		t.Errorf("messages: %+v", got)
	}
}

// TestNotInChannel: the post is kept, an operator is told what to do, and it is
// sent as soon as the bot is invited.
func TestNotInChannel(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.story.set("plan:p", said("Plan p."))
	r.want("plan:p", "C0GENERAL")
	r.eventually("a note for the operator", func() bool {
		return strings.Contains(strings.Join(r.bot.Health().Notes, "\n"), "/invite @distrobot")
	})
	r.eventually("kept with its reason", func() bool {
		p := r.post("plan:p", "C0GENERAL")
		return p.State == fleet.PostDue && p.Error == "not_in_channel"
	})
	r.say("alice", "general", "/invite @distrobot")
	r.eventually("sent after the invitation", func() bool {
		return r.post("plan:p", "C0GENERAL").State == fleet.PostIdle
	})
	r.eventually("no notes left", func() bool { return len(r.bot.Health().Notes) == 0 })
}

func TestMissingScopeIsNamed(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.fault(obj{"kind": "missing_scope", "method": "chat.postMessage", "for_ms": -1})
	r.story.set("plan:p", said("Plan p."))
	r.want("plan:p", sites)
	r.eventually("the scope in the notes", func() bool {
		return strings.Contains(strings.Join(r.bot.Health().Notes, "\n"), "chat:write")
	})
}

// TestThreadWaitsForItsRoot: a line of the log is posted only when there is a
// message to thread it to.
func TestThreadWaitsForItsRoot(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.story.set("planlog:p/0", said("Wave 1 began."))
	r.want("planlog:p/0", sites, func(p *fleet.Post) { p.Parent = "plan:p" })
	r.story.set("plan:p", said("Plan p."))
	r.want("plan:p", sites)
	line, root := r.idle("planlog:p/0", sites), r.idle("plan:p", sites)
	m := r.shows(sites, "Wave 1 began.")
	if m.ThreadTS != root.TS || line.Thread != root.TS {
		t.Errorf("thread %q, root %q", m.ThreadTS, root.TS)
	}
}

// TestSubjectThatIsGone leaves its message alone and waits for nothing.
func TestSubjectThatIsGone(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.want("plan:gone", sites)
	r.eventually("settled", func() bool { return r.post("plan:gone", sites).State == fleet.PostIdle })
	if got := r.messages(sites); len(got) != 0 {
		t.Errorf("posted %+v", got)
	}
}

// TestSlacksOwnRates: with the workspace's real limits, nothing is refused at
// the default pace but what the burst allows, and all arrive.
func TestSlacksOwnRates(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds of Slack's time")
	}
	pace := Pace{Tick: 20 * time.Millisecond}
	r := newRig(t, rigOptions{pace: pace, limits: workspace.Limits{PostPerSecond: 1, PostBurst: 4}})
	for i := range 8 {
		about := fleet.Subject(fmt.Sprintf("plan:%d", i))
		r.story.set(about, said(fmt.Sprintf("Plan %d.", i)))
		r.want(about, sites)
	}
	for i := range 8 {
		r.idle(fleet.Subject(fmt.Sprintf("plan:%d", i)), sites)
	}
	if n := r.state().Counters["rate_limited"]; n > 1 {
		t.Errorf("Slack had to refuse %d calls", n)
	}
}

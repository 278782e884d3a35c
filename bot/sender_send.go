package bot

import (
	"context"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// metaType marks our messages in Slack's metadata, where a nonce lets the
// sender find a message whose posting was cut short. Anybody in the workspace
// can read metadata: it holds nothing else.
const (
	metaType  = "distrobot_post"
	metaNonce = "nonce"
)

func (s *sender) send(ctx context.Context, j job) {
	switch j.kind {
	case look:
		s.reconcile(ctx, j.post)
	case edit:
		s.edit(ctx, j)
	default:
		s.post(ctx, j)
	}
}

// edit brings a message up to date.
func (s *sender) edit(ctx context.Context, j job) {
	p := j.post
	_, _, _, err := s.api.UpdateMessageContext(ctx, p.Channel, p.TS, messageOptions(j.parts[0])...)
	s.meter.Add("slack_posts", "edit "+outcome(err), 1)
	if err == nil {
		s.healed(p.Channel)
		s.finish(ctx, p, func(q *fleet.Post) { q.Shown, q.Error, q.Fails, q.More = j.parts[0].digest(), "", 0, j.after })
		return
	}
	s.failed(ctx, j, "chat.update", err)
}

// post posts a message for the first time, or a reply where an edit was
// refused. The attempt is journaled before the call; if its end stays unknown,
// reconcile looks for the nonce.
func (s *sender) post(ctx context.Context, j job) {
	p, ok := s.journal(ctx, j.post, j.pictures)
	if !ok {
		return
	}
	thread := p.Thread
	if j.kind == reply || j.kind == more {
		thread = first(p.Thread, p.TS)
	}
	ts, err := s.call(ctx, p, thread, j.parts[0])
	s.meter.Add("slack_posts", "post "+outcome(err), 1)
	j.post = p
	if err != nil {
		s.failed(ctx, j, "chat.postMessage", err)
		return
	}
	s.healed(p.Channel)
	s.finish(ctx, p, func(q *fleet.Post) {
		q.Nonce, q.Fails, q.Thread = "", 0, p.Thread
		switch j.kind {
		case posting:
			q.TS, q.Error, q.Shown = ts, "", j.parts[0].digest()
		case reply:
			q.Shown = j.parts[0].digest()
		case more:
			q.More++
			return
		}
		if q.More = 0; len(j.parts) > 1 {
			q.More = 1 // the rest follows in the thread, part by part
		}
	})
}

// call makes the call that posts a part: a message, or the file that has all of it.
func (s *sender) call(ctx context.Context, p fleet.Post, thread string, part Rendered) (ts string, err error) {
	if part.File != "" {
		part.Mark = p.Nonce
		err := upload(ctx, s.api, target{channel: p.Channel, thread: thread}, part)
		if code, _ := errorCode(err); slices.Contains(noFiles, code) {
			s.refuseFiles() // it goes on as messages
		}
		return "", err
	}
	opts := append(messageOptions(part), slack.MsgOptionMetadata(slack.SlackMetadata{
		EventType: metaType, EventPayload: map[string]any{metaNonce: p.Nonce}}))
	if thread != "" {
		opts = append(opts, slack.MsgOptionTS(thread))
	}
	_, ts, err = s.api.PostMessageContext(ctx, p.Channel, opts...)
	return ts, err
}

// journal records that a post is about to be made, unless another sender is at
// it or it has been made; pictures is the digest of those that begin with it.
func (s *sender) journal(ctx context.Context, p fleet.Post, pictures string) (fleet.Post, bool) {
	mine := false
	err := s.change(ctx, p, func(q *fleet.Post, now time.Time) bool {
		mine = q.State == fleet.PostDue && q.TS == p.TS && q.More == p.More
		if !mine {
			return false
		}
		q.State, q.Due, q.Thread = fleet.PostSending, now.Add(s.pace.Doubt), p.Thread
		if pictures != "" {
			q.Pictures = pictures
		}
		if q.Nonce == "" {
			q.Nonce = ulid.Make().String()
		}
		p.Nonce = q.Nonce
		return true
	})
	if err != nil {
		s.log.WarnContext(ctx, "a post was put off, since it cannot be journaled", "subject", p.Subject, "error", err)
	}
	return p, mine && err == nil
}

// finish records that the state of wish p.Wanted is shown; a wish that came
// meanwhile keeps the post due, and so do parts that have yet to follow.
func (s *sender) finish(ctx context.Context, p fleet.Post, with func(q *fleet.Post)) {
	err := s.change(ctx, p, func(q *fleet.Post, now time.Time) bool {
		with(q)
		q.Sent = max(q.Sent, p.Wanted)
		q.State = fleet.PostIdle
		if q.Wanted > q.Sent || q.More > 0 {
			q.State, q.Due = fleet.PostDue, now
		}
		return true
	})
	if err != nil {
		// A first post stays "sending": reconcile will find its message.
		s.log.WarnContext(ctx, "what was sent cannot be recorded", "subject", p.Subject, "error", err)
		s.rest(p, time.Second)
	}
}

// change applies f to the post as it is now and puts it if f says so. It still
// records what happened when ctx has just ended.
func (s *sender) change(ctx context.Context, p fleet.Post, f func(q *fleet.Post, now time.Time) bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	return s.store.Update(ctx, fleet.Slack, func(tx fleet.Tx) error {
		q := &fleet.Post{Subject: p.Subject, Channel: p.Channel}
		found, err := tx.Get(q)
		if err != nil || !found {
			return err
		}
		if f(q, tx.Now()) {
			tx.Put(q)
		}
		return nil
	})
}

func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	if code, _ := errorCode(err); code != "" {
		return code
	}
	return "unreachable"
}

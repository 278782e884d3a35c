package bot

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// Refusals of Slack by what the sender does about them.
var (
	// notHere: a person has to let the bot in, or to grant a scope. The post is
	// kept and tried slowly, and at once after an invitation.
	notHere = []string{"not_in_channel", "channel_not_found", "is_archived", "missing_scope", "restricted_action",
		"restricted_action_read_only_channel", "restricted_action_non_threadable_channel", "restricted_action_thread_only_channel",
		"ekm_access_denied", "not_allowed_token_type", "access_denied", "team_access_not_granted", "user_is_restricted"}
	// unwell: the message itself is refused; its text alone is sent instead.
	unwell = []string{"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_attachments", "too_many_attachments",
		"msg_too_long", "invalid_arguments", "invalid_arg_name", "invalid_array_arg", "metadata_too_large", "invalid_metadata_format",
		"slack_connect_blocked_file_type", "no_text"}
	// noFiles: what a file says is said in messages for a while.
	noFiles = []string{"missing_scope", "file_uploads_disabled", "file_upload_size_restricted", "blocked_file_type"}
	// locked: the message is there but may not be edited; replies follow it.
	locked = []string{"cant_update_message", "edit_window_closed", "not_authorized_to_edit"}
)

func uneditable(code string) bool { return slices.Contains(locked, code) }

// slowest is the longest pause between attempts at a post that Slack refuses;
// longestAway while it cannot be reached. That is no fault of the post, each new
// wish tries again, too, and what waited is to be seen soon after Slack is back.
const (
	slowest     = 15 * time.Minute
	longestAway = 10 * time.Second
)

// failed decides what becomes of a post that could not be sent. Nothing is
// lost: it stays due, or is found again by its nonce.
func (s *sender) failed(ctx context.Context, j job, method string, err error) {
	p := j.post
	code, wait := errorCode(err)
	log := s.log.With("subject", p.Subject, "channel", p.Channel, "method", method)
	switch {
	case code == "ratelimited":
		log.InfoContext(ctx, "slack asks to wait", "for", wait)
		s.limited(ctx, j, method, wait)
	case code == "":
		log.WarnContext(ctx, "slack cannot be reached", "error", err)
		s.unreachable(ctx, j)
	case code == "message_not_found" && j.kind == edit:
		s.again(ctx, p, 0, func(q *fleet.Post) { q.TS, q.Shown, q.Nonce = "", "", "" }) // deleted by somebody: post it anew
	case uneditable(code) && j.kind == edit:
		s.again(ctx, p, 0, func(q *fleet.Post) { q.Error = code })
	case slices.Contains(unwell, code) && j.parts[0].Blocks != nil:
		log.ErrorContext(ctx, "slack refuses the message; sending its text alone", "code", code, "detail", detail(err))
		s.plainly(ctx, j)
	case slices.Contains(notHere, code):
		s.report(p.Channel, code, err)
		log.WarnContext(ctx, "slack refuses the channel", "code", code)
		s.later(ctx, p, code)
	default:
		log.ErrorContext(ctx, "slack refuses", "code", code, "detail", detail(err))
		s.report(p.Channel, code, err)
		s.later(ctx, p, code)
	}
}

// limited honours Retry-After: for an edit over the workspace, for a post in
// its channel. The post was certainly not made.
func (s *sender) limited(ctx context.Context, j job, method string, wait time.Duration) {
	if method == "chat.postMessage" {
		method += " " + j.post.Channel
	}
	s.pacer.pause(method, time.Now().Add(wait))
	if j.kind != edit {
		s.again(ctx, j.post, 0, func(*fleet.Post) {})
	}
}

// unreachable: an edit may simply be made again. A post may have arrived, so it
// stays journaled and is looked for first; until then its channel waits, so that
// nothing overtakes it.
func (s *sender) unreachable(ctx context.Context, j job) {
	s.pacer.away(time.Now())
	if j.kind == edit {
		s.later(ctx, j.post, "")
		return
	}
	// Long enough for a request that is still on its way to arrive.
	wait := max(min(s.pace.Doubt, 5*time.Second), min(backOff(j.post.Fails+1), longestAway))
	s.hold(j.post, wait+longestAway)
	err := s.change(ctx, j.post, func(q *fleet.Post, now time.Time) bool {
		q.Fails++
		q.Due = now.Add(wait)
		return true
	})
	if err != nil {
		s.log.WarnContext(ctx, "an attempt cannot be recorded", "subject", j.post.Subject, "error", err)
	}
}

// plainly sends the text of a message whose blocks Slack refuses.
func (s *sender) plainly(ctx context.Context, j job) {
	shown := j.parts[0].digest() // so that the same state is not tried again
	text := messageOptions(Rendered{Text: j.parts[0].Text})
	p := j.post
	if j.kind == edit {
		if _, _, _, err := s.api.UpdateMessageContext(ctx, p.Channel, p.TS, text...); err != nil {
			s.later(ctx, p, outcome(err))
			return
		}
		s.finish(ctx, p, func(q *fleet.Post) { q.Shown = shown })
		return
	}
	j.parts = []Rendered{{Text: j.parts[0].Text}}
	s.again(ctx, p, 0, func(*fleet.Post) {})
	s.post(ctx, j)
}

// again makes a post due once more, now or after a pause. A first post that is due
// now takes the place it had before.
func (s *sender) again(ctx context.Context, p fleet.Post, after time.Duration, with func(q *fleet.Post)) {
	err := s.change(ctx, p, func(q *fleet.Post, now time.Time) bool {
		with(q)
		q.State, q.Due = fleet.PostDue, now.Add(after)
		if after == 0 {
			q.Due = placeOf(*q, now)
		}
		return true
	})
	if err != nil {
		s.log.WarnContext(ctx, "a post cannot be put off", "subject", p.Subject, "error", err)
		s.rest(p, 5*time.Second)
	}
}

// placeOf is when a post that may go now became due: a first one when it came to
// be, so that posts that had to wait keep their order in the channel.
func placeOf(q fleet.Post, now time.Time) time.Time {
	if q.TS == "" && !q.At.IsZero() && q.At.Before(now) {
		return q.At
	}
	return now
}

// later tries again with growing pauses, and keeps Slack's refusal.
func (s *sender) later(ctx context.Context, p fleet.Post, code string) {
	after := min(backOff(p.Fails+1), longestAway)
	if code != "" {
		after = max(backOff(p.Fails+1), 30*time.Second)
	}
	s.again(ctx, p, after, func(q *fleet.Post) {
		q.Fails++
		if code != "" {
			q.Error = code
		}
	})
}

func backOff(fails int) time.Duration {
	return min(time.Second<<min(max(fails-1, 0), 12), slowest)
}

// cannotDraw deals with a subject that cannot be narrated.
func (s *sender) cannotDraw(ctx context.Context, p fleet.Post, err error) {
	if fleet.CodeOf(err) == fleet.NotFound {
		s.log.InfoContext(ctx, "the subject of a message is gone", "subject", p.Subject)
		s.finish(ctx, p, func(*fleet.Post) {}) // nothing new to show
		return
	}
	if ctx.Err() == nil {
		s.log.ErrorContext(ctx, "a message cannot be drawn", "subject", p.Subject, "error", err)
	}
	s.rest(p, 5*time.Second)
}

// detail gives what Slack says beyond the code, such as the pointer to a block.
func detail(err error) []string {
	var refused slack.SlackErrorResponse
	if errors.As(err, &refused) {
		return refused.ResponseMetadata.Messages
	}
	return nil
}

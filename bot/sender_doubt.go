package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// reconcile finds out whether a post that was cut short reached Slack: its
// nonce is in the metadata of the message, or in the name of its file. It is posted again only if the
// message is certainly not there.
func (s *sender) reconcile(ctx context.Context, p fleet.Post) {
	ts, err := s.find(ctx, p)
	s.meter.Add("slack_posts", "looked for "+map[bool]string{true: "there", false: "not there"}[ts != ""], 1)
	if err == nil {
		s.free(p)
	}
	switch {
	case err != nil:
		s.notFound(ctx, p, err)
	case ts == "":
		s.log.InfoContext(ctx, "a post that was cut short did not arrive; posting it", "subject", p.Subject)
		s.again(ctx, p, 0, func(q *fleet.Post) { q.Fails = 0 })
	case p.TS != "": // it was a reply, or a part of a long message
		s.finish(ctx, p, func(q *fleet.Post) {
			if q.Nonce, q.Fails = "", 0; q.More > 0 {
				q.More++
			}
		})
	default:
		s.log.InfoContext(ctx, "a post that was cut short is there", "subject", p.Subject, "ts", ts)
		// What it shows is unknown; it is edited once, and if it is long the rest follows.
		s.again(ctx, p, 0, func(q *fleet.Post) { q.TS, q.Nonce, q.Shown, q.Fails, q.More = ts, "", "", 0, 1 })
	}
}

// notFound deals with a history that cannot be read. After some attempts the
// message is posted all the same: better twice than never.
func (s *sender) notFound(ctx context.Context, p fleet.Post, err error) {
	code, wait := errorCode(err)
	if code != "" && code != "ratelimited" && p.Fails >= 3 {
		s.report(p.Channel, code, err)
		s.log.ErrorContext(ctx, "cannot tell whether a message was posted; posting it", "subject", p.Subject, "code", code)
		s.again(ctx, p, 0, func(q *fleet.Post) { q.Fails = 0 })
		return
	}
	s.log.WarnContext(ctx, "cannot tell yet whether a message was posted", "subject", p.Subject, "error", err)
	err = s.change(ctx, p, func(q *fleet.Post, now time.Time) bool {
		q.Fails++
		q.Due = now.Add(max(wait, backOff(q.Fails)))
		return true
	})
	if err != nil {
		s.rest(p, 5*time.Second)
	}
}

// find looks for the nonce of p in its thread or channel, newest first, from a
// minute before the post came to be.
func (s *sender) find(ctx context.Context, p fleet.Post) (string, error) {
	oldest := fmt.Sprintf("%d.000000", p.At.Add(-time.Minute).Unix())
	if p.At.IsZero() {
		oldest = ""
	}
	cursor := ""
	for range 5 {
		msgs, next, err := s.history(ctx, p, oldest, cursor)
		if err != nil {
			return "", err
		}
		for _, m := range msgs {
			if p.Nonce != "" && bears(m, p.Nonce) {
				return m.Timestamp, nil
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	return "", nil
}

// bears reports whether a message has a nonce: in its metadata, or one that shares
// a file in the file's name.
func bears(m slack.Message, nonce string) bool {
	if got, _ := m.Metadata.EventPayload[metaNonce].(string); m.Metadata.EventType == metaType && got == nonce {
		return true
	}
	return slices.ContainsFunc(m.Files, func(f slack.File) bool { return strings.Contains(f.Name, nonce) })
}

func (s *sender) history(ctx context.Context, p fleet.Post, oldest, cursor string) ([]slack.Message, string, error) {
	if thread := first(p.Thread, p.TS); thread != "" {
		msgs, _, next, err := s.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: p.Channel, Timestamp: thread, Cursor: cursor, Limit: 200, Oldest: oldest, IncludeAllMetadata: true})
		return msgs, next, err
	}
	h, err := s.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: p.Channel, Cursor: cursor, Limit: 200, Oldest: oldest, IncludeAllMetadata: true})
	if err != nil {
		return nil, "", err
	}
	return h.Messages, h.ResponseMetaData.NextCursor, nil
}

// invited makes everything due that waits for a channel which now lets the bot
// in.
func (s *sender) invited(channel string) {
	s.healed(channel)
	s.tell(channel, "") // what another process, or the one before, has told
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	keys, err := s.store.List(ctx, fleet.PostsDue, fleet.Page{Limit: 1000})
	if err != nil {
		s.log.WarnContext(ctx, "what waits for a channel cannot be read", "channel", channel, "error", err)
		return
	}
	for _, k := range keys {
		about, in, ok := cutLast(k)
		if !ok || in != channel {
			continue
		}
		p := fleet.Post{Subject: fleet.Subject(about), Channel: in}
		err := s.change(ctx, p, func(q *fleet.Post, now time.Time) bool {
			if q.State != fleet.PostDue {
				return false
			}
			q.Due, q.Fails = placeOf(*q, now), 0
			return true
		})
		if err != nil {
			s.log.WarnContext(ctx, "a post cannot be made due", "subject", p.Subject, "error", err)
		}
	}
	s.wakeUp()
}

package bot

import (
	"context"
	"slices"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// job is one post and how its subject looks now.
type job struct {
	post   fleet.Post
	parts  []Rendered
	moving bool
	kind   jobKind
	// pictures is the digest of those whose first is this part, "" otherwise; after is
	// the part that follows an edit, 0 for none.
	pictures string
	after    int
}

type jobKind int

const (
	look    jobKind = iota // a call whose end is unknown: find out
	edit                   // of the message
	posting                // the first post
	reply                  // an edit that Slack refuses: a reply in the message's thread
	more                   // the next part of a message that is too long for one, in its thread
)

// draw renders posts and puts those first that have come to rest.
func (s *sender) draw(ctx context.Context, posts []fleet.Post) []job {
	var jobs []job
	for _, p := range posts {
		if p.State == fleet.PostSending {
			jobs = append(jobs, job{post: p, kind: look})
			continue
		}
		if j, ok := s.drawOne(ctx, p); ok {
			jobs = append(jobs, j)
		}
	}
	slices.SortStableFunc(jobs, func(a, b job) int {
		if a.moving != b.moving {
			if a.moving {
				return 1
			}
			return -1
		}
		return a.post.Due.Compare(b.post.Due)
	})
	return jobs
}

func (s *sender) drawOne(ctx context.Context, p fleet.Post) (job, bool) {
	thread, ok := s.threadOf(ctx, p)
	if !ok {
		return job{}, false
	}
	p.Thread = thread
	m, err := s.narrate(ctx, p.Subject)
	if err != nil {
		s.cannotDraw(ctx, p, err)
		return job{}, false
	}
	parts, broken := Fit(Render(m))
	if len(broken) > 0 {
		s.meter.Add("slack_limits", broken[0].Rule, 1)
		s.log.WarnContext(ctx, "a message was split or cut", "subject", p.Subject, "violations", broken, "parts", len(parts))
	}
	if !s.filesRefused() {
		parts = whole(m, parts, maxPages)
	}
	shown := s.album(p, m.Pictures, len(parts))
	parts = append(parts, shown.parts...)
	if p.TS != "" && p.More > 0 && p.More < len(parts) {
		return job{post: p, parts: parts[p.More : p.More+1], kind: more, pictures: shown.begins(p.More)}, true
	}
	if p.TS != "" && p.Shown != "" && p.Shown == parts[0].digest() {
		s.finish(ctx, p, func(q *fleet.Post) { q.More = shown.next }) // looks the same: no call
		return job{}, false
	}
	j := job{post: p, parts: parts, moving: m.Moving, kind: edit, after: shown.next}
	switch {
	case p.TS == "":
		j.kind, j.moving = posting, false
	case uneditable(p.Error):
		j.kind = reply
		if m.Moving {
			s.rest(p, 5*time.Second)
			return job{}, false // no progress as a string of replies
		}
	}
	return j, true
}

// threadOf gives the thread a post goes to; it waits for the parent's message.
func (s *sender) threadOf(ctx context.Context, p fleet.Post) (string, bool) {
	if p.Parent == "" || p.Thread != "" {
		return p.Thread, true
	}
	parent := &fleet.Post{Subject: p.Parent, Channel: p.Channel}
	found, err := s.store.Read(ctx, parent)
	switch {
	case err != nil:
		return "", false
	case found[0] && parent.TS != "":
		return first(parent.Thread, parent.TS), true
	case !found[0] && s.storeNow().Sub(p.At) > 10*time.Minute:
		return "", true // it will not come; better in the channel than nowhere
	}
	s.rest(p, time.Second)
	return "", false
}

// allowed asks the pacer.
func (s *sender) allowed(j job) bool {
	now := time.Now()
	switch j.kind {
	case look:
		return true
	case edit:
		if s.pacer.edit(keyOf(j.post), j.moving, now) {
			return true
		}
		if j.moving {
			s.rest(j.post, min(time.Second, s.pace.EditEvery/2)) // it may come to rest before its turn
		}
		return false
	}
	return s.pacer.post(j.post.Channel, now)
}

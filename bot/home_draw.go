package bot

import (
	"context"
	"errors"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// A page is a drawn home.
type page struct {
	Rendered
	body int // how many of the blocks say something; the last, the time of drawing, does not
}

// unstamped tells whether two pages say the same, whenever they were drawn.
func (p page) unstamped() string { return Rendered{Blocks: p.Blocks[:p.body]}.digest() }

// draw makes the blocks of a home: its parts under each other, divided by lines.
// The last part's footer says when that was.
func (h *homes) draw(ctx context.Context, v *viewer) page {
	var out []slack.Block
	if v.notice != "" {
		out = append(out, viewBlocks(fleet.Message{Text: v.notice, Lines: []fleet.Line{{Quote: true, Spans: []fleet.Span{{Text: v.notice}}}}})...)
	}
	parts, err := h.tell(ctx, v.who)
	if err != nil {
		h.log.WarnContext(ctx, "the home cannot be drawn", "user", v.who.ID, "error", err)
		parts = []fleet.Message{{Text: "This page cannot be drawn at the moment.", Tone: fleet.Warn,
			Lines: []fleet.Line{fleet.Say("What is going on cannot be read at the moment. This page tries again by itself.")}}}
	}
	body := 0
	for i, m := range parts {
		if i > 0 {
			out = append(out, slack.NewDividerBlock())
		}
		if i == len(parts)-1 {
			m.Buttons = append(m.Buttons[:len(m.Buttons):len(m.Buttons)], fleet.Button{Action: actHome, Label: "Refresh"})
		}
		blocks := viewBlocks(h.linked(ctx, m))
		body = len(out) + len(blocks)
		if len(m.Footer.Spans) > 0 {
			body--
		}
		out = append(out, blocks...)
	}
	if len(out) > onView.blocks { // the parts are bounded so that this does not happen
		out, body = out[:onView.blocks], min(body, onView.blocks)
	}
	return page{Rendered: Rendered{Blocks: out}, body: body}
}

// linked makes links of the buttons that open a message; a button whose message
// is nowhere is left out.
func (h *homes) linked(ctx context.Context, m fleet.Message) fleet.Message {
	lines := append([]fleet.Line(nil), m.Lines...)
	for i, l := range lines {
		if l.Button == nil || l.Button.Action != fleet.ActOpen {
			continue
		}
		lines[i].Button = nil
		if url := h.link(ctx, fleet.Subject(l.Button.Value)); url != "" {
			// The value stays, so that each block has an id of its own.
			lines[i].Button = &fleet.Button{Label: l.Button.Label, Value: l.Button.Value, URL: url}
		}
	}
	m.Lines = lines
	return m
}

// link finds the message of a subject; "" when it was not posted or Slack
// cannot tell now.
func (h *homes) link(ctx context.Context, s fleet.Subject) string {
	post, err := postOf(ctx, h.store, s)
	if err != nil || post.TS == "" {
		return ""
	}
	key := post.Channel + " " + post.TS
	h.mu.Lock()
	known := h.links[key]
	h.mu.Unlock()
	if known != "" {
		return known
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	link, err := h.api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: post.Channel, Ts: post.TS})
	if err != nil {
		return ""
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.links == nil || len(h.links) >= linksMost {
		h.links = map[string]string{}
	}
	h.links[key] = link
	return link
}

var errNotPosted = errors.New("not posted anywhere")

// postOf reads the first post of a subject.
func postOf(ctx context.Context, s fleet.Store, about fleet.Subject) (fleet.Post, error) {
	channels, err := s.List(ctx, fleet.PostsOf(about), fleet.Page{Limit: 1})
	if err != nil {
		return fleet.Post{}, err
	}
	if len(channels) == 0 {
		return fleet.Post{}, errNotPosted
	}
	p := &fleet.Post{Subject: about, Channel: channels[0]}
	err = fleet.One(ctx, s, p, "message of "+string(about))
	return *p, err
}

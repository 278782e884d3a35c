package bot

import (
	"context"
	"encoding/json"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/commands"
)

// maxAck bounds the payload of an acknowledgement: Slack drops Socket Mode
// answers of 20 KB without a word.
const maxAck = 18 * 1024

// command answers a slash command: with the acknowledgement if it is ready in
// time, else by the response URL.
func (d *dispatcher) command(ctx context.Context, c slack.SlashCommand, a *acker) {
	arrived := time.Now()
	if d.misdirected(ctx, c.APIAppID, a) {
		return
	}
	id := "cmd." + c.TriggerID
	late := time.AfterFunc(ackCommand, func() { a.ack(nil) })
	defer late.Stop()
	if c.TriggerID != "" && !d.seen.begin(ctx, id) {
		a.ack(nil) // delivered again over a reconnect, or replayed
		return
	}
	defer d.seen.done(ctx, id)
	reply, err := d.desk.Run(ctx, commands.Ask{
		ID: id, Text: c.Text, Channel: c.ChannelID,
		Who: actor(c.UserID, c.UserName, d.teamOf("", c.TeamID, c.EnterpriseID)),
	})
	if err != nil {
		reply = d.fault(ctx, id, err)
	}
	d.log.InfoContext(ctx, "command", "request", id, "user", c.UserID, "channel", c.ChannelID, "took", time.Since(arrived))
	if reply.None {
		a.ack(nil)
		return
	}
	if reply.Message.Form != nil {
		reply = d.openForm(ctx, *reply.Message.Form, formPlace{trigger: c.TriggerID, channel: c.ChannelID})
		if reply.None {
			a.ack(nil)
			return
		}
	}
	answers := d.responses(ctx, announced(reply))
	rest := answers
	if small(answers[0]) && a.ack(answers[0]) {
		rest = answers[1:]
	}
	a.ack(nil)
	at := target{channel: c.ChannelID, user: c.UserID}
	d.respondAll(ctx, reach{c.ResponseURL, id, at}, rest)
	d.show(ctx, at, !reply.Public, reply.Message.Pictures)
	d.meter.Time("slack_visible", "command", time.Since(arrived))
}

// responses draws a reply as responses, one for each part.
func (d *dispatcher) responses(ctx context.Context, r commands.Reply) []response {
	kind := "ephemeral"
	if r.Public {
		kind = "in_channel"
	}
	var out []response
	for _, p := range whole(r.Message, d.draw(ctx, r.Message), maxAnswer) {
		next := response{Type: kind, Text: p.Text, Blocks: p.Blocks}
		if p.File != "" {
			next.file, next.Text = &filed{r.Message, p}, "This is the beginning; the whole answer comes as a file."
		}
		out = append(out, next)
	}
	return out
}

func small(r response) bool {
	raw, err := json.Marshal(r)
	return err == nil && len(raw) < maxAck
}

// reach is how answers get to whoever asked.
type reach struct {
	url     string // response URL; it holds five answers
	request string
	at      target // for what is too long for that
}

// respondAll posts responses, and the files of those that are too long.
func (d *dispatcher) respondAll(ctx context.Context, to reach, rs []response) {
	for _, r := range rs {
		if err := d.respond.post(ctx, to.url, r); err != nil {
			d.log.WarnContext(ctx, "answer not delivered", "request", to.request, "error", err)
			return
		}
		if r.file != nil {
			d.file(ctx, to.at, r.Type != "in_channel", *r.file)
		}
	}
}

package bot

import (
	"context"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// Actions that the bot answers by itself.
const (
	actHome = "home.refresh" // draw the App Home anew
	actLink = "link"
)

// interaction routes what people do with messages, forms and the App Home.
func (d *dispatcher) interaction(ctx context.Context, c slack.InteractionCallback, a *acker) {
	if d.misdirected(ctx, c.APIAppID, a) {
		return
	}
	switch c.Type {
	case slack.InteractionTypeBlockActions:
		d.actions(ctx, c, a)
	case slack.InteractionTypeBlockSuggestion:
		d.suggestion(ctx, c, a)
	case slack.InteractionTypeViewSubmission:
		d.submission(ctx, c, a)
	default:
		a.ack(nil) // view_closed and what else Slack may send
	}
}

// actions answers the presses of one payload; Slack sends one at a time.
func (d *dispatcher) actions(ctx context.Context, c slack.InteractionCallback, a *acker) {
	defer a.ack(nil)
	for _, b := range c.ActionCallback.BlockActions {
		if strings.HasPrefix(b.BlockID, inputPre) {
			d.chosen(ctx, c, a)
			return
		}
		switch b.Type {
		case "button":
		case "static_select":
			b.Value = b.SelectedOption.Value
		default:
			continue
		}
		switch action := actionOf(b.ActionID); action {
		case actLink, "":
			// a link button: the browser has opened it already
		case actHome:
			a.ack(nil)
			d.home.show(ctx, d.actorOf(c), "")
		case fleet.ActAsk:
			d.formButton(ctx, c, b, a)
		default:
			d.press(ctx, c, b, a)
		}
	}
}

// press records a press, acknowledges it, and shows what came of it. The id is
// the same however often Slack delivers it: message, moment and person. What a
// press orders is ordered once; a vote is answered each time, by its rule, so that
// somebody whose answer was lost learns how it was counted.
func (d *dispatcher) press(ctx context.Context, c slack.InteractionCallback, b *slack.BlockAction, a *acker) {
	arrived := time.Now()
	id := "press." + place(c) + "." + b.ActionTs + "." + c.User.ID
	late := time.AfterFunc(ackPress, func() { a.ack(nil) })
	defer late.Stop()
	if !fleet.IsVote(actionOf(b.ActionID)) {
		if !d.seen.begin(ctx, id) {
			a.ack(nil) // delivered again, or replayed
			return
		}
		defer d.seen.done(ctx, id)
	}
	reply, err := d.desk.Press(ctx, commands.Press{
		ID: id, Action: actionOf(b.ActionID), Value: b.Value, Who: d.actorOf(c),
		Channel: channelOf(c), Subject: subjectOf(b.BlockID),
	})
	a.ack(nil)
	if err != nil {
		reply = d.fault(ctx, id, err)
	}
	d.log.InfoContext(ctx, "press", "request", id, "action", b.ActionID, "value", b.Value, "user", c.User.ID, "took", time.Since(arrived))
	d.showPress(ctx, c, id, reply)
	d.meter.Time("slack_visible", "press", time.Since(arrived))
}

// showPress replaces the pressed message at once and says the reply. Other
// copies of the message follow by the outbox.
func (d *dispatcher) showPress(ctx context.Context, c slack.InteractionCallback, id string, r commands.Reply) {
	if c.View.CallbackID == sheetID {
		d.turnSheet(ctx, c, r)
		return
	}
	if !r.None && d.openSheet(ctx, c.TriggerID, r.Message) {
		r.None = true
	}
	if c.ResponseURL == "" {
		d.showInView(ctx, c, id, r)
		return
	}
	var out []response
	if r.Refresh != nil {
		p := d.draw(ctx, *r.Refresh)[0]
		out = append(out, response{Replace: true, Text: p.Text, Blocks: p.Blocks})
	}
	if f := r.Message.Form; f != nil && !r.None {
		r = d.openForm(ctx, *f, formPlace{trigger: c.TriggerID, channel: channelOf(c)})
	}
	if !r.None {
		for _, answer := range d.responses(ctx, r) {
			answer.Thread = threadFor(c, r.Public)
			out = append(out, answer)
		}
	}
	at := target{channel: channelOf(c), user: c.User.ID, thread: threadFor(c, r.Public)}
	d.respondAll(ctx, reach{c.ResponseURL, id, at}, out)
}

// showInView answers a press on the App Home, which has no response URL: the
// home is drawn anew with the answer's sentence on top, longer answers open as
// a modal.
func (d *dispatcher) showInView(ctx context.Context, c slack.InteractionCallback, id string, r commands.Reply) {
	notice := ""
	switch {
	case r.None:
	case r.Message.Form != nil:
		d.openForm(ctx, *r.Message.Form, formPlace{trigger: c.TriggerID})
	case len(r.Message.Lines)+len(r.Message.More) > 3 || r.Message.Table != nil:
		if _, err := d.api.OpenViewContext(ctx, c.TriggerID, answerModal(r.Message)); err != nil {
			d.log.WarnContext(ctx, "answer not shown", "request", id, "error", err)
			notice = r.Message.Text
		}
	default:
		notice = r.Message.Text
	}
	d.home.show(ctx, d.actorOf(c), notice)
}

// threadFor keeps answers where the message is: private ones in the thread only
// if the person is reading it there, public ones always in the message's own.
func threadFor(c slack.InteractionCallback, public bool) string {
	if c.Container.ThreadTs != "" {
		return c.Container.ThreadTs
	}
	if public && !c.Container.IsEphemeral {
		return c.Container.MessageTs
	}
	return ""
}

func channelOf(c slack.InteractionCallback) string {
	if c.Channel.ID != "" {
		return c.Channel.ID
	}
	return c.Container.ChannelID
}

// place names what was pressed on.
func place(c slack.InteractionCallback) string {
	for _, s := range []string{c.Container.MessageTs, c.Container.ViewID, c.View.ID} {
		if s = strings.TrimSpace(s); s != "" {
			return s
		}
	}
	return "nowhere"
}

package bot

import (
	"context"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// say posts an answer, at the pace of the channel and in its parts. It is not kept
// in the outbox: the asker sees that nothing came and asks again. Where the bot is
// not let in, the asker is told in a direct message, with what to do about it.
func (d *dispatcher) say(ctx context.Context, at target, r commands.Reply) {
	private := !r.Public && !at.direct && at.user != ""
	if at.channel == "" {
		if at.user == "" {
			return
		}
		at.channel, private = at.user, false // Slack opens the direct message
	}
	for i, p := range whole(r.Message, d.draw(ctx, r.Message), maxPages) {
		if p.File != "" {
			d.file(ctx, at, private, filed{r.Message, p})
			break
		}
		ts, err := d.put(ctx, at, p, private)
		code, _ := errorCode(err)
		if slices.Contains(notHere, code) && at.user != "" && at.channel != at.user {
			why := remedy(at.channel, err)
			d.log.WarnContext(ctx, "answer not posted; sending it directly", "channel", at.channel, "error", err)
			r.Message.More = append(slices.Clone(r.Message.More), fleet.Say("I could not answer where you asked. "+why))
			d.say(ctx, target{channel: at.user, direct: true}, r)
			return
		}
		if err != nil {
			d.log.WarnContext(ctx, "answer not posted", "channel", at.channel, "error", err)
			return
		}
		if i == 0 && at.thread == "" && !private {
			at.thread = ts // the rest of a long answer
		}
	}
	d.show(ctx, at, private, r.Message.Pictures)
}

// filed is a message and the part that stands for its file.
type filed struct {
	message fleet.Message
	part    Rendered
}

// file sends all of a long message as a file: directly to the asker if it is for
// them alone. Without the scope for files its parts are posted instead.
func (d *dispatcher) file(ctx context.Context, at target, private bool, f filed) {
	at, err := d.whereFilesGo(ctx, at, private)
	if err == nil {
		err = upload(ctx, d.api, at, f.part)
	}
	if err == nil {
		return
	}
	d.log.WarnContext(ctx, "a file was not sent; sending messages", "channel", at.channel, "error", err)
	parts, _ := Fit(Render(f.message))
	for _, p := range parts[1:] {
		if _, err := d.put(ctx, at, p, false); err != nil {
			d.log.WarnContext(ctx, "answer not posted", "channel", at.channel, "error", err)
			return
		}
	}
}

// put posts one part when its channel may be posted to, again after each pause
// that Slack asks for, as long as the request lasts.
func (d *dispatcher) put(ctx context.Context, at target, p Rendered, private bool) (ts string, err error) {
	opts := messageOptions(p)
	if at.thread != "" && (!private || at.threaded) {
		opts = append(opts, slack.MsgOptionTS(at.thread))
	}
	for {
		method := "chat.postEphemeral"
		if private {
			_, err = d.api.PostEphemeralContext(ctx, at.channel, at.user, opts...)
		} else {
			method = "chat.postMessage " + at.channel
			if err := d.pacer.turn(ctx, at.channel); err != nil {
				return "", err
			}
			_, ts, err = d.api.PostMessageContext(ctx, at.channel, opts...)
		}
		code, wait := errorCode(err)
		if code != "ratelimited" {
			return ts, err
		}
		d.pacer.pause(method, time.Now().Add(wait))
		select {
		case <-ctx.Done():
			return "", err
		case <-time.After(wait): // Slack says how long
		}
	}
}

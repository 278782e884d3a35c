package bot

import (
	"context"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// event handles what Slack tells without being asked. It is delivered again
// until it is acknowledged, perhaps to another replica, so it is done once by
// its event id.
func (d *dispatcher) event(ctx context.Context, e slackevents.EventsAPIEvent, a *acker) {
	defer a.ack(nil)
	if d.misdirected(ctx, e.APIAppID, a) {
		return
	}
	late := time.AfterFunc(ackPress, func() { a.ack(nil) })
	defer late.Stop()
	id := eventID(e)
	if id == "" || !d.seen.begin(ctx, id) {
		return
	}
	switch in := e.InnerEvent.Data.(type) {
	case *slackevents.AppMentionEvent:
		if in.BotID == "" && in.Edited == nil {
			d.typed(ctx, typed{id: id, user: in.User, team: d.teamOf(in.UserTeam, e.TeamID, e.EnterpriseID), channel: in.Channel,
				text: in.Text, ts: in.TimeStamp, thread: in.ThreadTimeStamp})
		}
	case *slackevents.MessageEvent:
		if in.IsIM() && in.SubType == "" && in.BotID == "" && in.User != d.who().user {
			d.typed(ctx, typed{id: id, user: in.User, team: d.teamOf(in.UserTeam, e.TeamID, e.EnterpriseID), channel: in.Channel,
				text: in.Text, ts: in.TimeStamp, thread: in.ThreadTimeStamp, direct: true})
		}
	case *slackevents.AppHomeOpenedEvent:
		if in.Tab == "" || in.Tab == "home" {
			d.home.show(ctx, actor(in.User, "", d.teamOf("", e.TeamID, e.EnterpriseID)), "")
		}
	case *slackevents.MemberJoinedChannelEvent:
		if in.User == d.who().user {
			d.joined(ctx, in.Channel)
		}
	case *slack.SubteamMembersChangedEvent:
		d.roles.forget()
		d.people.forget()
	}
	d.seen.done(ctx, id)
}

// eventID gives the id that all deliveries of one event share.
func eventID(e slackevents.EventsAPIEvent) string {
	if cb, ok := e.Data.(*slackevents.EventsAPICallbackEvent); ok {
		return cb.EventID
	}
	return ""
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// typed is a command in a message instead of after a slash.
type typed struct {
	id, user, team, channel string
	text, ts, thread        string
	direct                  bool
}

// typed runs a command line from a mention or a direct message. The answer goes
// into the thread; a private one to the asker alone.
func (d *dispatcher) typed(ctx context.Context, t typed) {
	text := strings.TrimSpace(strings.ReplaceAll(t.text, "<@"+d.who().user+">", " "))
	who := actor(t.user, "", t.team)
	if p, err := d.people.find(ctx, t.user); err == nil {
		who.Name = p.name
	}
	reply, err := d.desk.Run(ctx, commands.Ask{ID: "event." + t.id, Text: text, Who: who, Channel: t.channel})
	if err != nil {
		reply = d.fault(ctx, t.id, err)
	}
	d.log.InfoContext(ctx, "command", "request", t.id, "user", t.user, "channel", t.channel, "mention", !t.direct)
	if reply.None {
		return
	}
	if f := reply.Message.Form; f != nil {
		reply.Message = formOffer(*f)
	}
	at := target{channel: t.channel, thread: first(t.thread, t.ts), user: t.user, direct: t.direct, threaded: t.thread != ""}
	if t.direct {
		at.thread = t.thread
	}
	d.say(ctx, at, reply)
}

// formOffer stands in for a form where none can be opened: a message gives no
// trigger, but its button does.
func formOffer(f fleet.Form) fleet.Message {
	return fleet.Message{
		Text:    "This needs a few answers; press the button to fill in the form.",
		Lines:   []fleet.Line{fleet.Say("This needs a few answers.")},
		Buttons: []fleet.Button{{Action: fleet.ActAsk, Label: "Continue: " + f.Title, Value: f.Command, Style: fleet.Primary}},
	}
}

// formButton runs the command line of a button as the person who pressed, with
// their own role; the form of a bare command opens.
func (d *dispatcher) formButton(ctx context.Context, c slack.InteractionCallback, b *slack.BlockAction, a *acker) {
	id := "form." + place(c) + "." + b.ActionTs + "." + c.User.ID
	if !d.seen.begin(ctx, id) {
		a.ack(nil)
		return
	}
	defer d.seen.done(ctx, id)
	reply, err := d.desk.Run(ctx, commands.Ask{ID: id, Text: b.Value, Who: d.actorOf(c), Channel: channelOf(c)})
	if err != nil {
		reply = d.fault(ctx, id, err)
	}
	a.ack(nil)
	d.showPress(ctx, c, id, reply)
}

// joined greets a channel once it let the bot in, and sends what waited for it.
func (d *dispatcher) joined(ctx context.Context, channel string) {
	d.changed(channel)
	d.say(ctx, target{channel: channel}, commands.Reply{Public: true, Message: fleet.Message{
		Text: "distrobot is here: " + fleet.Slash + " help shows what it can do.",
		Lines: []fleet.Line{
			fleet.Say("I announce new versions of tracked distributions, build platforms, show what an upgrade would change, and move sites once somebody confirms."),
			fleet.Item(fleet.Mono(fleet.Slash+" list"), " shows the distributions"),
			fleet.Item(fleet.Mono(fleet.Slash+" add"), " tracks another one"),
			fleet.Item(fleet.Mono(fleet.Slash+" help"), " shows everything else"),
		},
	}})
}

// target is where an answer without a response URL goes.
type target struct {
	channel  string
	thread   string
	user     string // who alone sees a private answer
	direct   bool   // a direct message: everything in it is private
	threaded bool   // the person is in a thread already
}

// messageOptions are the options of any message of ours. Blocks are always
// sent, even if there are none: an edit without them would keep the old ones.
func messageOptions(r Rendered) []slack.MsgOption {
	return []slack.MsgOption{
		slack.MsgOptionText(r.Text, false), // escaped already
		slack.MsgOptionBlocks(r.Blocks...),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
}

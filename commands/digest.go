package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newDigest shows now what a scheduled digest would.
func newDigest(t *Table) Command {
	return Command{
		Verb: "digest", Group: "Digest", Summary: "what is out of date now", Help: []string{fleet.Slash + " digest"}, Role: fleet.Reader,
		Run: func(ctx context.Context, _ Request) (fleet.Message, error) { return t.Narrator.Digest(ctx, t.now(), 0) },
	}
}

// pressMore shows the next page of a digest, as it would be now: beneath one that
// everybody sees to the person alone, and in place of a page that only they see.
func (t *Table) pressMore(ctx context.Context, p Press, _ Request) (Reply, error) {
	page, err := strconv.Atoi(p.Value)
	if err != nil || page < 0 {
		return Reply{}, forgotten()
	}
	m, err := t.Narrator.Digest(ctx, t.now(), page)
	if err != nil {
		return Reply{}, err
	}
	if p.Subject == "" {
		return Reply{None: true, Refresh: &m}, nil
	}
	return Reply{Message: m}, nil
}

func newDigestAdd(t *Table) Command {
	return Command{
		Verb: "digest", Sub: "add", Args: `NAME "MIN HOUR DAY MONTH WEEKDAY" [--zone ZONE] [--channel CHANNEL] [--quiet] [--skip]`, Min: 2, Max: 6, Group: "Digest",
		Options: []Option{{"zone", "ZONE", "time zone, such as Europe/Berlin (UTC)"}, {"channel", "CHANNEL", "where it is posted (here)"},
			{"quiet", "", "post nothing when nothing is out of date"}, {"skip", "", "do not make up for a firing that was missed"}},
		Summary: "post it on a schedule",
		Help: []string{fleet.Slash + ` digest add mondays "0 9 * * 1" --zone Europe/Berlin`,
			"Typed in a direct message to me, it is for you alone. A channel can have several."},
		Role: fleet.Maintainer, Run: t.digestAdd,
	}
}

// digestAdd takes the five fields of the schedule as one quoted argument or as
// five.
func (t *Table) digestAdd(ctx context.Context, r Request) (fleet.Message, error) {
	spec := r.Args[1]
	if len(r.Args) == 6 {
		spec = fmt.Sprint(r.Args[1], " ", r.Args[2], " ", r.Args[3], " ", r.Args[4], " ", r.Args[5])
	} else if len(r.Args) != 2 {
		return fleet.Message{}, newDigestAdd(t).usage("A schedule has five fields.")
	}
	if err := fleet.CheckDistName(r.Args[0]); err != nil {
		return fleet.Message{}, fleet.Errorf(fleet.Invalid, "%q cannot be the name of a digest.", fleet.Clean(r.Args[0], 60)).
			WithHint("Use up to 40 letters, digits, dots, dashes and underscores.")
	}
	d := fleet.Digest{Name: r.Args[0], Spec: spec, Zone: r.Opts["zone"], Channel: r.Opts["channel"], By: r.Who, Quiet: r.Opts["quiet"] != "", Skip: r.Opts["skip"] != ""}
	if d.Zone == "" {
		d.Zone = "UTC"
	}
	if d.Channel == "" {
		d.Channel = t.where(r, fleet.Distribution{})
	}
	if err := t.joined(ctx, r.Opts); err != nil {
		return fleet.Message{}, err
	}
	d, err := t.Digests.Set(ctx, d)
	if err != nil {
		return fleet.Message{}, err
	}
	return say(fmt.Sprintf("Digest %s is scheduled.", d.Name), fleet.Say("It is posted next: ", fleet.When(d.Next), ".")), nil
}

func newDigestList(t *Table) Command {
	return Command{
		Verb: "digest", Sub: "list", Group: "Digest", Summary: "the scheduled digests", Help: []string{fleet.Slash + " digest list"}, Role: fleet.Reader,
		Run: func(ctx context.Context, _ Request) (fleet.Message, error) {
			all, err := t.Digests.All(ctx)
			if err != nil {
				return fleet.Message{}, err
			}
			if len(all) == 0 {
				return say("No digest is scheduled.", fleet.Say("Schedule one: ", fleet.Mono(fleet.Slash+` digest add mondays "0 9 * * 1"`))), nil
			}
			m := fleet.Message{Title: "Digests", Text: "There " + areMany(len(all), "digest", "digests") + "."}
			for _, d := range all {
				m.Lines = append(m.Lines, digestLine(d))
			}
			return m, nil
		},
	}
}

// digestLine tells of one schedule.
func digestLine(d fleet.Digest) fleet.Line {
	line := fleet.Item(fleet.Bold(fleet.Clean(d.Name, 60)), ": ", fleet.Mono(fleet.Clean(d.Spec, 80)), " "+fleet.Clean(d.Zone, 60)+", in ")
	if strings.HasPrefix(d.Channel, "D") { // Slack's ids of direct messages
		line.Spans = append(line.Spans, fleet.Span{Text: "a direct message"})
	} else {
		line.Spans = append(line.Spans, fleet.In(fleet.Clean(d.Channel, 80)))
	}
	line.Spans = append(line.Spans, fleet.Span{Text: ", next "}, fleet.When(d.Next), fleet.Span{Text: "."})
	if d.Quiet {
		line.Spans = append(line.Spans, fleet.Span{Text: " Quiet when nothing is out of date."})
	}
	if d.Skip {
		line.Spans = append(line.Spans, fleet.Span{Text: " A missed one is skipped."})
	}
	return line
}

func newDigestRemove(t *Table) Command {
	return Command{
		Verb: "digest", Sub: "remove", Args: "NAME", Min: 1, Max: 1, Group: "Digest", Summary: "stop posting it", Help: []string{fleet.Slash + " digest remove mondays"}, Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			if err := t.Digests.Remove(ctx, r.Args[0], r.Who); err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("Digest %s is not posted any more.", fleet.Clean(r.Args[0], 60))), nil
		},
	}
}

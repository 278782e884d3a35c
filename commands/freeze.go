package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newFreeze holds back the waves of a distribution, or of all.
func newFreeze(t *Table) Command {
	return Command{
		Verb: "freeze", Args: "[DIST] --until WHEN --reason TEXT", Max: 1, Group: "Upgrades",
		Options: []Option{
			{"until", "WHEN", "36h, 3d, 2w, 2027-01-03 or 2027-01-03 08:00 Europe/Zurich; without a zone it is UTC"},
			{"reason", "TEXT", "why; everybody reads it"},
		},
		Summary: "hold back all upgrades, or those of a distribution, for a time; bare, list the freezes", Role: fleet.Maintainer,
		Help: []string{
			"Sites that are under way end, and rollbacks are not held. It ends by itself.",
			fleet.Slash + ` freeze --until "2027-01-03 08:00 Europe/Zurich" --reason "Christmas sales"`,
			fleet.Slash + ` freeze atrium --until 36h --reason "Election night"`,
		},
		Run: t.freeze,
	}
}

func (t *Table) freeze(ctx context.Context, r Request) (fleet.Message, error) {
	if len(r.Args)+len(r.Opts) == 0 {
		return t.freezes(ctx)
	}
	name, err := t.frozen(ctx, r)
	if err != nil {
		return fleet.Message{}, err
	}
	if r.Opts["until"] == "" {
		return fleet.Message{}, fleet.Errorf(fleet.Invalid, "A freeze needs an end.").WithHint(`For example --until 36h, or --until "2027-01-03 08:00 Europe/Zurich".`)
	}
	until, err := fleet.ParseUntil(r.Opts["until"], t.now())
	if err != nil {
		return fleet.Message{}, err
	}
	f, err := t.freezer().Freeze(ctx, fleet.Freeze{Distribution: name, Until: until, Reason: r.Opts["reason"]}, r.Who)
	if err != nil {
		return fleet.Message{}, err
	}
	m := say(fmt.Sprintf("From now on no upgrade of %s begins.", f.Of()), fleet.TellFreeze(f),
		fleet.Say("Sites that are under way end; rollbacks are not held. To end it: ", fleet.Mono(thawing(f))))
	m.Tone = fleet.Warn
	return m, nil
}

// newThaw ends a freeze.
func newThaw(t *Table) Command {
	return Command{
		Verb: "thaw", Args: "[DIST]", Max: 1, Group: "Upgrades",
		Summary: "end the freeze of everything, or of a distribution", Help: []string{fleet.Slash + " thaw atrium"}, Role: fleet.Maintainer,
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			name, err := t.frozen(ctx, r)
			if err != nil {
				return fleet.Message{}, err
			}
			if err := t.freezer().Thaw(ctx, name, r.Who); err != nil {
				return fleet.Message{}, err
			}
			return say(fmt.Sprintf("The freeze of %s is over; confirmed plans go on.", fleet.Freeze{Distribution: name}.Of())), nil
		},
	}
}

func (t *Table) freezer() *fleet.Freezer { return &fleet.Freezer{Store: t.Store} }

// frozen is the distribution that a person names; "" is everything.
func (t *Table) frozen(ctx context.Context, r Request) (fleet.DistName, error) {
	if len(r.Args) == 0 {
		return "", nil
	}
	d, err := t.dist(ctx, r.Args[0])
	return d.Name, err
}

func (t *Table) freezes(ctx context.Context) (fleet.Message, error) {
	fs, err := t.freezer().Active(ctx, t.now())
	if err != nil {
		return fleet.Message{}, err
	}
	if len(fs) == 0 {
		return say("Nothing is frozen."), nil
	}
	m := fleet.Message{Title: "Freezes", Text: "There " + areMany(len(fs), "freeze", "freezes") + "."}
	for _, f := range fs {
		line := fleet.TellFreeze(f)
		line.Item = true
		line.Spans = append(line.Spans, fleet.Span{Text: " To end it: "}, fleet.Mono(thawing(f)))
		m.Lines = append(m.Lines, line)
	}
	return m, nil
}

func thawing(f fleet.Freeze) string {
	if f.Distribution == "" {
		return fleet.Slash + " thaw"
	}
	return fmt.Sprintf("%s thaw %s", fleet.Slash, f.Distribution)
}

// frozenLines tells of the freezes that hold for a distribution.
func (t *Table) frozenLines(ctx context.Context, d fleet.DistName) ([]fleet.Line, error) {
	fs, err := t.freezer().Active(ctx, t.now())
	var out []fleet.Line
	for _, f := range fs {
		if f.Distribution == "" || f.Distribution == d {
			out = append(out, fleet.TellFreeze(f))
		}
	}
	return out, err
}

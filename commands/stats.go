package commands

import (
	"context"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// statsDays is over how many days figures are unless somebody says so.
const statsDays = 90

// newStats tells how upgrades go.
func newStats(t *Table) Command {
	return Command{
		Verb: "stats", Args: "[DISTRIBUTION] [--days N]", Max: 1, Group: "Upgrades",
		Options: []Option{{"days", "N", "how far back; 90 unless you say so, at most 400"}},
		Summary: "how long from tag to last site, how many moves succeed or are rolled back, how long sites are away",
		Help:    []string{fleet.Slash + " stats", fleet.Slash + " stats atrium --days 30"},
		Role:    fleet.Reader, Run: t.stats,
	}
}

func (t *Table) stats(ctx context.Context, r Request) (fleet.Message, error) {
	days, err := daysOf(r.Opts["days"])
	if err != nil {
		return fleet.Message{}, err
	}
	of := fleet.DistName("")
	if len(r.Args) == 1 {
		x, err := t.thing(ctx, r.Args[0], aDist)
		if err != nil {
			return fleet.Message{}, err
		}
		of = x.Dist.Name
	}
	s, err := t.Trends.Stats(ctx, of, time.Duration(days)*24*time.Hour)
	if err != nil {
		return fleet.Message{}, err
	}
	now, err := t.Trends.Look(ctx, of)
	return fleet.TellStats(s, now), err
}

// daysOf reads a number of days.
func daysOf(text string) (int, error) {
	if text == "" {
		return statsDays, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > fleet.MaxDays {
		return 0, fleet.Errorf(fleet.Invalid, "%q is not a number of days.", fleet.Clean(text, 40)).WithHint("Write a number from 1 to %d.", fleet.MaxDays)
	}
	return n, nil
}

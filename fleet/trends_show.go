package fleet

import (
	"context"
	"slices"
	"time"
)

// A Chartist draws a trend as a PNG; nothing of one that is too short.
type Chartist func(Trend) ([]byte, error)

// TellHistory is TellTrend of a trend that has more than its present day: less
// says nothing that is not said already.
func TellHistory(t Trend) string {
	if len(t.Days) < 2 {
		return ""
	}
	return TellTrend(t)
}

// until gives the days up to the one of a moment, as they were kept: whenever it
// is asked, the same.
func (t Trend) until(at time.Time) Trend {
	last := at.UTC().Format(dayForm)
	t.Days = slices.DeleteFunc(slices.Clone(t.Days), func(d Day) bool { return d.Date > last })
	return t
}

// trend gives what a digest of a moment says of the days before.
func (n *Narrator) trend(ctx context.Context, v *DigestView, at time.Time) (err error) {
	if at.IsZero() {
		return nil
	}
	here := figures{standings: v.Standings, perils: v.Perils, known: v.Sources.read(), at: at}
	v.Trend, err = (&Trends{Store: n.Store}).with(ctx, "", here)
	return err
}

// chart gives the picture of the days that were kept when an issue of a digest was
// due, so that redrawing the message draws no other picture. What cannot be drawn
// is left out: the words of the message say the same.
func (n *Narrator) chart(ctx context.Context, at time.Time) ([]Picture, error) {
	row := Trend{}
	if n.Chart == nil || at.IsZero() {
		return nil, nil
	}
	if _, err := n.Store.Read(ctx, &row); CodeOf(err) == Tampered {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	row = row.until(at)
	png, err := n.Chart(row)
	if err != nil || len(png) == 0 {
		return nil, nil
	}
	return []Picture{{Alt: "chart of the fleet by day until " + at.UTC().Format("2 Jan 2006") + ": " + TellTrend(row), PNG: png}}, nil
}

package main

import (
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/chart"
)

// drawTrend draws how many sites were out of date and exposed, and for how long
// the oldest was.
func drawTrend(t fleet.Trend) ([]byte, error) {
	lines := []chart.Line{{Name: "sites out of date"}, {Name: "sites exposed"}, {Name: "age of the oldest, in days", Right: true}}
	for _, d := range t.Days {
		for i, v := range []int{d.Behind, d.Exposed, d.Oldest} {
			lines[i].Points = append(lines[i].Points, chart.Point{At: d.At(), Value: float64(v)})
		}
	}
	return chart.PNG(lines)
}

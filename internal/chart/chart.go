// Package chart draws lines over days as a small PNG.
package chart

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"time"

	"github.com/wcharczuk/go-chart/v2"
	"github.com/wcharczuk/go-chart/v2/drawing"
)

// A Line is one quantity. Points follow each other by day; between two that are
// more than a day apart nothing is drawn, as nothing is known of the time between.
type Line struct {
	Name   string
	Right  bool // measured at the right edge
	Points []Point
}

// A Point is a value at the beginning of a day. Below zero it is not known.
type Point struct {
	At    time.Time
	Value float64
}

// Width and Height are of the picture, in pixels: twice the size at which it is
// shown, for screens that have so many.
const (
	Width  = 1200
	Height = 440
)

// MaxLines is how many lines can be told apart.
const MaxLines = 3

// looks tell the lines apart by colour and, for those who do not see it, by dashes.
// Each has a contrast of at least 4.5 to white.
var looks = [MaxLines]chart.Style{
	{StrokeColor: drawing.ColorFromHex("1f5fa8"), StrokeWidth: 5},
	{StrokeColor: drawing.ColorFromHex("b3261e"), StrokeWidth: 5, StrokeDashArray: []float64{14, 6}},
	{StrokeColor: drawing.ColorFromHex("5f6368"), StrokeWidth: 3, StrokeDashArray: []float64{4, 6}},
}

var ink = drawing.ColorFromHex("3c4043")

// PNG draws lines. It gives nothing where there is no line to draw: fewer than two
// days are known. The same lines give the same bytes.
func PNG(lines []Line) ([]byte, error) {
	if len(lines) > MaxLines {
		return nil, fmt.Errorf("chart: %d lines cannot be told apart", len(lines))
	}
	from, to := span(lines)
	if to.Sub(from) < 24*time.Hour {
		return nil, nil
	}
	small := chart.Style{FontSize: 9, FontColor: ink, StrokeColor: drawing.ColorFromHex("9aa0a6"), StrokeWidth: 1}
	left, right := top(lines, false), top(lines, true)
	c := chart.Chart{
		Width: Width, Height: Height, DPI: 184,
		Background: chart.Style{FillColor: drawing.ColorWhite, Padding: chart.Box{Top: 64, Left: 16, Right: 24, Bottom: 8}},
		Canvas:     chart.Style{FillColor: drawing.ColorWhite},
		XAxis:      chart.XAxis{Style: small, Ticks: days(from, to), Range: &chart.ContinuousRange{Min: chart.TimeToFloat64(from), Max: chart.TimeToFloat64(to)}},
		// go-chart calls the axis at the right edge the primary one. Both go from 0
		// to 1; what is written at their marks differs.
		YAxisSecondary: axis(small, left),
		YAxis:          axis(small, right),
	}
	c.YAxis.GridMajorStyle = chart.Style{StrokeColor: drawing.ColorFromHex("e0e0e0"), StrokeWidth: 1}
	for i, l := range lines {
		scale := left
		if l.Right {
			scale = right
		}
		for _, run := range runs(l.Points) {
			s := chart.TimeSeries{Name: l.Name, Style: looks[i]}
			for _, p := range run {
				s.XValues, s.YValues = append(s.XValues, p.At), append(s.YValues, p.Value/scale)
			}
			if len(run) == 1 {
				s.Style.DotColor, s.Style.DotWidth = s.Style.StrokeColor, 5
			}
			c.Series = append(c.Series, s)
		}
	}
	c.Elements = []chart.Renderable{legend(lines)}
	var out bytes.Buffer
	if err := c.Render(chart.PNG, &out); err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	return flat(out.Bytes())
}

// span is the time from the first to the last point whose value is known.
func span(lines []Line) (from, to time.Time) {
	for _, l := range lines {
		for _, p := range l.Points {
			if p.Value < 0 {
				continue
			}
			if from.IsZero() || p.At.Before(from) {
				from = p.At
			}
			if p.At.After(to) {
				to = p.At
			}
		}
	}
	return from, to
}

// top is the upper end of an axis: a multiple of four, so that its ticks are whole.
func top(lines []Line, right bool) float64 {
	most := 4.0
	for _, l := range lines {
		for _, p := range l.Points {
			if l.Right == right {
				most = max(most, p.Value)
			}
		}
	}
	step := math.Pow(10, math.Floor(math.Log10(most/4)))
	for _, f := range []float64{1, 2, 2.5, 5, 10} {
		if t := f * step; t >= 1 && t == math.Floor(t) && 4*t >= most {
			return 4 * t
		}
	}
	return 40 * step
}

func axis(style chart.Style, top float64) chart.YAxis {
	a := chart.YAxis{Style: style, Range: &chart.ContinuousRange{Min: 0, Max: 1}}
	for i := range 5 {
		at := float64(i) / 4
		a.Ticks = append(a.Ticks, chart.Tick{Value: at, Label: fmt.Sprintf("%.0f", at*top)})
	}
	return a
}

// days marks about six days of a span, with the year where that is not one.
func days(from, to time.Time) []chart.Tick {
	n := int(to.Sub(from) / (24 * time.Hour))
	marks := min(n, 5)
	form := "2 Jan"
	if from.Year() != to.Year() {
		form = "2 Jan 06"
	}
	var out []chart.Tick
	for i := range marks + 1 {
		at := from.AddDate(0, 0, n*i/marks)
		out = append(out, chart.Tick{Value: chart.TimeToFloat64(at), Label: at.Format(form)})
	}
	return out
}

// runs divides points where more than a day lies between them, or a value is not
// known.
func runs(points []Point) [][]Point {
	var out [][]Point
	var run []Point
	for _, p := range points {
		if len(run) > 0 && (p.Value < 0 || p.At.Sub(run[len(run)-1].At) > 25*time.Hour) {
			out, run = append(out, run), nil
		}
		if p.Value >= 0 {
			run = append(run, p)
		}
	}
	if len(run) > 0 {
		out = append(out, run)
	}
	return out
}

// legend names the lines beside a piece of each, above them.
func legend(lines []Line) chart.Renderable {
	return func(r chart.Renderer, _ chart.Box, defaults chart.Style) {
		text := chart.Style{FontSize: 10, FontColor: ink, Font: defaults.Font}
		x, y := 40, 34
		for i, l := range lines {
			looks[i].WriteDrawingOptionsToRenderer(r)
			r.MoveTo(x, y-8)
			r.LineTo(x+56, y-8)
			r.Stroke()
			wide := chart.Draw.MeasureText(r, l.Name, text).Width()
			chart.Draw.Text(r, l.Name, x+68, y, text)
			x += 68 + wide + 44
		}
	}
}

// flat gives a PNG of few colours: shades of lines and letters are all it has, and
// it is sent to every reader.
func flat(raw []byte) ([]byte, error) {
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	return paletted(img)
}

// shade is how far from a colour to white, in sixteenths, an edge is.
func shade(c drawing.Color, sixteenths int) color.Color {
	mix := func(v uint8) uint8 { return uint8((int(v)*(16-sixteenths) + 255*sixteenths) / 16) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 255}
}

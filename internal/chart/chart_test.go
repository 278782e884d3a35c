package chart

import (
	"bytes"
	"image/png"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// line is n days of a value, without those in gaps.
func line(name string, n int, value func(day int) float64) Line {
	l := Line{Name: name}
	for i := range n {
		if v := value(i); !math.IsNaN(v) {
			l.Points = append(l.Points, Point{begin.AddDate(0, 0, i), v})
		}
	}
	return l
}

// fleet is a year of a fleet: an upgrade each month, some days missing.
func fleet(n int) []Line {
	gap := func(i int) bool { return i > n/3 && i < n/3+n/12 || n > 9 && i == n/2 }
	lines := []Line{
		line("out of date", n, func(i int) float64 {
			if gap(i) {
				return math.NaN()
			}
			return max(0, 40-float64(i%30)*2)
		}),
		line("exposed", n, func(i int) float64 {
			if gap(i) {
				return math.NaN()
			}
			return max(0, float64(12-i%45))
		}),
		line("oldest, in days", n, func(i int) float64 {
			if gap(i) {
				return math.NaN()
			}
			return float64(i % 60)
		}),
	}
	lines[2].Right = true
	return lines
}

// A chart is a PNG of its size, small, not blank, and the same each time.
func TestPNG(t *testing.T) {
	unknown := fleet(60)
	for i := range unknown[1].Points {
		unknown[1].Points[i].Value = -1
	}
	for name, lines := range map[string][]Line{
		"three days": fleet(3), "month": fleet(30), "year": fleet(400), "unknown": unknown,
		"nothing happens": {line("out of date", 90, func(int) float64 { return 0 })},
		"large":           {line("out of date", 90, func(i int) float64 { return float64(i) * 1e9 })},
		"a dot":           {line("out of date", 90, func(i int) float64 { return map[bool]float64{true: 3, false: math.NaN()}[i%40 == 0] })},
		"hostile name":    {line("<b>&\x00\u202e"+strings.Repeat("x", 500), 10, func(int) float64 { return 1 })},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := PNG(lines)
			if err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if s := img.Bounds().Size(); s.X != Width || s.Y != Height || len(raw) > 40_000 {
				t.Errorf("%v, %d bytes", s, len(raw))
			}
			first := looks[0].StrokeColor
			drawn := 0
			for y := 65; y < Height && drawn < 20; y++ {
				for x := range Width {
					r, g, b, _ := img.At(x, y).RGBA()
					if uint8(r>>8) == first.R && uint8(g>>8) == first.G && uint8(b>>8) == first.B {
						drawn++
					}
				}
			}
			if drawn < 20 {
				t.Errorf("the first line has %d pixels", drawn)
			}
			if name == "month" { // drawing takes a second under the race detector
				again, err := PNG(lines)
				if err != nil || !bytes.Equal(raw, again) {
					t.Errorf("another picture the second time, %v", err)
				}
			}
			if dir := os.Getenv("DISTROBOT_TEST_SHOTS"); dir != "" {
				if err := os.WriteFile(dir+"/chart-"+strings.ReplaceAll(name, " ", "-")+".png", raw, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// Of less than two days nothing is drawn; of too many lines neither.
func TestNothingToDraw(t *testing.T) {
	for name, lines := range map[string][]Line{
		"nothing": nil, "no points": {{Name: "x"}}, "one day": fleet(1),
		"not known": {line("x", 30, func(int) float64 { return -1 })},
	} {
		if raw, err := PNG(lines); raw != nil || err != nil {
			t.Errorf("%s: %d bytes, %v", name, len(raw), err)
		}
	}
	if _, err := PNG(make([]Line, MaxLines+1)); err == nil {
		t.Error("four lines were drawn")
	}
}

// Axes end at whole numbers that hold every value.
func TestTop(t *testing.T) {
	for most, want := range map[float64]float64{0: 4, 1: 4, 4: 4, 5: 8, 9: 20, 12: 20, 40: 40, 41: 80, 100: 100, 101: 200, 999: 1000, 1001: 2000} {
		got := top([]Line{{Points: []Point{{begin, most}}}}, false)
		if got != want {
			t.Errorf("%v: %v, want %v", most, got, want)
		}
	}
}

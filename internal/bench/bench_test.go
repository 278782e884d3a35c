package bench_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/bench"
)

func TestRowLines(t *testing.T) {
	tests := []struct {
		row  bench.Row
		want string
	}{
		{bench.Row{Name: "refs-wall", Value: 0.0267, Bound: 0.1}, "bench refs-wall 0.027 0.100 ok"},
		{bench.Row{Name: "refs-bytes", Value: 1001, Bound: 1000}, "bench refs-bytes 1001 1000 SHORT"},
		{bench.Row{Name: "at the bound", Value: 1.3, Bound: 1.3}, "bench at the bound 1.300 1.300 ok"},
		{bench.Worst("both", bench.Row{Value: 1, Bound: 4}, bench.Row{Value: 3, Bound: 2}), "bench both 1.500 1.000 SHORT"},
	}
	for _, tt := range tests {
		if got := tt.row.String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestSelect(t *testing.T) {
	all := []bench.Measurement{{Names: []string{"a", "b"}}, {Names: []string{"c"}}}
	tests := []struct {
		only string
		want int // measurements
		ok   bool
	}{{"", 2, true}, {"b", 1, true}, {"a,b", 1, true}, {"c,a", 2, true}, {"d", 0, false}, {"a,", 0, false}}
	for _, tt := range tests {
		got, err := bench.Select(all, tt.only)
		if len(got) != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q: got %d, %v", tt.only, len(got), err)
		}
	}
}

func TestRowNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range bench.All() {
		for _, name := range m.Names {
			if seen[name] {
				t.Errorf("two measurements yield the row %s", name)
			}
			seen[name] = true
		}
	}
}

func TestInterleave(t *testing.T) {
	order := ""
	contender := func(name string) bench.Contender {
		return bench.Contender{
			Name:    name,
			Prepare: func(context.Context, int) error { order += name; return nil },
			Run:     func(context.Context, int) error { order += "!"; return nil },
		}
	}
	medians, err := bench.Interleave(t.Context(), 2, contender("a"), contender("b"))
	if err != nil || len(medians) != 2 || order != "a!b!a!b!a!b!" {
		t.Errorf("got %v, %v in the order %s", medians, err, order)
	}
	broken := bench.Contender{Name: "x", Run: func(context.Context, int) error { return errors.New("no") }}
	if _, err := bench.Interleave(t.Context(), 1, broken); err == nil {
		t.Error("a contender that fails has a result")
	}
	if got := bench.Median([]time.Duration{9, 1, 5}); got != 5 {
		t.Errorf("the median is %d", got)
	}
}

// Package bench measures distrobot's work against its rivals, in one run and
// interleaved, so that a busy machine slows both. Each measurement is one file
// and one line in all.go; the command in cmd runs them for make bench.
package bench

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Row is one result. Value and Bound are in the unit that the name stands for:
// a ratio to the rival, bytes, seconds. Smaller is better.
type Row struct {
	Name  string
	Value float64
	Bound float64
}

// OK reports whether the row is within its bound.
func (r Row) OK() bool { return r.Value <= r.Bound }

// String is the row's line: bench NAME VALUE BOUND ok|SHORT.
func (r Row) String() string {
	verdict := "ok"
	if !r.OK() {
		verdict = "SHORT"
	}
	return fmt.Sprintf("bench %s %s %s %s", r.Name, number(r.Value), number(r.Bound), verdict)
}

// number prints v plainly, with as many digits as mean something.
func number(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

// Worst folds several bounds into one row: the greatest value/bound, against 1.
func Worst(name string, parts ...Row) Row {
	worst := Row{Name: name, Bound: 1}
	for _, p := range parts {
		worst.Value = max(worst.Value, p.Value/p.Bound)
	}
	return worst
}

// A Measurement yields the rows in Names.
type Measurement struct {
	Names []string
	// Memory asks for a directory in memory where the machine has one, so that
	// the programs are compared and not the disk, whose share is the same for all.
	Memory bool
	Run    func(ctx context.Context, b *B) ([]Row, error)
}

// B is what a measurement works with.
type B struct {
	Dir string    // an empty directory of its own, removed afterwards
	Out io.Writer // where the lines go
}

// Note prints a part of a row on a line of its own, which begins with #.
func (b *B) Note(format string, args ...any) {
	fmt.Fprintf(b.Out, "# "+format+"\n", args...)
}

// Select returns those of all that yield one of the rows named in only, a list
// separated by commas; an empty one selects all. A name that no measurement has
// is an error, so that a mistyped row is not taken for a good one.
func Select(all []Measurement, only string) ([]Measurement, error) {
	if only == "" {
		return all, nil
	}
	var chosen []Measurement
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(m Measurement) bool { return slices.Contains(m.Names, name) })
		if i < 0 {
			return nil, fmt.Errorf("there is no bench row %q", name)
		}
		if !slices.ContainsFunc(chosen, func(m Measurement) bool { return m.Names[0] == all[i].Names[0] }) {
			chosen = append(chosen, all[i])
		}
	}
	return chosen, nil
}

// A Contender is one of the ways to do a thing that are compared.
type Contender struct {
	Name string
	// Prepare is run before each round and not measured; it may be nil.
	Prepare func(ctx context.Context, round int) error
	Run     func(ctx context.Context, round int) error
}

// Interleave runs the contenders in turn, rounds times after one round that does
// not count, and returns the median duration of each.
func Interleave(ctx context.Context, rounds int, contenders ...Contender) ([]time.Duration, error) {
	times := make([][]time.Duration, len(contenders))
	for round := range rounds + 1 {
		for i, c := range contenders {
			if c.Prepare != nil {
				if err := c.Prepare(ctx, round); err != nil {
					return nil, fmt.Errorf("%s: prepare: %w", c.Name, err)
				}
			}
			begin := time.Now()
			if err := c.Run(ctx, round); err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name, err)
			}
			if round > 0 {
				times[i] = append(times[i], time.Since(begin))
			}
		}
	}
	medians := make([]time.Duration, len(times))
	for i, t := range times {
		medians[i] = Median(t)
	}
	return medians, nil
}

// Median returns the middle of values, which it sorts.
func Median(values []time.Duration) time.Duration {
	slices.Sort(values)
	return values[len(values)/2]
}

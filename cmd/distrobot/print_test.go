package main

import (
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

func TestPrintMessage(t *testing.T) {
	m := fleet.Message{
		Title: "What you can ask\x1b[2J", Lines: []fleet.Line{
			fleet.Item(fleet.Mono("list"), " all distributions"),
			fleet.Item(fleet.Mono(strings.Repeat("x", 60)), " a long one"),
			fleet.Item("plain"), fleet.Say("See ", fleet.Link("the page", "https://example.org/")), {Quote: true, Spans: []fleet.Span{{Text: "said"}}},
		},
		Fields: []fleet.Field{{Label: "Target", Value: fleet.Say("shop-1")}},
		Table:  &fleet.Table{Header: []string{"Site", "State"}, Rows: [][]string{{"a.example", "live"}, {"longer.example", "\u202egnp"}}},
	}
	var b strings.Builder
	printMessage(&b, m)
	want := `What you can ask[2J
  list                                        all distributions
  ` + strings.Repeat("x", 60) + `
                                              a long one
  - plain
See the page <https://example.org/>
  > said
Target: shop-1
  Site            State
  a.example       live
  longer.example  gnp
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

package fleet_test

import (
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

func TestRunsOn(t *testing.T) {
	for _, tt := range []struct {
		needs, has string
		ok         bool
	}{
		{">=8.1", "8.2.36", true}, {">=8.3", "8.2.36", false}, {"^7.4 || ^8.0", "8.2.36", true}, {"", "8.2.36", true},
		{">=8.3", "", true}, {"<9", "8.2.36", true}, {"8.2.36", "8.2.36", true}, {"nonsense", "5.6.40", true},
	} {
		if err := fleet.RunsOn(tt.needs, tt.has); (err == nil) != tt.ok {
			t.Errorf("%q on %q: %v", tt.needs, tt.has, err)
		}
	}
}

// What a host's PHP is too old for is a block; that it is new enough needs no
// word.
func TestHostsPHP(t *testing.T) {
	from, to := fleet.PlatformFacts{Platform: "a", PHP: ">=7.4"}, fleet.PlatformFacts{Platform: "b", PHP: ">=8.1"}
	for has, want := range map[string]string{"8.2.36": "", "8.0.30": "The target needs PHP 8.1 or later, and its host runs 8.0.30."} {
		c := fleet.Compare(from, to, &fleet.SiteFacts{URI: "a.example", PHP: has})
		got := ""
		for _, f := range c.Findings {
			if f.Block || strings.Contains(f.Text, "PHP") {
				got += f.Text
			}
		}
		if got != want {
			t.Errorf("PHP %s: %q, want %q", has, got, want)
		}
	}
}

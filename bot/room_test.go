package bot_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/bot"
	"github.com/distrobot/distrobot/fleet"
)

// TestChannelsAreLinks: an id becomes a link, anything else stays text that
// cannot act.
func TestChannelsAreLinks(t *testing.T) {
	m := fleet.Message{Text: "Shown.", Lines: []fleet.Line{fleet.Say("in ", fleet.In("C0SITES"), fleet.In("<!channel>"))},
		Fields: []fleet.Field{{Label: "Channel", Value: fleet.Say(fleet.In("C0SITES"))}, {Label: "Other", Value: fleet.Say(fleet.In("<!here>"))}}}
	raw, err := json.Marshal(bot.Render(m).Blocks)
	if err != nil {
		t.Fatal(err)
	}
	got := string(raw)
	for _, want := range []string{`"channel_id":"C0SITES"`, `\u003c#C0SITES\u003e`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if strings.Contains(got, `\u003c!here`) {
		t.Errorf("a foreign name acts: %s", got)
	}
}

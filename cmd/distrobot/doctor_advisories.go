package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// staleAdvisories is when what a source said is too old to rest on.
const staleAdvisories = 3 * 24 * time.Hour

// checkAdvisories names the sources of advisories that fail, with the time as of
// which they are known.
func (a *app) checkAdvisories(ctx context.Context) []finding {
	if len(a.reader.Sources) == 0 {
		return []finding{warning("advisories", "no source of security advisories is set", "set DISTROBOT_ADVISORIES, see docs/advisories.md")}
	}
	feeds, err := a.advisories.Feeds(ctx)
	if err != nil {
		return []finding{broken("advisories", failure(err).Message.Text, "check that Redis answers")}
	}
	var out []finding
	for _, s := range a.reader.Sources {
		i := slices.IndexFunc(feeds, func(f fleet.Feed) bool { return f.Name == s.Name })
		if i < 0 {
			out = append(out, warning("advisories", s.Name+" was not read yet", "start serve: it reads the sources"))
			continue
		}
		out = append(out, checkFeed(feeds[i], time.Now()))
	}
	return out
}

func checkFeed(f fleet.Feed, now time.Time) finding {
	asOf := "nothing is known from it"
	if !f.Checked.IsZero() {
		asOf = "what is known is as of " + f.Checked.UTC().Format("2 January 15:04 UTC")
	}
	switch {
	case f.Failing != "":
		return warning("advisories", fmt.Sprintf("%s cannot be read: %s %s", f.Name, f.Failing, asOf), "check the address in DISTROBOT_ADVISORIES and the network")
	case f.Checked.IsZero():
		return warning("advisories", f.Name+" was not read yet", "start serve: it reads the sources")
	case now.Sub(f.Checked) > staleAdvisories:
		return warning("advisories", f.Name+" was not read for long: "+asOf, "check that serve runs")
	case f.Skipped > 0:
		return fine("advisories", fmt.Sprintf("%s: %d advisories for what is installed, %d more that nobody could make out", f.Name, f.Count, f.Skipped))
	}
	return fine("advisories", fmt.Sprintf("%s: %d advisories for what is installed", f.Name, f.Count))
}

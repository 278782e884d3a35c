package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/distrobot/distrobot/cmd/distrobot/sample"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/chat"
)

// confirmChannels share the plans: the bot posts one message a second to each.
var confirmChannels = []string{"#sites", "#general"}

const (
	platformFrom = fleet.PlatformName("atrium-1.1.0")
	platformTo   = fleet.PlatformName("atrium-1.2.0")
	setUpTime    = 90 * time.Second
	// creators make the sites, each in their own conversation with the bot: that
	// leaves the channels to the plans, and most sites are ready before the bot's
	// pace lets it say so, which saves the edit.
	creators = 4
)

func siteURI(i int) fleet.URI { return fleet.URI(fmt.Sprintf("site%02d.example.org", i)) }

// makeFleet builds two platforms of the sample and sites on the older one.
func (w *confirmWorld) makeFleet(ctx context.Context) error {
	for _, line := range []string{
		"/invite @distrobot",
		fmt.Sprintf("/distro add %s --url %s/%s --tags %s", sample.Distribution, w.forge.URL, sample.Repository, sample.Tags),
	} {
		if err := w.say(worldAdmin, confirmChannels[1], line); err != nil {
			return err
		}
	}
	if err := w.awaitPlatform(ctx, platformTo); err != nil {
		return err
	}
	if err := w.say(worldAdmin, confirmChannels[0], fmt.Sprintf("/distro build %s 1.1.0", sample.Distribution)); err != nil {
		return err
	}
	if err := w.awaitPlatform(ctx, platformFrom); err != nil {
		return err
	}
	for i := range confirmPlans {
		who := maintainer(i % creators)
		if err := w.say(personName(who), "D"+personID(who)[1:], fmt.Sprintf("/distro site create %s %s", siteURI(i), platformFrom)); err != nil {
			return err
		}
	}
	for i := range confirmPlans {
		s := fleet.Site{URI: siteURI(i)}
		if err := w.awaitRow(ctx, &s, func() (bool, string) { return s.State == fleet.SiteLive, fmt.Sprintf("site %s is %q", s.URI, s.State) }); err != nil {
			return err
		}
	}
	return nil
}

// A proposed plan as it stands in the chat.
type proposedPlan struct {
	channel, ts string
	confirm     chat.Button
}

// propose asks for a plan for each site and waits until people can confirm all.
func (w *confirmWorld) propose(ctx context.Context) ([]proposedPlan, error) {
	for i := range confirmPlans {
		line := fmt.Sprintf("/distro migrate %s %s", siteURI(i), platformTo)
		if err := w.say(worldAdmin, confirmChannels[i%len(confirmChannels)], line); err != nil {
			return nil, err
		}
	}
	var plans []proposedPlan
	err := w.watch.await(ctx, setUpTime, func() (bool, string) {
		plans = plans[:0]
		for _, m := range w.watch.shown {
			if b, ok := m.Button("Confirm"); ok {
				plans = append(plans, proposedPlan{m.channel, m.TS, b})
			}
		}
		return len(plans) == confirmPlans, fmt.Sprintf("%d of %d plans can be confirmed", len(plans), confirmPlans)
	})
	return plans, err
}

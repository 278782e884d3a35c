package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// notPermitted is the refusal of a vote, with who can.
func (t *Table) notPermitted(ctx context.Context, d fleet.Decision) error {
	who := partySpans(d.Plan.Rule.Terms().Parties())
	if len(d.Plan.Rule.Quorum) == 0 {
		who = t.Roles.Holders(ctx, fleet.Maintainer)
	}
	return &denied{err: fleet.Errorf(fleet.Forbidden, "%s", d.Text), who: who, recorded: d.Recorded()}
}

// mayTry refuses somebody who could not confirm any plan like the one named, so
// that they are not sent to look for its revision first. The Decider decides.
func (t *Table) mayTry(ctx context.Context, r Request) error {
	id, _, _ := strings.Cut(r.Args[0], "|")
	p, err := t.plan(ctx, id)
	if err != nil || len(p.Rule.Quorum)+len(p.Rule.Glass) > 0 || !p.State.Undecided() {
		return err
	}
	_, err = t.permit(ctx, r.Who, fleet.Maintainer, "do that")
	return err
}

// reasonForm asks for the reason that the policy wants; it runs confirm.
func reasonForm(p fleet.Plan, rev int) fleet.Form {
	return fleet.Form{
		Command: "confirm", Title: "Confirm this plan", Submit: "Confirm", State: fleet.PlanValue(p.ID, rev),
		Intro:  []fleet.Line{fleet.Say(fleet.Bold(fleet.Clean(p.Title, 200))), fleet.Say("The policy wants a reason with each approval. Everybody can read it.")},
		Inputs: []fleet.Input{{Name: "reason", Label: "Reason", Placeholder: "Security release, tested on staging", Multiline: true}},
	}
}

// Second is the page on which people confirm once more, in a browser. URL is
// where browsers reach it, Key signs its links; without a URL no policy can ask
// for a second factor.
type Second struct {
	URL string
	Key []byte
}

// Offered reports whether links can be made.
func (s Second) Offered() bool { return s.URL != "" && len(s.Key) > 0 }

// invite is the answer, for one person alone, with the link to confirm by.
func (s Second) invite(d fleet.Decision) (fleet.Message, error) {
	if !s.Offered() {
		return fleet.Message{}, fleet.Errorf(fleet.Refused, "The policy asks for a second factor, and there is no page for it any more.").
			WithHint("Set DISTROBOT_LISTEN and DISTROBOT_PUBLIC_URL, or take the second factor out of the policy.")
	}
	token, err := d.Link.Token(s.Key)
	if err != nil {
		return fleet.Message{}, fmt.Errorf("sign a link: %w", err)
	}
	link := strings.TrimSuffix(s.URL, "/") + SecondPath + token
	m := fleet.Message{Text: d.Text + " " + link, Lines: []fleet.Line{
		fleet.Say(d.Text, " ", fleet.Link("Confirm in the browser", link)),
		fleet.Say("The link is yours alone: give it to nobody. It can be used once, until ", fleet.When(d.Link.Until), "."),
	}}
	return m, nil
}

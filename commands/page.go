package commands

import (
	"context"
	"fmt"
	"net/url"

	"github.com/distrobot/distrobot/fleet"
)

// newPage gives a person a link of their own to what a browser shows.
func newPage(t *Table) Command {
	return Command{
		Verb: "page", Args: "[PLAN|SITE|PLATFORM [PLATFORM]]", Max: 2, Group: "Upgrades", Role: fleet.Reader,
		Summary: "a link, for you alone, to the page of the fleet or of a comparison",
		Help:    []string{fleet.Slash + " page", fleet.Slash + " page shop.example.org", fleet.Slash + " page atrium-1.0.0 atrium-1.1.0"},
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			path, err := t.pagePath(ctx, r.Args)
			if err != nil {
				return fleet.Message{}, err
			}
			link, err := t.Pages.Link(r.Who, path)
			if err != nil {
				return fleet.Message{}, err
			}
			return fleet.Message{Text: "Your link to the page: " + link, Lines: []fleet.Line{
				fleet.Say(fleet.Link("Open the page", link)),
				fleet.Say(fmt.Sprintf("The link is yours alone: give it to nobody. It can be opened once, within %d minutes.", int(fleet.PageLinkLife.Minutes()))),
			}}, nil
		},
	}
}

// pagePath is where a page about something is, below fleet.PagePath.
func (t *Table) pagePath(ctx context.Context, args []string) (string, error) {
	switch len(args) {
	case 0:
		return "fleet", nil
	case 2:
		from, err := t.platform(ctx, args[0])
		if err != nil {
			return "", err
		}
		to, err := t.platform(ctx, args[1])
		return comparing{From: from.Name, To: to.Name}.page(), err
	}
	if p, err := t.plan(ctx, args[0]); err == nil {
		return planPage(p.ID, ""), nil
	} else if fleet.CodeOf(err) != fleet.NotFound {
		return "", err
	}
	x, same, err := t.towards(ctx, args[0])
	if err == nil && same {
		err = fleet.Errorf(fleet.Refused, "%s is up to date; there is nothing to compare.", fleet.Clean(args[0], 80))
	}
	return x.page(), err
}

// page is the path of the page of a comparison.
func (x comparing) page() string {
	path := "compare/" + url.PathEscape(string(x.From)) + "/" + url.PathEscape(string(x.To))
	if x.Site != "" {
		path += "?" + url.Values{"site": {string(x.Site)}}.Encode()
	}
	return path
}

// planPage is the path of the page of a plan, for one of its sites if it is named.
func planPage(id fleet.PlanID, site fleet.URI) string {
	path := "plan/" + url.PathEscape(string(id))
	if site != "" {
		path += "?" + url.Values{"site": {string(site)}}.Encode()
	}
	return path
}

// linkPage adds the way to a page to an answer for one person, if there are pages.
func (t *Table) linkPage(m *fleet.Message, who fleet.Actor, path string) error {
	if !t.Pages.Offered() {
		return nil
	}
	link, err := t.Pages.Link(who, path)
	if err != nil {
		return err
	}
	b := fleet.Button{Label: "Open the page", URL: link}
	m.Buttons = append(m.Buttons, b)
	if m.Sheet != nil {
		m.Sheet.Buttons = append(m.Sheet.Buttons, b)
	}
	return nil
}

// MayLook refuses who may not see the fleet, as a command that only shows does.
func (t *Table) MayLook(ctx context.Context, who fleet.Actor) error {
	_, err := t.permit(ctx, who, fleet.Reader, "look at the fleet")
	return err
}

// ConfirmOnPage casts a vote that was pressed on the page of a plan: by the
// command confirm, so that rights, fingerprint, expiry and the record are those of
// every other press. Only distributions that ask for it are confirmed there.
func (t *Table) ConfirmOnPage(ctx context.Context, v fleet.PageVote) (text string, counted bool, err error) {
	ctx, cancel := context.WithTimeout(fleet.WithOrigin(ctx, fleet.Origin{Via: fleet.ViaPage}), voteTime)
	defer cancel()
	p, err := t.plan(ctx, string(v.Plan))
	if err != nil {
		return "", false, err
	}
	d := fleet.Distribution{}
	if p.Distribution != "" {
		if d, err = t.Catalog.Distribution(ctx, p.Distribution); err != nil {
			return "", false, err
		}
	}
	if !d.Policy.OnPage || p.Rule.Second {
		return "", false, fleet.Errorf(fleet.Refused, "This plan is confirmed in Slack alone.").WithHint("Press Confirm in its message there.")
	}
	out, err := t.Press(ctx, Press{ID: v.Request, Command: "confirm", Value: fleet.PlanValue(p.ID, v.Revision), Who: v.Who, Inputs: map[string]string{"reason": v.Reason}})
	if err != nil {
		return "", false, err
	}
	text = out.Message.Text
	for _, wrong := range out.Errors {
		text = wrong
	}
	return text, out.Code == "" && len(out.Errors) == 0, nil
}

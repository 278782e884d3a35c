package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// Directory finds who is meant by a name. The bot is one.
type Directory interface {
	fleet.Directory
	// Person gives a full member of the workspace by id or name. Errors:
	// NotFound, also for guests, bots and people who have left, and Later.
	Person(ctx context.Context, name string) (fleet.Actor, error)
}

// policyOptions are what a policy says; each takes "default" to say nothing.
var policyOptions = [...]Option{
	{"ask", "WHO", "who may ask for upgrades and rehearsals, pause and stop plans"},
	{"build", "WHO", "who may build platforms"},
	{"confirm", "RULE", "whose approvals a plan needs: @release, 2 of @release + 1 of @client, or 2 of @release, @client (one each)"},
	{"rollback", "WHO", "who may ask for rollbacks"},
	{"target", "WHO", "who may change upgrade targets and locks"},
	{"freeze", "WHO", "who may freeze and thaw"},
	{"administer", "WHO", "who may, besides administrators, add, edit, remove, migrate, work on sites and set policies"},
	{"need-reason", "yes|no", "an approval needs a reason (no)"},
	{"second-factor", "yes|no", "an approval is confirmed once more, in a browser (no)"},
	{"break-glass", "WHO", "who may confirm alone in an emergency, with a reason and an alarm (nobody)"},
	{"alarm", "CHANNEL", "the channel that is told of that"},
}

// byDefault is the value by which an option of a policy says nothing again.
const byDefault = "default"

func (t *Table) policies() *fleet.Policies {
	return &fleet.Policies{Store: t.Store, Links: t.Second.Offered()}
}

// ruled is the distribution whose policy is meant; "" is the default policy,
// typed "*" or, where no distribution is called so, "default".
func (t *Table) ruled(ctx context.Context, name string) (fleet.DistName, error) {
	if name == "*" {
		return "", nil
	}
	d, err := t.dist(ctx, name)
	if err != nil && strings.EqualFold(name, byDefault) && fleet.CodeOf(err) == fleet.NotFound {
		return "", nil
	}
	return d.Name, err
}

// newPolicy shows every policy, or that of a distribution.
func newPolicy(t *Table) Command {
	c := newPolicyShow(t)
	c.Sub, c.Summary = "", "who may do what, and what it takes to confirm a plan"
	c.Help = []string{fleet.Slash + " policy", fleet.Slash + " policy atrium"}
	return c
}

func newPolicyShow(t *Table) Command {
	return Command{Verb: "policy", Sub: "show", Args: "[DIST|*]", Max: 1, Group: "Distributions", Role: fleet.Reader,
		Summary: "show the policy of a distribution, or the default one and where others differ",
		Help:    []string{fleet.Slash + " policy show atrium", "What a policy does not say is as the default one (*) says it; what neither says is as the roles have it."},
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			name := "*"
			if len(r.Args) > 0 {
				name = r.Args[0]
			}
			d, err := t.ruled(ctx, name)
			if err != nil {
				return fleet.Message{}, err
			}
			return t.showPolicy(ctx, d)
		}}
}

func newPolicySet(t *Table) Command {
	return Command{Verb: "policy", Sub: "set", Args: "DIST|* --OPTION VALUE …", Min: 1, Max: 1, Group: "Distributions", Role: fleet.Administrator,
		Summary: "change a policy; undecided plans are drawn again, running ones pause", Options: policyOptions[:],
		Help: []string{
			"WHO is a list of user groups (@release), people, channels (#ops: its members), or administrators, maintainers and readers. default leaves it to the default policy.",
			fleet.Slash + ` policy set atrium --confirm "2 of @release, @client" --need-reason yes`,
			fleet.Slash + " policy set * --freeze @oncall --break-glass @oncall --alarm #incidents",
		},
		Form: t.policyForm, Run: t.setPolicy}
}

func newPolicyReset(t *Table) Command {
	return Command{Verb: "policy", Sub: "reset", Args: "DIST|*", Min: 1, Max: 1, Group: "Distributions", Help: []string{fleet.Slash + " policy reset atrium"}, Role: fleet.Administrator,
		Summary: "make a policy say nothing any more",
		Run: func(ctx context.Context, r Request) (fleet.Message, error) {
			d, err := t.ruled(ctx, r.Args[0])
			if err != nil {
				return fleet.Message{}, err
			}
			if err := t.policies().Reset(ctx, d, r.Who); err != nil {
				return fleet.Message{}, err
			}
			m, err := t.showPolicy(ctx, d)
			m.Text = "The policy of " + fleet.AccessPolicy{Distribution: d}.Of() + " says nothing any more."
			m.Lines = append([]fleet.Line{fleet.Say(m.Text)}, m.Lines...)
			return m, err
		}}
}

// setPolicy reads every value before anything is changed: groups are looked up
// in Slack, and ids are kept.
func (t *Table) setPolicy(ctx context.Context, r Request) (fleet.Message, error) {
	d, err := t.ruled(ctx, r.Args[0])
	if err != nil {
		return fleet.Message{}, err
	}
	if len(r.Opts) == 0 {
		if r.Shell {
			return fleet.Message{}, newPolicySet(t).usage("Nothing to change was given.")
		}
		form, err := t.policyForm(ctx, r)
		return fleet.Message{Text: form.Title + ".", Form: &form}, err
	}
	own, _, err := t.policies().Get(ctx, d)
	if err != nil {
		return fleet.Message{}, err
	}
	if err := t.joined(ctx, map[string]string{"channel": channelOf(r.Opts["alarm"])}); err != nil {
		return fleet.Message{}, wrong("alarm", err)
	}
	var changes []func(*fleet.AccessPolicy)
	for _, o := range policyOptions {
		value, given := r.Opts[o.Name]
		if !given || strings.TrimSpace(value) == policyText(own, o.Name) { // a form gives all of them
			continue
		}
		change, err := t.readPolicy(ctx, o.Name, strings.TrimSpace(value))
		if err != nil {
			return fleet.Message{}, wrong(o.Name, err)
		}
		changes = append(changes, change)
	}
	p, err := t.policies().Set(ctx, d, r.Who, func(p *fleet.AccessPolicy) error {
		for _, change := range changes {
			change(p)
		}
		return nil
	})
	if err != nil {
		return fleet.Message{}, err
	}
	m, err := t.showPolicy(ctx, d)
	m.Text = fmt.Sprintf("The policy of %s is changed, revision %d.", p.Of(), p.Revision)
	m.Lines = append([]fleet.Line{fleet.Say(m.Text + " Undecided plans are drawn again; running ones pause before their next wave.")}, m.Lines...)
	return m, err
}

func channelOf(value string) string {
	if strings.EqualFold(value, byDefault) {
		return ""
	}
	return value
}

// readPolicy reads the value of one option.
func (t *Table) readPolicy(ctx context.Context, name, value string) (func(*fleet.AccessPolicy), error) {
	unset := value == "" || strings.EqualFold(value, byDefault)
	switch name {
	case "need-reason", "second-factor":
		var o fleet.OnOff
		if !unset {
			if err := choose((*string)(&o), value, []string{"yes", "no"}); err != nil {
				return nil, err
			}
		}
		return func(p *fleet.AccessPolicy) {
			if name == "need-reason" {
				p.Reason = o
			} else {
				p.Second = o
			}
		}, nil
	case "alarm":
		return func(p *fleet.AccessPolicy) { p.Alarm = strings.TrimPrefix(channelOf(value), "#") }, nil
	case "confirm":
		var q fleet.Quorum
		var err error
		if !unset {
			q, err = fleet.ParseQuorum(ctx, value, t.directory())
		}
		return func(p *fleet.AccessPolicy) { p.Confirm = q }, err
	}
	var who []fleet.Party
	var err error
	if !unset {
		who, err = fleet.ParseParties(ctx, value, t.directory())
	}
	return func(p *fleet.AccessPolicy) {
		if name == "break-glass" {
			p.Glass = who
			return
		}
		p.May[fleet.Right(name)] = who
	}, err
}

// directory is nil, not a nil pointer in an interface, where there is none.
func (t *Table) directory() fleet.Directory {
	if t.Directory == nil {
		return nil
	}
	return t.Directory
}

package main

import (
	"context"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// A manifestAccess is an access policy, in the words of `policy set`. Groups,
// people and channels are written by their ids, with the name they had behind
// them: "S0AB(release)"; only the id counts.
type manifestAccess struct {
	Ask          string `yaml:"ask,omitempty"`
	Build        string `yaml:"build,omitempty"`
	Confirm      string `yaml:"confirm,omitempty"` // "2 of S0AB(release), S0CD(client)"
	Rollback     string `yaml:"rollback,omitempty"`
	Target       string `yaml:"target,omitempty"`
	Freeze       string `yaml:"freeze,omitempty"`
	Administer   string `yaml:"administer,omitempty"`
	NeedReason   string `yaml:"need_reason,omitempty"`   // yes or no
	SecondFactor string `yaml:"second_factor,omitempty"` // yes or no
	BreakGlass   string `yaml:"break_glass,omitempty"`
	Alarm        string `yaml:"alarm,omitempty"` // a channel
}

// lists are the fields that name people, by the right they give.
func (m *manifestAccess) lists() map[fleet.Right]*string {
	return map[fleet.Right]*string{fleet.MayAsk: &m.Ask, fleet.MayBuild: &m.Build, fleet.MayRollback: &m.Rollback,
		fleet.MayTarget: &m.Target, fleet.MayFreeze: &m.Freeze, fleet.MayAdminister: &m.Administer}
}

// policy is the record that a manifest asks for.
func (m manifestAccess) policy(name string) (fleet.AccessPolicy, error) {
	p := fleet.AccessPolicy{May: map[fleet.Right][]fleet.Party{}, Reason: fleet.OnOff(m.NeedReason), Second: fleet.OnOff(m.SecondFactor), Alarm: m.Alarm}
	if name != "*" {
		p.Distribution = fleet.DistName(name)
		if err := fleet.CheckDistName(name); err != nil {
			return p, err
		}
	}
	ctx, err := context.Background(), error(nil)
	for right, text := range m.lists() {
		if *text == "" {
			continue
		}
		if p.May[right], err = fleet.ParseParties(ctx, *text, manifestNames{}); err != nil {
			return p, err
		}
	}
	if m.BreakGlass != "" {
		if p.Glass, err = fleet.ParseParties(ctx, m.BreakGlass, manifestNames{}); err != nil {
			return p, err
		}
	}
	if m.Confirm != "" {
		if p.Confirm, err = fleet.ParseQuorum(ctx, m.Confirm, manifestNames{}); err != nil {
			return p, err
		}
	}
	return p, p.Check()
}

// manifestNames reads "S0AB(release)": a file says the same wherever it is
// applied, so that nothing is looked up in Slack.
type manifestNames struct{}

// Party implements fleet.Directory.
func (manifestNames) Party(_ context.Context, text string) (fleet.Party, error) {
	id, name, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	p, ok := fleet.ParseParty(id)
	if !ok {
		return p, fleet.Errorf(fleet.Invalid, "%q is no id of a group, person or channel.", fleet.Clean(text, 60)).
			WithHint("Write S0AB, U0AB, C0AB, unix:1000, administrators, maintainers or readers; export writes them for you.")
	}
	p.Name = fleet.Clean(name, 100)
	return p, nil
}

// describedPolicy is the reverse of policy.
func describedPolicy(p fleet.AccessPolicy) manifestAccess {
	m := manifestAccess{NeedReason: string(p.Reason), SecondFactor: string(p.Second), Alarm: p.Alarm, BreakGlass: written(p.Glass)}
	for right, text := range m.lists() {
		*text = written(p.May[right])
	}
	q := make(fleet.Quorum, len(p.Confirm))
	for i, t := range p.Confirm {
		q[i] = fleet.Term{Need: t.Need, Each: t.Each}
		for _, x := range t.From {
			q[i].From = append(q[i].From, fleet.Party{Kind: x.Kind, ID: writtenParty(x)})
		}
	}
	m.Confirm = q.String()
	return m
}

func written(parties []fleet.Party) string {
	words := make([]string, len(parties))
	for i, p := range parties {
		words[i] = writtenParty(p)
	}
	return strings.Join(words, ", ")
}

// writtenParty is an id with its name behind it, where the name can be read back.
func writtenParty(p fleet.Party) string {
	if p.Name == "" || strings.ContainsAny(p.Name, "(), +") {
		return p.ID
	}
	return p.ID + "(" + p.Name + ")"
}

// policyDeeds set a policy that says something else than the file. One that the
// file does not name is left as it is.
func policyDeeds(name string, want manifestAccess, now present) []deed {
	p, err := want.policy(name)
	if err != nil || describedPolicy(p) == describedPolicy(now.policies[name]) {
		return nil // parseManifest has told what is wrong
	}
	return []deed{{kind: "policy", name: name, rules: p, text: "change the policy of " + name}}
}

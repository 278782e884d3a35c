package fleet

import (
	"context"
	"strconv"
)

// Policies keeps access policies. Links says that a second factor can be asked
// for: the address of the page for it is known.
type Policies struct {
	Store Store
	Links bool
}

// Get reads the policy of a distribution and the default one; "" as name gives
// the default one twice. A policy that nobody has set is empty.
func (s *Policies) Get(ctx context.Context, d DistName) (own, def AccessPolicy, err error) {
	own.Distribution = d
	_, err = s.Store.Read(ctx, &own, &def)
	return own, def, err
}

// All reads every policy that says something.
func (s *Policies) All(ctx context.Context) ([]AccessPolicy, error) {
	rows, err := listRows(ctx, s.Store, AllPolicies, policyRow)
	out := rows[:0]
	for _, p := range rows {
		if !p.Empty() {
			out = append(out, p)
		}
	}
	return out, err
}

// Set changes the policy of a distribution, or the default one when the name is
// empty. What the policy says is a rule of the distribution: Rules rises (of
// every distribution, for the default one) in the same commit, so that undecided
// plans are void and running ones pause. Errors: NotFound, Invalid, and Refused
// when a second factor is asked for that nobody could give.
func (s *Policies) Set(ctx context.Context, d DistName, who Actor, change func(*AccessPolicy) error) (AccessPolicy, error) {
	plans, err := openPlans(ctx, s.Store)
	if err != nil {
		return AccessPolicy{}, err
	}
	var out AccessPolicy
	err = s.Store.Update(ctx, Catalogue, func(tx Tx) error {
		dists, err := ruled(tx, d)
		if err != nil {
			return err
		}
		have := AccessPolicy{Distribution: d}
		if d != "" {
			have.Distribution = dists[0].Name
		}
		if _, err := tx.Get(&have); err != nil {
			return err
		}
		if out, err = s.changed(have, change); err != nil || out.said() == have.said() {
			return err
		}
		out.Revision, out.By, out.At = have.Revision+1, who, tx.Now()
		tx.Put(&out)
		rulesRise(tx, dists)
		tx.Emit(audited(tx, who, "policy.set", out.Of(), "revision", strconv.FormatInt(out.Revision, 10), "policy", clip(out.said(), 2000)))
		tx.Emit(orphans(plans, d)...)
		return nil
	})
	return out, err
}

// changed applies a change and checks what comes of it.
func (s *Policies) changed(p AccessPolicy, change func(*AccessPolicy) error) (AccessPolicy, error) {
	next := p
	next.May = map[Right][]Party{}
	for k, v := range p.May {
		next.May[k] = v
	}
	if err := change(&next); err != nil {
		return p, err
	}
	next.Distribution, next.Revision = p.Distribution, p.Revision
	for k, v := range next.May {
		if len(v) == 0 {
			delete(next.May, k)
		}
	}
	if next.Second == On && !s.Links {
		return p, Errorf(Refused, "A second factor cannot be asked for: nobody could open its link.").
			WithHint("Set DISTROBOT_LISTEN and DISTROBOT_PUBLIC_URL, the address at which browsers reach it, and start the bot again.")
	}
	return next, next.Check()
}

// Reset makes a policy say nothing: the default one and the roles decide again.
// Errors: NotFound when it says nothing already.
func (s *Policies) Reset(ctx context.Context, d DistName, who Actor) error {
	own, _, err := s.Get(ctx, d)
	if err != nil {
		return err
	}
	if own.Empty() {
		return Errorf(NotFound, "There is no policy of %s.", own.Of())
	}
	_, err = s.Set(ctx, d, who, func(p *AccessPolicy) error {
		*p = AccessPolicy{}
		return nil
	})
	return err
}

// ruled are the distributions whose rules a policy is part of.
func ruled(tx Tx, d DistName) ([]Distribution, error) {
	if d == "" {
		return getRows(tx, AllDistributions, distRow)
	}
	have, err := mustDist(tx, d)
	return []Distribution{have}, err
}

// rulesRise lets the rules of distributions rise and their plans be looked at.
func rulesRise(tx Tx, dists []Distribution) {
	for i := range dists {
		dists[i].Rules++
		tx.Put(&dists[i])
		tx.Emit(Effect{Review: dists[i].Name})
	}
}

// orphans lets plans of no distribution, which the default policy rules, be
// looked at; an undecided one is looked at when somebody presses.
func orphans(plans []Plan, d DistName) []Effect {
	var out []Effect
	for _, p := range plans {
		if d == "" && p.Distribution == "" && !p.State.Undecided() {
			out = append(out, Effect{Advance: p.ID})
		}
	}
	return out
}

// forgetPolicy drops the policy of a distribution that is removed.
func forgetPolicy(tx Tx, d DistName) error {
	p := AccessPolicy{Distribution: d}
	found, err := tx.Get(&p)
	if err == nil && found {
		tx.Delete(&p)
	}
	return err
}

package fleet

import (
	"context"
	"slices"
)

// glass tells of a plan that somebody confirmed alone in an emergency.
func (n *Narrator) glass(ctx context.Context, id string) (Message, error) {
	p := Plan{ID: PlanID(id)}
	if err := One(ctx, n.Store, &p, "plan "+Clean(id, 40)); err != nil {
		return Message{}, err
	}
	i := slices.IndexFunc(p.Votes, func(a Approval) bool { return a.Glass })
	if i < 0 {
		return Message{}, Errorf(NotFound, "Nobody broke the glass for plan %s.", p.ID)
	}
	return TellGlass(p, p.Votes[i]), nil
}

// TellGlass is the alarm that a plan was confirmed by one person alone, though
// its rule asks for more.
func TellGlass(p Plan, a Approval) Message {
	return Message{
		Text:  "Break-glass: " + a.Who.display() + " confirmed alone: " + lowerFirst(Clean(p.Title, 200)) + ".",
		Title: "Break-glass: confirmed by one person alone", Tone: Bad,
		Lines: []Line{
			Say(By(a.Who), " confirmed “"+Clean(p.Title, 200)+"”, ", When(a.At), ", without the approvals that the policy asks for: "+p.Rule.Terms().Tell()+"."),
			{Quote: true, Spans: []Span{{Text: "Reason: " + Clean(a.Reason, 300)}}},
			Say("It does what was shown, and freezes and windows hold it as always. To end what has not begun: ", Mono(Slash+" abort "+string(p.ID))),
		},
		Footer: Say("Plan ", Mono(string(p.ID)), " is "+string(p.State)+"."),
	}
}

package fleet

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of the form that leaves sites out: a menu holds MaxChoices, and a view
// 250 KB. More sites can be named by typing.
const (
	formMenus = 5
	formSites = formMenus * MaxChoices
)

// WithoutForm is the form in which the sites to leave out of a plan are chosen.
// Those that are left out for other reasons cannot be taken in, so they are not
// among the choices.
func WithoutForm(p Plan) Form {
	f := Form{Command: "without", Title: "Choose sites", Submit: "Compare again", State: PlanValue(p.ID, p.Revision),
		Intro: []Line{Say(Clean(p.Title, 150)), Say("Choose the sites that shall stay as they are. A fresh plan without them takes the place of this one, and somebody has to confirm it.")}}
	var sites []PlanSite
	for _, s := range p.Sites {
		if s.Progress != SiteLeftOut || slices.Contains(p.Scope.Without, s.URI) {
			sites = append(sites, s)
		}
	}
	slices.SortFunc(sites, func(a, b PlanSite) int { return strings.Compare(string(a.URI), string(b.URI)) })
	if more := len(sites) - formSites; more > 0 {
		f.Intro = append(f.Intro, Say(fmt.Sprintf("The last %d of them can only be named by typing: ", more), Mono(fmt.Sprintf("%s without %s SITE,SITE", Slash, p.ID))))
		sites = sites[:formSites]
	}
	for i := 0; len(sites) > 0; i++ {
		n := min(len(sites), MaxChoices)
		in := Input{Name: fmt.Sprintf("sites.%d", i), Label: "Leave out", Placeholder: "None of them", Optional: true, Many: true}
		if i > 0 || len(sites) > n {
			in.Label = fmt.Sprintf("Leave out, %s to %s", Clean(string(sites[0].URI), 60), Clean(string(sites[n-1].URI), 60))
		}
		var chosen []string
		for _, s := range sites[:n] {
			in.Choices = append(in.Choices, Choice{Value: string(s.URI), Label: string(s.URI)})
			if slices.Contains(p.Scope.Without, s.URI) {
				chosen = append(chosen, string(s.URI))
			}
		}
		in.Initial = strings.Join(chosen, ",")
		f.Inputs, sites = append(f.Inputs, in), sites[n:]
	}
	return f
}

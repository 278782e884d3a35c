package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// rowsShown bounds the rows of one page.
const rowsShown = 1500

// A compareView is what the page of a comparison shows.
type compareView struct {
	From, To   side
	Plan       *fleet.Plan
	Site       fleet.URI
	Sum        string
	Tiles      []tile
	Findings   []fleet.Finding
	Filters    []filter
	Query      string
	Hidden     url.Values // the other parts of the address, for the search
	Show       string
	Groups     []group
	Shown, Cut int
	Sites      []siteLine
	MoreSites  int
	Others     []side // further platforms that sites of the plan come from
	Between    fleet.Between
	Read       bool
	Kept       bool
	Confirm    *confirmView
	Command    string
	Back       string // to all sites of the plan
}

// A side is one of the two platforms.
type side struct {
	Name    fleet.PlatformName
	Version string
	Commit  string
	Link    string
	Sites   int
}

// A tile is a figure at the head of the page.
type tile struct {
	Number, Word string
	Tone         fleet.Tone
	At           string // where on the page it leads
}

// A filter is a choice of rows with how many it has.
type filter struct {
	Name, Label, Link string
	Count             int
	On                bool
}

// A group is the rows of one heading.
type group struct {
	Name string
	Rows []line
	All  int
}

// A line is one row as it is drawn; what is "" is left out.
type line struct {
	Name, From, To, Change string
	Mark                   string // class of the change
	Updates                int
	Used                   string
	Notes                  []note
}

// A note stands below the name of a package.
type note struct {
	Tone, Text, URL string
}

// siteLine is a site of the plan.
type siteLine struct {
	fleet.SiteDetail
	Link string
	On   bool
}

// confirmView is the form of Confirm; Why says why it is not there.
type confirmView struct {
	Action   string
	Revision int
	Reason   bool
	Press    string
	Second   bool
}

// shows are the choices of rows, each with its rule.
var shows = []struct {
	name, label string
	rule        func(c *comparison, r *fleet.DetailRow) bool
}{
	{"changed", "Changed", func(_ *comparison, r *fleet.DetailRow) bool { return r.Change != "" }},
	{"security", "Security", func(c *comparison, r *fleet.DetailRow) bool { return len(c.advised[r.Package]) > 0 }},
	{"blocked", "Blocked", func(_ *comparison, r *fleet.DetailRow) bool { return r.Blocks }},
	{"used", "In use", func(_ *comparison, r *fleet.DetailRow) bool { return r.UsedBy > 0 && r.Change != "" }},
	{"updates", "Database updates", func(_ *comparison, r *fleet.DetailRow) bool { return r.Pending > 0 }},
	{"licence", "Licence changes", func(_ *comparison, r *fleet.DetailRow) bool { return r.Licences != nil }},
	{"patches", "Patches lost", func(_ *comparison, r *fleet.DetailRow) bool { return len(r.Lost) > 0 }},
	{"all", "All", func(*comparison, *fleet.DetailRow) bool { return true }},
}

func (s *Site) showComparison(w http.ResponseWriter, r *http.Request, v visit, c comparison) {
	view, err := s.view(r, c)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	title := "From " + fleet.Clean(string(c.from.Name), 60) + " to " + fleet.Clean(string(c.to.Name), 60)
	if c.plan != nil {
		title = fleet.Clean(c.plan.Title, 150)
	}
	f := v.frame(title, "compare", view)
	if !view.Read {
		f.Refresh = 5
	}
	s.show(w, r, http.StatusOK, f)
}

// view makes of a comparison what is drawn.
func (s *Site) view(r *http.Request, c comparison) (compareView, error) {
	q := r.URL.Query()
	out := compareView{Plan: c.plan, Site: c.site, Sum: fleet.SumUp(c.detail.Comparison), Findings: c.detail.Findings, Between: c.between, Read: c.read,
		Kept: c.kept, Query: fleet.Clean(q.Get("q"), 80), Show: q.Get("show"), From: sideOf(c.from), To: sideOf(c.to), Command: command(c)}
	if !slices.ContainsFunc(out.filters(&c, q), func(f filter) bool { return f.Name == out.Show }) {
		out.Show = "changed"
	}
	out.Filters = out.filters(&c, q)
	out.Hidden = url.Values{}
	for _, name := range []string{"show", "site", "from"} {
		if q.Get(name) != "" {
			out.Hidden.Set(name, q.Get(name))
		}
	}
	out.pick(&c)
	out.sites(&c, q)
	out.Tiles = tiles(&c)
	var err error
	if c.plan != nil {
		out.Confirm, err = s.confirmView(r.Context(), *c.plan)
		out.Back = fleet.PagePath + "plan/" + url.PathEscape(string(c.plan.ID))
	}
	return out, err
}

// command is what shows the same where commands are typed.
func command(c comparison) string {
	switch {
	case c.site != "" && c.plan == nil:
		return fleet.Slash + " compare " + string(c.site)
	case c.plan != nil && c.site == "":
		return fleet.Slash + " plan " + string(c.plan.ID)
	}
	return fmt.Sprintf("%s compare %s %s", fleet.Slash, c.from.Name, c.to.Name)
}

func sideOf(p fleet.Platform) side {
	return side{Name: p.Name, Version: p.Version(), Commit: fleet.ShortCommit(p.Ref.Commit)}
}

// filters lists the choices of rows that have any.
func (v compareView) filters(c *comparison, q url.Values) []filter {
	var out []filter
	for _, x := range shows {
		n := 0
		for i := range c.detail.Packages {
			if x.rule(c, &c.detail.Packages[i]) {
				n++
			}
		}
		if n == 0 && x.name != "changed" && x.name != v.Show {
			continue
		}
		to := url.Values{}
		for name, value := range q {
			to[name] = value
		}
		to.Set("show", x.name)
		out = append(out, filter{Name: x.name, Label: x.label, Count: n, On: x.name == v.Show, Link: "?" + to.Encode()})
	}
	return out
}

// pick takes the rows that are asked for.
func (v *compareView) pick(c *comparison) {
	rule := shows[0].rule
	for _, x := range shows {
		if x.name == v.Show {
			rule = x.rule
		}
	}
	word := strings.ToLower(v.Query)
	for i := range c.detail.Packages {
		r := &c.detail.Packages[i]
		if len(v.Groups) == 0 || v.Groups[len(v.Groups)-1].Name != string(r.Group) {
			v.Groups = append(v.Groups, group{Name: string(r.Group)})
		}
		g := &v.Groups[len(v.Groups)-1]
		g.All++
		if !rule(c, r) || word != "" && !strings.Contains(strings.ToLower(r.Package), word) {
			continue
		}
		if v.Shown == rowsShown {
			v.Cut++
			continue
		}
		v.Shown++
		g.Rows = append(g.Rows, c.line(r))
	}
	v.Groups = slices.DeleteFunc(v.Groups, func(g group) bool { return len(g.Rows) == 0 })
}

// sites lists the sites of a plan, and the platforms they come from.
func (v *compareView) sites(c *comparison, q url.Values) {
	if c.plan == nil {
		return
	}
	base := fleet.PagePath + "plan/" + url.PathEscape(string(c.plan.ID)) + "?"
	for _, d := range c.sites {
		to := url.Values{"site": {string(d.URI)}}
		if q.Get("show") != "" {
			to.Set("show", q.Get("show"))
		}
		v.Sites = append(v.Sites, siteLine{SiteDetail: d, Link: base + to.Encode(), On: d.URI == c.site})
	}
	v.MoreSites = len(c.plan.Sites) - len(c.sites)
	count := map[fleet.PlatformName]int{}
	for _, x := range c.plan.Sites {
		if count[x.From]++; count[x.From] == 1 {
			v.Others = append(v.Others, side{Name: x.From, Link: base + url.Values{"from": {string(x.From)}}.Encode()})
		}
	}
	for i, o := range v.Others {
		v.Others[i].Sites = count[o.Name]
	}
	if len(v.Others) < 2 {
		v.Others = nil
	}
}

// confirmView is the form of Confirm, for distributions that ask for it and while
// the plan waits for people.
func (s *Site) confirmView(ctx context.Context, p fleet.Plan) (*confirmView, error) {
	if p.State != fleet.PlanProposed || p.Distribution == "" {
		return nil, nil
	}
	d, err := s.Catalog.Distribution(ctx, p.Distribution)
	if fleet.CodeOf(err) == fleet.NotFound || err == nil && !d.Policy.OnPage {
		return nil, nil
	}
	return &confirmView{Action: fleet.PagePath + "plan/" + url.PathEscape(string(p.ID)) + "/confirm", Revision: p.Revision,
		Reason: p.Rule.Reason, Second: p.Rule.Second, Press: fleet.NewID()}, err
}

package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newShow shows one distribution, platform or site.
func newShow(t *Table) Command {
	return Command{
		Verb: "show", Args: "DIST|PLATFORM|SITE", Min: 1, Max: 1, Group: "Distributions",
		Summary: "everything about one distribution, platform or site",
		Help:    []string{fleet.Slash + " show atrium-1.0.0", "If a name means several things, say which: dist:NAME, platform:NAME or site:NAME."},
		Role:    fleet.Reader, Run: t.show,
	}
}

func (t *Table) show(ctx context.Context, r Request) (fleet.Message, error) {
	x, err := t.thing(ctx, r.Args[0], aDist, aPlatform, aSite)
	if err != nil {
		return fleet.Message{}, err
	}
	switch {
	case x.Dist != nil:
		plats, err := t.Catalog.Platforms(ctx, x.Dist.Name)
		if err != nil {
			return fleet.Message{}, err
		}
		c := fleet.Cursor{Distribution: x.Dist.Name}
		if _, err := t.Store.Read(ctx, &c); err != nil {
			return fleet.Message{}, err
		}
		m := showDist(*x.Dist, plats, &c)
		frozen, err := t.frozenLines(ctx, x.Dist.Name)
		if err != nil {
			return fleet.Message{}, err
		}
		m.Lines = append(frozen, m.Lines...)
		return m, t.countSites(ctx, plats, m.Table)
	case x.Platform != nil:
		return t.showPlatform(ctx, *x.Platform)
	}
	return t.showSite(ctx, *x.Site)
}

// showDist shows a distribution; with its platforms and cursor if they were
// read.
func showDist(d fleet.Distribution, plats []fleet.Platform, c *fleet.Cursor) fleet.Message {
	source := d.Source.Type
	if d.Source.Path != "" {
		source += ":" + d.Source.Path
	}
	m := fleet.Message{
		Text: fmt.Sprintf("Distribution %s has the target %s.", d.Name, orDash(string(d.Target))), Title: "Distribution " + string(d.Name),
		Fields: []fleet.Field{
			mono("Target", string(d.Target)), field("Kind", string(d.Kind)), mono("Repository", d.URL), field("Follows", follows(d)),
			field("Source", source), field("New versions are built", when(d.Policy.Build)), field("Ready builds become the target", when(d.Policy.Target)),
			field("Own requests may be confirmed", yesNo(d.Policy.Self)), room("Channel", d.Policy.Channel),
		},
		Footer: fleet.Say("Added by ", fleet.By(d.By), ", ", fleet.When(d.Created)),
	}
	if d.Target == "" {
		m.Text = fmt.Sprintf("Distribution %s has no target yet.", d.Name)
	}
	if c != nil && c.Failing != "" {
		m.Tone = fleet.Warn
		m.Lines = append(m.Lines, fleet.Say("⚠️ Its repository cannot be read: "+fleet.Clean(c.Failing, 300)))
	} else if c != nil && !c.Checked.IsZero() {
		m.Lines = append(m.Lines, fleet.Say("Its repository was last read: ", fleet.When(c.Checked), "."))
	}
	if d.Adopts != "" {
		m.Lines = append(m.Lines, fleet.Say("Platforms that are found in a host's own system join by their names: ", fleet.Mono(string(d.Adopts)), "."))
	}
	m.Lines = append(m.Lines, fleet.Say("Waves: "+waveText(d.Policy)+"."))
	if d.Policy.Window != "" {
		m.Lines = append(m.Lines, fleet.Say("Maintenance window: "+fleet.Clean(d.Policy.Window, 200)+"."))
	}
	if len(plats) > 0 {
		m.Table = platformTable(plats, d)
	}
	return m
}

func when(a fleet.Auto) string {
	if a == fleet.Automatic {
		return "at once"
	}
	return "when somebody asks"
}

func (t *Table) showPlatform(ctx context.Context, p fleet.Platform) (fleet.Message, error) {
	f := fleet.PlatformFacts{Platform: p.Name}
	found, err := t.Store.Read(ctx, &f)
	if err != nil {
		return fleet.Message{}, err
	}
	sites, err := t.Store.Count(ctx, fleet.SitesOf(p.Name))
	if err != nil {
		return fleet.Message{}, err
	}
	var hosts []string
	for h := range p.Paths {
		hosts = append(hosts, string(h))
	}
	m := fleet.Message{
		Text: fmt.Sprintf("Platform %s is %s and has %s.", p.Name, p.State, fleet.Plural(sites[0], "site", "sites")), Title: "Platform " + string(p.Name),
		Fields: []fleet.Field{
			field("Distribution", string(p.Distribution)), field("State", string(p.State)), field("Locked", yesNo(p.Locked)),
			field("Sites", count(sites[0])), field("From", fleet.Clean(p.Ref.Short(), 80)), mono("Commit", p.Ref.Commit),
			field("Hosts", strings.Join(hosts, ", ")), mono("Tree", short(p.TreeDigest)),
		},
		Footer: fleet.Say("Ordered by ", fleet.By(p.By), ", ", fleet.When(p.Created)),
	}
	if p.Reason != "" {
		m.Lines = append(m.Lines, fleet.Say(fleet.Clean(p.Reason, 300)))
	}
	if found[0] {
		m.Fields = append(m.Fields, field("Packages", count(len(f.Packages))), field("Files", count(f.Files)))
		m.Table = packageTable(f.Packages)
	}
	return m, nil
}

func short(digest string) string { return digest[:min(len(digest), 12)] }

func packageTable(ps []fleet.Package) *fleet.Table {
	if len(ps) == 0 {
		return nil
	}
	t := &fleet.Table{Header: []string{"Package", "Kind", "Version"}}
	for _, p := range ps {
		t.Rows = append(t.Rows, []string{orDash(fleet.Clean(p.Name, 60)), orDash(fleet.Clean(p.Type, 30)), orDash(fleet.Clean(p.Version, 30))})
	}
	return t
}

func (t *Table) showSite(ctx context.Context, s fleet.Site) (fleet.Message, error) {
	p, err := t.Catalog.Platform(ctx, s.Platform)
	if err != nil && fleet.CodeOf(err) != fleet.NotFound {
		return fleet.Message{}, err
	}
	m := fleet.Message{
		Text: fmt.Sprintf("Site %s is on %s.", s.URI, s.Platform), Title: "Site " + string(s.URI),
		Fields: []fleet.Field{
			mono("Platform", string(s.Platform)), field("Distribution", string(p.Distribution)), field("Host", string(s.Host)),
			field("Kind", string(s.Kind)), field("State", string(s.State)), field("Tags", strings.Join(s.Tags, ", ")),
			field("Generation", fmt.Sprint(s.Generation)), field("Created", stamp(s.Created)),
		},
	}
	install, err := t.Catalog.Install(ctx, s.URI)
	if err != nil {
		return fleet.Message{}, err
	}
	for _, f := range [][2]string{{"Profile", install.Profile}, {"Client", install.Client}, {"Language", install.Language}} {
		if f[1] != "" {
			m.Fields = append(m.Fields, field(f[0], f[1]))
		}
	}
	if s.Priority != 0 {
		m.Fields = append(m.Fields, field("Priority", fmt.Sprint(s.Priority)))
	}
	if s.Pinned != "" {
		m.Lines = append(m.Lines, fleet.Say("📌 Nothing upgrades it: "+fleet.Clean(s.Pinned, 300)),
			fleet.Say("To change that: ", fleet.Mono(fmt.Sprintf("%s site unpin %s", fleet.Slash, s.URI))))
	}
	if m.Lines, err = t.tellTransit(ctx, s, m.Lines); err != nil || p.Distribution == "" {
		return m, err
	}
	d, err := t.Catalog.Distribution(ctx, p.Distribution)
	if err != nil {
		return fleet.Message{}, err
	}
	if fleet.OutOfDate(p, d) {
		m.Text = fmt.Sprintf("Site %s is on %s and out of date; the target is %s.", s.URI, s.Platform, d.Target)
		m.Lines = append(m.Lines, fleet.Say("It is out of date: the target of "+string(d.Name)+" is ", fleet.Mono(string(d.Target)), "."),
			fleet.Say("To see what would change: ", fleet.Mono(fmt.Sprintf("%s upgrade %s", fleet.Slash, s.URI))))
	} else if d.Target != "" {
		m.Lines = append(m.Lines, fleet.Say("It is up to date."))
	}
	window, err := t.tellWindow(ctx, s)
	if err != nil {
		return fleet.Message{}, err
	}
	if s.Window+d.Policy.Window != "" {
		m.Lines = append(m.Lines, window.Lines...)
	}
	frozen, err := t.frozenLines(ctx, d.Name)
	if err != nil {
		return fleet.Message{}, err
	}
	m.Lines = append(m.Lines, frozen...)
	if s.Previous > 0 {
		m.Lines = append(m.Lines, fleet.Say("Its copy on ", fleet.Mono(string(s.From)), " is kept until ", fleet.When(s.KeptUntil), ": ",
			fleet.Mono(fmt.Sprintf("%s rollback %s", fleet.Slash, s.URI))))
	}
	return m, nil
}

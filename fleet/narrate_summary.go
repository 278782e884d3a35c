package fleet

import (
	"fmt"
	"strings"
	"time"
)

// coreNames are what people call the cores that packages name in lower case.
var coreNames = map[string]string{"drupal": "Drupal core", "backdrop": "Backdrop core", "wordpress": "WordPress"}

// summary is the comparison of a plan in one sentence: "Drupal core 10.2.6 →
// 10.3.1, 14 packages change, 42 database updates, nothing blocked, 37 sites on
// 2 hosts, window about 40 s from the rehearsal."
func (v PlanView) summary() string {
	p := v.Plan
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if p.Kind == Rollback {
		add("the earlier copies of the sites come back")
	} else {
		add(tellCore(p.Rows))
		add(tellChanges(len(p.Rows) + p.More))
		add(p.tellPending())
		add(p.tellBlocked())
	}
	sites := moving(p)
	add(Plural(len(sites), "site", "sites") + " on " + Plural(len(hostsIn(sites)), "host", "hosts"))
	if w := v.window(); w > 0 {
		add("window about " + tellDuration(w) + " from the rehearsal")
	}
	text := strings.Join(parts, ", ")
	if advice := v.Advice.sentence(); advice != "" {
		text += "; " + advice
	}
	return ownCase(p.Rows, text+".")
}

// tellCore says how the program itself changes; "" if it does not.
func tellCore(rows []Row) string {
	for _, r := range rows {
		if !r.Core() {
			continue
		}
		name := Clean(r.Package, 60)
		if known := coreNames[r.Package]; known != "" {
			name = known
		}
		return fmt.Sprintf("%s %s → %s", name, tellCell(r.From, 30), tellCell(r.To, 30))
	}
	return ""
}

func tellChanges(n int) string {
	switch n {
	case 0:
		return "the two platforms have the same packages"
	case 1:
		return "1 package changes"
	}
	return fmt.Sprintf("%d packages change", n)
}

// tellPending counts the database updates of all sites that move; "" when none
// is known of.
func (p Plan) tellPending() string {
	n := 0
	for _, s := range moving(p) {
		n += s.Pending
	}
	if n == 0 {
		return ""
	}
	return Plural(n, "database update", "database updates")
}

// tellBlocked counts the sites that a block keeps back.
func (p Plan) tellBlocked() string {
	sites := map[URI]bool{}
	for _, f := range p.Notes {
		if f.Block && f.Site == "" {
			return "every site blocked"
		}
		if f.Block {
			sites[f.Site] = true
		}
	}
	if len(sites) == 0 {
		return "nothing blocked"
	}
	return Plural(len(sites), "site", "sites") + " blocked"
}

func hostsIn(sites []PlanSite) map[HostName]bool {
	out := map[HostName]bool{}
	for _, s := range sites {
		out[s.Host] = true
	}
	return out
}

// window is how long the visitors of a rehearsed site would wait at most; zero
// when none was rehearsed well.
func (v PlanView) window() time.Duration {
	var longest Duration
	for _, r := range v.Tried {
		if r.OK {
			longest = max(longest, r.Window)
		}
	}
	return longest.Std()
}

// maxAsk is Slack's limit of the text of a confirm dialog, in characters.
const maxAsk = 300

// ask repeats, before the press, what will happen: how many sites, from where,
// to where, when, what visitors notice, and the way back.
func (v PlanView) ask(n int) string {
	p := v.Plan
	verb, back := "move", " One that fails goes back by itself; the old copies are kept for a rollback."
	if p.Kind == Rollback {
		verb, back = "go back", " What was written since the upgrade stays in the abandoned copy."
	}
	each := " Each answers 503 for a moment."
	if n == 1 {
		each = " It answers 503 for a moment."
		verb = strings.Replace(strings.Replace(verb, "move", "moves", 1), "go ", "goes ", 1)
		back = strings.Replace(back, " One that fails goes back by itself; the old copies are", " If it fails, it goes back by itself; the old copy is", 1)
	}
	head := fmt.Sprintf("%s %s%s to %s%s", Plural(n, "site", "sites"), verb, p.askFrom(), clip(string(p.To), 50), v.askWhen())
	tail := each + back
	names := ": " + tellList(uris(moving(p)), 3)
	room := maxAsk - len([]rune(head)) - len([]rune(tail)) - 1
	if room < 10 {
		names = ""
	}
	return clip(clip(head+clip(names, room)+".", maxAsk-len([]rune(tail)))+tail, maxAsk)
}

// askFrom names where the sites of a plan come from.
func (p Plan) askFrom() string {
	from := map[PlatformName]bool{}
	for _, s := range moving(p) {
		from[s.From] = true
	}
	if len(from) == 1 {
		return " from " + clip(string(p.From), 50)
	}
	return fmt.Sprintf(" from %d platforms", len(from))
}

// askWhen says when the first sites begin; a dialog knows no reader's time zone.
func (v PlanView) askWhen() string {
	at := v.begins()
	if at.IsZero() {
		return " now"
	}
	return " from " + Moment(at)
}

// begins is when the first site of a plan can begin: when a freeze ends and a
// window opens; zero for at once.
func (v PlanView) begins() time.Time {
	if v.Plan.Kind == Rollback {
		return time.Time{}
	}
	var frozen, first time.Time
	if f := longest(v.Frozen, v.Now); f != nil {
		frozen = f.Until
	}
	for _, s := range v.Plan.Sites {
		at := time.Unix(s.Opens, 0)
		switch {
		case !s.unstarted():
		case s.Opens == 0 || !at.After(v.Now): // open
			return frozen
		case first.IsZero() || at.Before(first):
			first = at
		}
	}
	if first.After(frozen) {
		return first
	}
	return frozen
}

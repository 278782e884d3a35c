package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of what messages name one by one; the rest is counted. Ten of
// anything is what a person reads in a chat (facts: Slack's own digests).
const (
	tellSites   = 10 // sites in a digest, or of one state in a plan
	tellLines   = 20 // sites in a plan's progress
	tellCommits = 5  // commits in an announcement
	tellRows    = 12 // rows of a comparison in a plan
	tellNotes   = 6  // findings in a plan
)

// Slash is the command people type; hints are made with it.
const Slash = "/distro"

// tellDuration says how long something took, as a person would.
func tellDuration(d time.Duration) string {
	switch d = d.Round(time.Millisecond); {
	case d < time.Second:
		return "under a second"
	case d < time.Hour:
		d = d.Round(time.Second)
	}
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d/time.Second))
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d/time.Minute), int(d%time.Minute/time.Second))
	}
	return fmt.Sprintf("%d h %d min", int(d/time.Hour), int(d%time.Hour/time.Minute))
}

// tellBar draws progress with at most ten cells: "▓▓░░░ 2 of 5".
func tellBar(done, total int) string {
	if total <= 0 {
		return ""
	}
	done = max(0, min(done, total))
	cells := min(total, 10)
	full := done * cells / total
	return strings.Repeat("▓", full) + strings.Repeat("░", cells-full) + fmt.Sprintf(" %d of %d", done, total)
}

// tellList names at most n of the names: "a, b and c", "a, b and 7 more".
func tellList[S ~string](names []S, n int) string {
	var out []string
	for i, s := range names {
		if i == n {
			out = append(out, fmt.Sprintf("%d more", len(names)-n))
			break
		}
		out = append(out, Clean(string(s), 80))
	}
	if len(out) < 2 {
		return strings.Join(out, "")
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}

// tellSentence makes a reason that others wrote end like a sentence.
func tellSentence(s string) string {
	s = Clean(s, 300)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".?!") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

// tellVersion is what people call a ref: the tag's version, or the short
// commit of a branch.
func tellVersion(r Ref) string {
	switch {
	case r.IsTag() && r.Version != "":
		return Clean(r.Version, 60)
	case r.IsTag():
		return Clean(r.Short(), 60)
	}
	return ShortCommit(Clean(r.Commit, 64))
}

// tellStep says which step a task is at: "copying files (step 2 of 6)".
func tellStep(t Task) string {
	cur, ok := t.Current()
	if !ok {
		return ""
	}
	n, all := 0, 0
	for _, s := range t.Steps {
		if s.Back == t.GoBack {
			all++
			if s.Name == cur.Name {
				n = all
			}
		}
	}
	way := "step"
	if t.GoBack {
		way = "going back, step"
	}
	return fmt.Sprintf("%s (%s %d of %d)", Clean(cur.Label(), 60), way, n, all)
}

// tellWorstFirst orders platforms by the number of their sites.
func tellWorstFirst(counts []PlatformCount) {
	slices.SortStableFunc(counts, func(a, b PlatformCount) int { return b.Sites - a.Sites })
}

// tellCounts says which sites run a distribution: "3 sites run atrium-1.0.0."
func tellCounts(d DistName, counts []PlatformCount) string {
	total := 0
	for _, c := range counts {
		total += c.Sites
	}
	run := func(n int) string {
		if n == 1 {
			return "1 site runs "
		}
		return fmt.Sprintf("%d sites run ", n)
	}
	switch len(counts) {
	case 0:
		return fmt.Sprintf("No site runs %s yet.", d)
	case 1:
		return run(total) + string(counts[0].Platform.Name) + "."
	}
	var parts []string
	for i, c := range counts {
		if i == 3 {
			parts = append(parts, fmt.Sprintf("the rest on %s", Plural(len(counts)-3, "other platform", "other platforms")))
			break
		}
		parts = append(parts, fmt.Sprintf("%d on %s", c.Sites, c.Platform.Name))
	}
	return run(total) + string(d) + ": " + strings.Join(parts, ", ") + "."
}

// tellFooter joins small print with a middle dot.
func tellFooter(parts ...[]Span) Line {
	var out []Span
	for _, p := range parts {
		if len(p) == 0 {
			continue
		}
		if len(out) > 0 {
			out = append(out, Span{Text: " · "})
		}
		out = append(out, p...)
	}
	return Line{Spans: out}
}

// PlanValue is the value of a plan's buttons.
func PlanValue(id PlanID, rev int) string { return fmt.Sprintf("%s|%d", id, rev) }

package fleet

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Basis is what a plan was drawn from, or what people agreed to when they
// pressed Continue. The fingerprint tells whether anything is another now; the
// basis tells what.
type Basis struct {
	Code map[PlatformName]Tree `json:"code,omitempty"` // of the platforms that its sites come from and go to
	Said map[string]string     `json:"said,omitempty"` // the rules by their names, as JSON; what is not said is left out
}

// A Tree is what a platform holds: its commit, and the digests of its lock file
// and of its tree.
type Tree struct {
	Commit string `json:"commit,omitempty"`
	Lock   string `json:"lock,omitempty"`
	Files  string `json:"tree,omitempty"`
}

// basis is what a plan would be drawn from now.
func (w present) basis() *Basis {
	b := &Basis{Code: map[PlatformName]Tree{}, Said: w.said()}
	for name, p := range w.plats {
		b.Code[name] = p.code()
	}
	return b
}

func (p Platform) code() Tree {
	return Tree{Commit: p.Ref.Commit, Lock: p.LockDigest, Files: p.TreeDigest}
}

// said lists the rules of a plan's distribution by the names of their fields.
func (w present) said() map[string]string {
	out := map[string]string{}
	fields := map[string]json.RawMessage{}
	for _, part := range []any{w.dist.Policy, struct {
		URL    string `json:"repository,omitempty"`
		Source Source `json:"source,omitzero"`
		Track  Track  `json:"track,omitzero"`
	}{w.dist.URL, w.dist.Source, w.dist.Track}} {
		raw, err := json.Marshal(part)
		if err != nil || json.Unmarshal(raw, &fields) != nil {
			continue // strings and numbers always encode
		}
	}
	for name, raw := range fields {
		out[strings.ReplaceAll(name, "_", "-")] = Clean(string(raw), 120)
	}
	if !w.rule.Plain() {
		out["confirm"] = Clean(w.rule.Terms().Tell()+", "+w.rule.said(), 400)
	}
	return out
}

// recoded says in one sentence which platform that was looked at holds other
// code than when the plan was drawn; "" if none does, or nobody kept what it was.
func (w present) recoded(p Plan) string {
	if p.Basis == nil {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(p.Basis.Code)) {
		now, looked := w.plats[name]
		was := p.Basis.Code[name]
		is := now.code()
		switch {
		case !looked || was == is:
		case was.Commit != is.Commit:
			return fmt.Sprintf("Platform %s holds commit %s now, not %s.", name, noneIf(ShortCommit(is.Commit)), noneIf(ShortCommit(was.Commit)))
		case was.Lock != is.Lock:
			return fmt.Sprintf("The packages that platform %s was locked to are others now: its lock file was %s and is %s.", name, shortDigest(was.Lock), shortDigest(is.Lock))
		default:
			return fmt.Sprintf("The files of platform %s are others now: its tree was %s and is %s.", name, shortDigest(was.Files), shortDigest(is.Files))
		}
	}
	return ""
}

// reruled says in one sentence which rules are others than when the plan was
// drawn.
func (w present) reruled(p Plan) string {
	head := "The rules of " + orAll(p.Distribution) + " have changed"
	if p.Basis == nil {
		return head + "."
	}
	is, was := w.said(), p.Basis.Said
	names := map[string]bool{}
	for _, said := range []map[string]string{is, was} {
		for name := range said {
			names[name] = names[name] || is[name] != was[name]
		}
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		switch {
		case !names[name]:
		case name == "confirm":
			parts = append(parts, "what it takes to confirm")
		default:
			parts = append(parts, fmt.Sprintf("%s was %s and is %s", name, saidValue(was[name]), saidValue(is[name])))
		}
	}
	if len(parts) == 0 {
		return head + ", and were changed back."
	}
	const most = 4
	if more := len(parts) - most; more > 0 {
		parts = append(parts[:most], fmt.Sprintf("%d more", more))
	}
	return head + ": " + strings.Join(parts, ", ") + "."
}

func saidValue(raw string) string {
	if raw == "" {
		return "not set"
	}
	return clip(strings.Trim(raw, `"`), 40)
}

func noneIf(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// shortDigest is as much of a digest as people compare by eye.
func shortDigest(d string) string { return noneIf(clip(Clean(d, 80), 12)) }

package fleet

import "fmt"

// trouble tells of what is not about versions but needs a person: what could not
// be checked, and what is pinned or held.
func (v DigestView) trouble() []Line {
	out := titled("Could not be checked", append(append(TellDistrusted(v.Distrusted), v.unchecked()...), tellDated(v.Sources.asOf(), v.Sources.failing())...))
	return append(out, titled("Waits for a person", v.waiting())...)
}

// titled puts a title before lines, if there are any.
func titled(title string, lines []Line) []Line {
	if len(lines) == 0 {
		return nil
	}
	return append([]Line{Say(Bold(title))}, lines...)
}

// waiting tells of pinned sites and held tasks.
func (v DigestView) waiting() []Line {
	var out []Line
	for i, s := range v.Pinned {
		if i == tellSites {
			out = append(out, Item(fmt.Sprintf("and %d more pinned.", len(v.Pinned)-i)))
			break
		}
		out = append(out, Item("📌 Pinned: ", Clean(string(s.URI), 80), " on ", Clean(string(s.Platform), 80), ". ", upperFirst(tellSentence(s.Pinned))))
	}
	for i, t := range v.Held {
		if i == tellSites {
			out = append(out, Item(fmt.Sprintf("and %s.", Plural(len(v.Held)-i, "more task that waits", "more tasks that wait"))))
			break
		}
		out = append(out, Item("⏸️ ", t.title(), " is held: ", Mono(fmt.Sprintf("%s task %s", Slash, t.ID))))
	}
	return out
}

// TellDistrusted names what is not listed because somebody without the key
// changed its record; nothing if that is nothing.
func TellDistrusted(names []string) []Line {
	if len(names) == 0 {
		return nil
	}
	return []Line{Item("⚠️ Somebody without the key changed the record of ", tellList(names, tellSites),
		"; nothing acts on it. The operator sees more with ", Mono("distrobot audit verify"), ".")}
}

// unchecked tells of sites of which nobody knows whether they are up to date,
// because their repository or their host does not answer.
func (v DigestView) unchecked() []Line {
	var out []Line
	for i, c := range v.Failing {
		if i == tellSites {
			out = append(out, Item("⚠️ and "+Plural(len(v.Failing)-i, "more repository", "more repositories")+" that cannot be read."))
			break
		}
		line := Item("⚠️ The repository of ", string(c.Distribution), " cannot be read")
		if !c.Checked.IsZero() {
			line.Spans = append(line.Spans, Span{Text: " since "}, When(c.Checked))
		}
		if n := v.All[c.Distribution]; n > 0 {
			line.Spans = append(line.Spans, Span{Text: ", so whether its " + Plural(n, "site is up to date is", "sites are up to date is") + " not known"})
		}
		line.Spans = append(line.Spans, Span{Text: ". " + tellSentence(c.Failing)})
		out = append(out, line)
	}
	for i, h := range v.Silent {
		if i == tellSites {
			out = append(out, Item("⚠️ and "+Plural(len(v.Silent)-i, "more silent host", "more silent hosts")+"."))
			break
		}
		out = append(out, Item("⚠️ Nothing was heard of the host ", Clean(string(h.Name), 60), " since ", When(h.Seen),
			"; its sites cannot be checked or moved: ", Mono(Slash+" hosts")))
	}
	return out
}

package fleet

import (
	"maps"
	"slices"
)

// leftOut reports whether this person muted a distribution for themselves.
func (v HomeView) leftOut(d DistName) bool {
	_, muted := v.Own[d]
	return muted
}

// mutes lists what this person muted for themselves, by name.
func (v HomeView) mutes() Message {
	var lines []Line
	for _, d := range slices.Sorted(maps.Keys(v.Own)) {
		name := Clean(string(d), 60)
		l := Say(Bold(name), " is left out of this page until you end that.")
		if until := v.Own[d]; !until.IsZero() {
			l = Say(Bold(name), " is left out of this page until ", When(until), ".")
		}
		l.Button = &Button{Action: ActUnhide, Label: clip("Unmute "+name, 75), Value: string(d)}
		lines = append(lines, l)
	}
	m := Message{Title: "My mutes", Text: "You have muted " + Plural(len(lines), "distribution", "distributions") + "."}
	if len(lines) > 0 {
		m.Lines = atMost(lines, "list", "")
	}
	return m
}

// quiet lists what is muted or put away, this person's own first.
func (v HomeView) quiet() Message {
	var own, others []Line
	add := func(by Actor, l Line, b Button) {
		if v.May[Offer{b.Action, b.Value}] {
			l.Button = &b
		}
		if by.ID == v.Who.ID {
			own = append(own, l)
			return
		}
		others = append(others, l)
	}
	for _, d := range v.Muted {
		name := Clean(string(d.Name), 60)
		until := []any{Bold(name), " announces nothing until ", When(d.Hush.Muted), byWhom(d.Hush.By, v.Who), "."}
		if d.Hush.Muted.Sub(v.Now) > longestMute/2 {
			until = []any{Bold(name), " announces nothing until somebody ends that", byWhom(d.Hush.By, v.Who), "."}
		}
		add(d.Hush.By, Say(until...), Button{Action: ActUnmute, Label: clip("Stop muting "+name, 75), Value: string(d.Name)})
	}
	for _, a := range v.Snoozed {
		what := NewsView{News: a}.what()
		add(a.By, Say("The announcement of ", Bold(what), " is put away until ", When(a.Until), byWhom(a.By, v.Who), "."),
			Button{Action: ActWake, Label: clip("Stop snoozing "+what, 75), Value: a.ID})
	}
	lines := append(own, others...)
	m := Message{Title: "Muted and snoozed", Text: Plural(len(lines), "thing is", "things are") + " muted or snoozed."}
	if len(lines) > 0 {
		m.Lines = atMost(lines, "list", "")
	}
	return m
}

// byWhom says who muted or snoozed something: ", by you".
func byWhom(by, reader Actor) []Span {
	switch by.ID {
	case "":
		return nil
	case reader.ID:
		return []Span{{Text: ", by you"}}
	}
	return []Span{{Text: ", by "}, By(by)}
}

// help says how to ask, with what this person may do most often as buttons.
func (v HomeView) help() Message {
	m := Message{
		Title: "How to ask", Text: "How to ask.",
		Lines: []Line{
			Say("Type these after ", Mono(Slash), " in any channel, mention me with them, or write them to me here:"),
			Item(Mono("list"), " shows the distributions, ", Mono("sites"), " the sites"),
			Item(Mono("show NAME"), " shows one distribution, platform or site"),
		},
		Footer: tellFooter([]Span{{Text: "You are " + withArticle(v.Role)}}, []Span{{Text: "As of "}, When(v.Now)}),
	}
	if v.May[Offer{ActAsk, "upgrade"}] {
		m.Lines = append(m.Lines, Item(Mono("upgrade SITE"), " compares a site with its upgrade target and posts a plan"))
	}
	for _, b := range helpButtons() {
		if v.May[Offer{b.Action, b.Value}] {
			m.Buttons = append(m.Buttons, b)
		}
	}
	m.Buttons = append(m.Buttons, Button{Action: ActAsk, Label: "All commands", Value: "help"})
	return m
}

// helpButtons are the commands that people begin with a button, for those who may.
func helpButtons() []Button {
	return []Button{
		{Action: ActAsk, Label: "Add a distribution", Value: "add"},
		{Action: ActAsk, Label: "Create a site", Value: "site create"},
		{Action: ActAsk, Label: "Change a policy", Value: "policy set"},
	}
}

func withArticle(r Role) string {
	if r == Administrator {
		return "an administrator"
	}
	return "a " + r.String()
}

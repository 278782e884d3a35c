package fleet

import (
	"fmt"
	"time"
)

// A PlatformView is what a platform's message is made of.
type PlatformView struct {
	Platform     Platform
	Distribution Distribution    // zero for a platform on its own
	Facts        PlatformFacts   // read at build time
	Known        bool            // whether there are facts
	Task         Task            // of the build under way; zero if none
	Log          []LogLine       // the end of its log
	Counts       []PlatformCount // where the distribution's sites are now
}

// TellPlatform tells of a build that was ordered without an announcement, and
// of what became of it.
func TellPlatform(v PlatformView) Message {
	p := v.Platform
	name := Clean(string(p.Name), 110)
	m := Message{Title: "Build of " + name, Fields: v.fields()}
	switch p.State {
	case PlatformReady:
		m.Tone = Good
		m.Text = fmt.Sprintf("Platform %s is ready.", name)
		m.Lines = []Line{Say("Platform ", Mono(name), " is ready."), Say(tellTarget(p, v.Distribution, v.Counts)...)}
	case PlatformFailed:
		m.Tone = Bad
		m.Text = fmt.Sprintf("The build of %s failed: %s", name, tellSentence(p.Reason))
		m.Lines = []Line{Say("The build failed: " + tellSentence(p.Reason)), Say("No site was touched.")}
		m.Buttons = []Button{{Action: ActRebuild, Label: clip("Build "+name+" again", 75), Value: string(p.Name)}}
	case PlatformRetired:
		m.Text = fmt.Sprintf("Platform %s is retired.", name)
		m.Lines = []Line{Say("Its tree was deleted; it is kept in the record only.")}
	default:
		step := tellStep(v.Task)
		if step == "" {
			step = "waiting for a worker"
		}
		m.Text = fmt.Sprintf("Platform %s is being built: %s.", name, step)
		m.Lines = []Line{Say("⏳ Building " + name + ": " + step + ".")}
		m.More, m.Buttons = tellLog(v.Task, v.Log), cancelBuild(v.Task)
	}
	m.Footer = tellFooter([]Span{{Text: "Ordered by "}, By(p.By)}, []Span{When(p.Created)})
	return m
}

func (v PlatformView) fields() []Field {
	p := v.Platform
	var out []Field
	if p.Ref.Name != "" {
		out = append(out, Field{"From", Say(Clean(p.Ref.Short(), 60), " at ", Mono(ShortCommit(p.Ref.Commit)))})
	}
	if d := tellTook(p); d != "" {
		out = append(out, Field{"Took", Say(d)})
	}
	if v.Known {
		out = append(out, Field{"Holds", Say(fmt.Sprintf("%s, %s", Plural(v.Facts.Files, "file", "files"),
			Plural(len(v.Facts.Packages), "package", "packages")))})
	}
	return out
}

// tellTook is how long the slowest host built; "" if it is not known.
func tellTook(p Platform) string {
	var longest time.Duration
	for _, d := range p.Took {
		longest = max(longest, d.Std())
	}
	if longest == 0 {
		return ""
	}
	return tellDuration(longest)
}

// tellTarget says whether a ready platform is the upgrade target and what
// follows from that.
func tellTarget(p Platform, d Distribution, counts []PlatformCount) []any {
	if p.Distribution == "" || d.Name == "" {
		return []any{"It belongs to no distribution, so nothing is offered for it."}
	}
	if !p.UpgradeTarget(d) {
		return []any{fmt.Sprintf("It is not the upgrade target of %s. To make it the target: ", d.Name),
			Mono(fmt.Sprintf("%s target %s %s", Slash, d.Name, p.Name))}
	}
	behind := 0
	for _, c := range counts {
		if c.Platform.Name != p.Name {
			behind += c.Sites
		}
	}
	switch behind {
	case 0:
		return []any{fmt.Sprintf("It is the upgrade target of %s; no site is out of date.", d.Name)}
	case 1:
		return []any{fmt.Sprintf("It is the upgrade target of %s; 1 site is out of date.", d.Name)}
	}
	return []any{fmt.Sprintf("It is the upgrade target of %s; %d sites are out of date.", d.Name, behind)}
}

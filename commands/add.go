package commands

import (
	"context"
	"fmt"

	"github.com/distrobot/distrobot/fleet"
)

// newAdd adds a distribution. What it follows is read first, so that a
// repository that cannot be read or an expression that matches nothing is
// refused before anything is kept. Its first platform is built at once.
func newAdd(t *Table) Command {
	return Command{
		Verb: "add", Args: "DIST [--url URL] [--versions RANGE | --tags EXPRESSION | --branch NAME]", Min: 1, Max: 1, Group: "Distributions",
		Options: distOptions[:],
		Summary: "add a distribution, with or without a repository to follow",
		Help: []string{
			"Adding one that follows something builds its first platform. Without a repository it is a name and an upgrade target.",
			fleet.Slash + ` add atrium --url https://git.example.org/atrium.git --tags '1\.\d+\.\d+' --target auto`,
			fleet.Slash + " add intranet --kind drupal",
		},
		Role: fleet.Maintainer,
		Form: t.addForm,
		Run:  t.add,
	}
}

func (t *Table) add(ctx context.Context, r Request) (fleet.Message, error) {
	name := r.Args[0]
	if err := fleet.CheckDistName(name); err != nil {
		return fleet.Message{}, wrong("name", err)
	}
	d := fleet.Distribution{Name: fleet.DistName(name), Kind: fleet.AutoKind, Source: fleet.Source{Type: "git"}}
	d.Policy.Self, d.Policy.Channel = t.Sandbox, t.DefaultChannel
	if r.Channel != "" {
		d.Policy.Channel = r.Channel
	}
	if err := setDist(&d, r.Opts); err != nil {
		return fleet.Message{}, err
	}
	if err := t.joined(ctx, r.Opts); err != nil {
		return fleet.Message{}, err
	}
	if _, err := t.Catalog.Distribution(ctx, d.Name); err == nil {
		return fleet.Message{}, wrong("name", fleet.Errorf(fleet.Exists, "There is a distribution %s already.", d.Name).
			WithHint("See it: %s show %s", fleet.Slash, d.Name))
	} else if fleet.CodeOf(err) != fleet.NotFound {
		return fleet.Message{}, err
	}
	var head fleet.Ref
	if d.URL != "" { // also when nothing is followed: it is built from later
		var err error
		if head, err = t.resolve(ctx, d, ""); err != nil {
			return fleet.Message{}, err
		}
	}
	d, err := t.Catalog.Add(ctx, d, r.Who)
	if err != nil {
		return fleet.Message{}, wrong("name", err)
	}
	// Before the build is ordered: a poll that comes first must find what was
	// read here known, so that a tag published since is announced.
	if !d.Track.None() {
		if err := t.News.Start(ctx, d.Name, head); err != nil {
			return fleet.Message{}, err
		}
	}
	return t.added(ctx, r, d, head)
}

// resolve reads the repository; what is wrong is told of the input it is in.
func (t *Table) resolve(ctx context.Context, d fleet.Distribution, name string) (fleet.Ref, error) {
	ref, err := t.Prober.Resolve(ctx, d, name)
	if err == nil {
		return ref, nil
	}
	if fleet.CodeOf(err) == fleet.NotFound && d.Track.Tags != "" {
		return ref, wrong("tags", err)
	}
	if fleet.CodeOf(err) == fleet.NotFound && d.Track.Versions != "" {
		return ref, wrong("versions", err)
	}
	if fleet.CodeOf(err) == fleet.NotFound && d.Track.Branch != "" {
		return ref, wrong("branch", err)
	}
	return ref, wrong("url", err)
}

// added orders the first build and says what happens now.
func (t *Table) added(ctx context.Context, r Request, d fleet.Distribution, head fleet.Ref) (fleet.Message, error) {
	text := fmt.Sprintf("Distribution %s is added.", d.Name)
	if d.Track.None() {
		hint := fleet.Say("It follows nothing. Give it a platform: ", fleet.Mono(fmt.Sprintf("%s assign PLATFORM %s", fleet.Slash, d.Name)))
		if d.URL != "" {
			hint = fleet.Say("It follows nothing; build what you like: ", fleet.Mono(fmt.Sprintf("%s build %s REF", fleet.Slash, d.Name)))
		}
		return say(text, hint), nil
	}
	p, err := t.Builder.Build(ctx, fleet.BuildOrder{Distribution: d.Name, Ref: head, By: r.Who, Channel: t.where(r, d)})
	if fleet.CodeOf(err) != "" {
		m := say(text, fleet.Say("Its first platform could not be ordered: "+err.Error()))
		m.Tone = fleet.Warn
		return m, nil
	}
	if err != nil {
		return fleet.Message{}, err
	}
	text += fmt.Sprintf(" Its first platform %s is being built from %s.", p.Name, fleet.Clean(head.Short(), 60))
	return say(text, fleet.Say("Progress appears in "+here(r)+".")), nil
}

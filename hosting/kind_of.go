package hosting

import (
	"context"
	"slices"

	"github.com/distrobot/distrobot/fleet"
)

// kindOf gives a kind by name; the last of the list, which knows the least, if
// there is none of that name.
func (w *Worker) kindOf(name fleet.KindName) Kind {
	i := slices.IndexFunc(w.Kinds, func(k Kind) bool { return k.Name() == name })
	if i < 0 {
		i = len(w.Kinds) - 1
	}
	return w.Kinds[i]
}

// kindFound gives the kind of a tree: the one the platform was ordered as, or
// the one its distrobot.yml names, or the first that knows it.
func (w *Worker) kindFound(p fleet.Platform, t Tree) Kind {
	switch {
	case p.Kind != fleet.AutoKind:
		return w.kindOf(p.Kind)
	case t.Spec.Kind != "" && t.Spec.Kind != fleet.AutoKind:
		return w.kindOf(t.Spec.Kind)
	}
	return w.detected(t)
}

// detected gives the first kind that knows a tree, which is the last of the
// list for anything.
func (w *Worker) detected(t Tree) Kind {
	i := slices.IndexFunc(w.Kinds, func(k Kind) bool { return k.Detect(t) })
	if i < 0 {
		i = len(w.Kinds) - 1
	}
	return w.Kinds[i]
}

// checkKind refuses a tree that is not of the kind its platform is to be, and
// says what it is instead: whoever runs a CMS as another would harm its data.
func (w *Worker) checkKind(ctx context.Context, p fleet.Platform, t Tree) error {
	want := w.kindFound(p, t)
	if want.Detect(t) {
		return nil
	}
	is := w.detected(t)
	if is.Name() == w.Kinds[len(w.Kinds)-1].Name() {
		return fleet.Errorf(fleet.Refused, "This code is not %s: there is none in it, nor in its directories web, docroot, html and public.", want.Name()).
			WithHint("Name the directory as docroot in %s, or build it as generic: %s edit %s --kind generic", SpecFile, fleet.Slash, p.Distribution)
	}
	return fleet.Errorf(fleet.Refused, "This code looks like %s, not like %s.", w.coreOf(ctx, is, t), want.Name()).
		WithHint("Correct it: %s edit %s --kind %s", fleet.Slash, p.Distribution, is.Name())
}

// coreOf names a kind with the version of its core: "drupal 10.3.6".
func (w *Worker) coreOf(ctx context.Context, k Kind, t Tree) string {
	name := string(k.Name())
	facts, err := k.Read(ctx, t)
	if err != nil {
		return name
	}
	for _, p := range facts.Packages {
		if p.Type == "core" && p.Version != "" {
			return name + " " + p.Version
		}
	}
	return name
}

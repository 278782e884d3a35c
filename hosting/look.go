package hosting

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/internal/look"
)

// A Viewer is a backend whose copies a browser can be shown.
type Viewer interface {
	// View answers a GET of a path as Check does, but as a visitor's browser would
	// get it: with its header, whole up to MaxView bytes, and nothing that the web
	// server would not hand out, whatever the site has put in its way.
	View(ctx context.Context, c Copy, path string) (Answer, error)
	// Address is where the site believes to be, "https://shop.example", without a
	// slash at its end. The error says why its copies cannot be shown.
	Address(uri fleet.URI) (string, error)
}

// MaxView bounds what a browser is shown of one answer, in bytes.
const MaxView = 8 << 20

// An Eye takes pictures of pages; *look.Engine is one.
type Eye interface {
	Shoot(ctx context.Context, s look.Shot) (look.Picture, error)
	Close()
}

// lookWidths are those at which each page is seen: a telephone and a desk.
var lookWidths = [...]int{390, 1280}

// looking are the pictures of one task: the copies, what is looked at, and with
// what. The engine lives as long as the step.
type looking struct {
	eye      Eye
	viewer   Viewer
	address  string
	old, new Copy
	pages    []LookPage
	dir      string // where the pictures of before are kept
}

// errUnable says that nothing can be looked at, as a sentence for people.
type errUnable struct{ why string }

func (e *errUnable) Error() string { return e.why }

// looks opens what a task looks with. The error is an *errUnable where this host
// cannot look at anything.
func (w *Worker) looks(ctx context.Context, s *job.Scope) (*looking, error) {
	l := &looking{dir: w.lookDir(s)}
	var err error
	if l.new, err = w.onTrial(ctx, s); err != nil {
		return nil, err
	}
	if l.old, err = w.old(ctx, s); err != nil {
		return nil, err
	}
	l.pages = l.new.Tree.Spec.looks()
	var can bool
	if l.viewer, can = w.Backend.(Viewer); !can {
		return nil, &errUnable{fmt.Sprintf("the backend %s of host %s shows its copies to no browser", w.Backend.Name(), w.Host)}
	}
	if l.address, err = l.viewer.Address(l.old.URI); err != nil {
		return nil, &errUnable{fleet.Clean(err.Error(), 200)}
	}
	if w.Eyes == nil {
		return nil, &errUnable{fmt.Sprintf("host %s looks at no pages", w.Host)}
	}
	l.eye, err = w.Eyes(ctx)
	switch {
	case err == nil:
		return l, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return nil, &errUnable{fmt.Sprintf("host %s: %s", w.Host, fleet.Clean(err.Error(), 200))}
}

// lookBefore takes pictures of the site as visitors have it, each page twice:
// what differs between the two is the page's noise. Nobody waits meanwhile.
func (w *Worker) lookBefore(ctx context.Context, s *job.Scope) error {
	w.tidyLooks()
	l, err := w.looks(ctx, s)
	if err == nil {
		defer l.eye.Close()
		err = l.each(func(p LookPage, width int) error {
			b, err := l.takeBefore(ctx, p, width)
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case err != nil:
				s.Log("Page %s, %d px: it could not be looked at: %s", p.Path, width, fleet.Clean(err.Error(), 200))
				return nil // said once more, with the others, by lookAfter
			}
			s.Log("Page %s, %d px: a picture was taken; two of them differ by %s.", p.Path, width, fleet.TellShare(b.Noise))
			return nil
		})
	}
	var unable *errUnable
	if !errors.As(err, &unable) {
		return err
	}
	s.Log("Nothing can be looked at: %s.", unable.why)
	if fleet.Looking(s.Param(fleet.ParamLook)) == fleet.LookOrAsk && s.Task.Kind == fleet.TaskMigrate {
		if err := w.putLook(ctx, s, fleet.Look{Unable: unable.why}, nil); err != nil {
			return err
		}
		return job.Ask("The pages of %s cannot be looked at: %s. Nothing was changed yet.", s.Task.About, unable.why)
	}
	s.Keep(fleet.ResultUnable, unable.why)
	return nil
}

// lookAfter takes the same pictures of the updated copy, which nobody else sees,
// shows people what differs, and asks one of them if it is more than it may. A
// rehearsal that was asked for only tells.
func (w *Worker) lookAfter(ctx context.Context, s *job.Scope) error {
	before, _ := s.Task.Step(fleet.StepLookBefore)
	if before.State == fleet.StepSkipped {
		s.Log("Nothing is looked at: a person said to go on without.")
		return nil
	}
	if why := before.Result[fleet.ResultUnable]; why != "" {
		return w.putLook(ctx, s, fleet.Look{Unable: why}, nil)
	}
	l, err := w.looks(ctx, s)
	var unable *errUnable
	found, pictures := fleet.Look{}, []fleet.Picture(nil)
	switch {
	case errors.As(err, &unable):
		found.Unable = unable.why
	case err != nil:
		return err
	default:
		defer l.eye.Close()
		if found, pictures, err = l.compare(ctx); err != nil {
			return err
		}
	}
	for _, p := range found.Pages {
		s.Log("%s.", sentenceCase(fleet.TellSight(p)))
	}
	if err := w.putLook(ctx, s, found, pictures); err != nil {
		return err
	}
	return w.judgeLook(s, found)
}

// judgeLook decides what a look means for its task.
func (w *Worker) judgeLook(s *job.Scope, found fleet.Look) error {
	over, unsure := found.Count()
	ask := fleet.Looking(s.Param(fleet.ParamLook)) == fleet.LookOrAsk
	switch {
	case s.Task.Kind != fleet.TaskMigrate:
		return nil
	case over > 0:
		return job.Ask("%s would look otherwise on %s: %s. Nothing was changed yet, and visitors notice nothing while you look.",
			s.Task.About, s.Param(fleet.ParamPlatform), worst(found))
	case unsure > 0 && ask && found.Unable != "":
		return job.Ask("The pages of %s cannot be looked at: %s. Nothing was changed yet.", s.Task.About, found.Unable)
	case unsure > 0 && ask:
		return job.Ask("Nothing can be told of how %s would look: %s. Nothing was changed yet, and visitors notice nothing while you look.", s.Task.About, worst(found))
	case unsure > 0:
		s.Log("What could not be looked at is skipped, as the policy of the distribution says (look: skip).")
	}
	return nil
}

// worst tells of the page that differs most, or of one that says nothing.
func worst(found fleet.Look) string {
	var most fleet.Sight
	for i, p := range found.Pages {
		switch {
		case i == 0, p.Over() && (!most.Over() || p.Differs > most.Differs), (p.Unsure() || p.Wrong != "") && !most.Over():
			most = p
		}
	}
	return fleet.TellSight(most)
}

// each calls f for every page at every width, until it fails.
func (l *looking) each(f func(p LookPage, width int) error) error {
	for _, p := range l.pages {
		for _, width := range lookWidths {
			if err := f(p, width); err != nil {
				return err
			}
		}
	}
	return nil
}

// shot is a picture of a page of a copy.
func (l *looking) shot(c Copy, p LookPage, width int) look.Shot {
	return look.Shot{
		Site: l.address, Path: p.Path, Width: width, Masks: p.Mask,
		Get: func(ctx context.Context, path string) (look.Response, error) {
			a, err := l.viewer.View(ctx, c, path)
			if err == nil && a.Bytes > int64(len(a.Body)) {
				return look.Response{Status: http.StatusInsufficientStorage}, nil // more than MaxView
			}
			return look.Response{Status: a.Status, Header: a.Header, Body: a.Body}, err
		},
	}
}

package hosting

import (
	"context"
	"errors"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

// smokeTest installs a scratch site on a platform that was just built, with a
// database of its own where it needs one, asks it for its page, and takes it
// away again. A platform that no site can be made on never becomes ready. It is
// done where distrobot.yml says smoke: true.
func (w *Worker) smokeTest(ctx context.Context, s *job.Scope) (err error) {
	p, err := w.platform(ctx, s)
	if err != nil {
		return err
	}
	t, err := w.tree(ctx, p.Name)
	if err != nil || !t.Spec.Smoke {
		return err
	}
	k := w.kindFound(p, t)
	c := Copy{
		URI: scratchOf(s.Task.ID), ID: "smoke" + strings.ToLower(string(s.Task.ID)), Kind: k.Name(), Platform: p.Name,
		Tree: t, App: k.App(t), Generation: 1, Fence: s.Fence, Task: s.Task.ID,
	}
	if err := w.Backend.Able(c.App); err != nil {
		return err
	}
	if err := w.Backend.Remove(ctx, c); err != nil { // what an interrupted attempt left
		return err
	}
	defer func() {
		err = errors.Join(err, w.Backend.Remove(context.WithoutCancel(ctx), c))
	}()
	s.Log("Making a scratch site.")
	if err := w.Backend.Lay(ctx, c); err != nil {
		return err
	}
	if _, err := w.Backend.Fill(ctx, c); err != nil {
		return err
	}
	if err := w.Backend.Run(ctx, c, c.App.Install, func(line string) { s.Log("%s", line) }); err != nil {
		return err
	}
	err = until(ctx, orDefault(w.Retry, defaultRetry), func() error {
		a, err := w.Backend.Check(ctx, c, c.App.Check.Path)
		if err != nil {
			return err
		}
		return c.App.Check.Meets(a)
	})
	if fleet.CodeOf(err) == fleet.Failed {
		return fleet.Errorf(fleet.Failed, "A scratch site on this platform does not work: %s", Sentence(err)).Because(err)
	}
	return err
}

// scratchOf is the address of a task's scratch site; .invalid is nobody's (RFC
// 2606).
func scratchOf(t fleet.TaskID) fleet.URI {
	return fleet.URI("smoke-" + strings.ToLower(string(t)) + ".invalid")
}

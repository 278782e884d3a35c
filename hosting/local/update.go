package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// programPath is where a site's programs find others; nothing of the worker's
// own environment reaches them.
const programPath = "PATH=/usr/local/bin:/usr/bin:/bin"

// environ is the whole environment of a site's program.
func environ(c map[string]string, extra ...string) []string {
	env := []string{programPath, "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "HOME=" + c["SITE_ROOT"]}
	for name, v := range c {
		env = append(env, name+"="+v)
	}
	return append(env, extra...)
}

// Update implements hosting.Copies. The programs inherit the site's lock: if one
// outlives its worker, the next worker finds and ends it.
func (b *Backend) Update(ctx context.Context, c hosting.Copy, commands [][]string, log func(string)) error {
	return hosting.Explain("run the update commands", b.guarded(ctx, c, func(s site, lock *os.File) error {
		if n, err := s.live(); err != nil || n == c.Generation {
			return orLive(err, c)
		}
		root := filepath.Join(s.gen(c.Generation), "root")
		for _, argv := range commands {
			log("$ " + strings.Join(argv, " "))
			if err := b.command(ctx, c, argv, run.Command{Dir: root, Lines: log, Files: []*os.File{lock}}); err != nil {
				return err
			}
		}
		return syncBelow(s.gen(c.Generation))
	}))
}

// command runs one argument vector of a specification in base.Dir.
func (b *Backend) command(ctx context.Context, c hosting.Copy, argv []string, base run.Command) error {
	base.Env = environ(values(c, base.Dir))
	base.As, base.Timeout = b.As, c.Tree.Spec.Limit()
	base.Program, base.Args = argv[0], argv[1:]
	if strings.Contains(argv[0], "/") {
		base.Program = filepath.Join(base.Dir, argv[0])
	}
	if !c.Tree.Spec.Online() {
		base = hosting.Offline(ctx, base)
	}
	_, err := run.Run(ctx, base)
	var failed *run.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &failed):
		return fleet.Errorf(fleet.Failed, "The command %s failed (%s).", fleet.Clean(argv[0], 80), reason(failed)).Because(err)
	}
	return err
}

// reason says why a program failed in words that fit into a sentence.
func reason(e *run.Error) string {
	switch {
	case errors.Is(e, run.ErrTimeout), errors.Is(e, run.ErrNotFound):
		return e.Err.Error()
	case e.Last != "":
		return fleet.Clean(e.Last, 160)
	}
	return strings.TrimPrefix(e.Error(), e.Program+": ")
}

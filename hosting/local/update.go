package local

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
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

// Run implements hosting.Copies. The programs inherit the site's lock: if one
// outlives its worker, the next worker finds and ends it.
func (b *Backend) Run(ctx context.Context, c hosting.Copy, programs func(hosting.Place) []hosting.Program, log func(string)) error {
	return hosting.Explain("run the site's programs", b.guarded(ctx, c, func(s site, lock *os.File) error {
		if err := s.notLive(c); err != nil || programs == nil {
			return err
		}
		p, err := b.place(s, c)
		if err != nil {
			return err
		}
		for _, program := range programs(p) {
			log("$ " + program.Says)
			program.Env = append(s.cached(), program.Env...)
			if err := b.program(ctx, s, p, execution{Program: program, log: log, lock: lock}); err != nil {
				return err
			}
		}
		if !hasFiles(c) && c.From > 0 {
			return nil
		}
		return syncBelow(s.genOf(c))
	}))
}

// An execution is a program with what it gets from us.
type execution struct {
	hosting.Program
	log  func(string)
	lock *os.File
}

// program runs one program in the view, as the site's user.
func (b *Backend) program(ctx context.Context, s site, p hosting.Place, x execution) error {
	user, err := b.user(s)
	if err != nil {
		return err
	}
	secrets, err := s.secrets()
	if err != nil {
		return err
	}
	delete(secrets, secretPrefix) // "wp_" and "utf8mb4" are no secrets
	delete(secrets, secretCharset)
	c := run.Command{
		Program: x.Argv[0], Args: x.Argv[1:], Dir: p.Root, Env: environ(values(p), x.Env...), As: user,
		Timeout: p.Tree.Spec.Limit(), Lines: x.log, Files: []*os.File{x.lock},
		Secrets: slices.Collect(maps.Values(secrets)), Stdin: strings.NewReader(x.Stdin),
	}
	if strings.Contains(x.Argv[0], "/") && !filepath.IsAbs(x.Argv[0]) {
		c.Program = filepath.Join(c.Dir, x.Argv[0])
	}
	if !p.Tree.Spec.Online() || p.Quiet {
		c = b.isolation.offline(ctx, c)
	}
	_, err = run.Run(ctx, c)
	var failed *run.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &failed):
		return fleet.Errorf(fleet.Failed, "The command %s failed (%s).", fleet.Clean(x.Says, 80), reason(failed)).Because(err)
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

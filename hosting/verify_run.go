package hosting

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/internal/run"
)

// Bounds of one command of a verification.
const (
	// defaultMemory is what the largest real test suites seen take twice over;
	// Composer itself asks for 1.5 GiB.
	defaultMemory = 4 << 30
	// verifyOutput is what a command may print before it is ended, and
	// verifyLines how much of that is logged; a log keeps 5,000 lines in all.
	verifyOutput = 64 << 20
	verifyLines  = 4000
)

// errFlood ends a command that prints without end.
var errFlood = errors.New("it printed more than 64 MiB")

// verifyWith runs one command of the verification in dir: as the user of builds,
// within limits on time, memory and output, and without the network unless the
// distribution allows it. Where a machine cannot take the network away, `network:
// false` in distrobot.yml refuses the build; without that key the log says so.
func (w *Worker) verifyWith(ctx context.Context, s *job.Scope, dir string, spec Spec, argv []string) error {
	c := run.Command{
		Program: argv[0], Args: argv[1:], Dir: dir, Timeout: spec.Limit(), As: w.BuildAs, Memory: orDefault(w.BuildMemory, defaultMemory),
		Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "HOME=" + dir},
	}
	if strings.Contains(c.Program, "/") {
		c.Program = filepath.Join(dir, c.Program)
	}
	c, err := w.offNetwork(ctx, s, c, spec)
	if err != nil {
		return err
	}
	inner, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c.Lines = (&flood{log: s.Log, stop: stop}).line
	_, err = run.Run(inner, c)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, fs.ErrPermission):
		return fleet.Errorf(fleet.Failed, "The user that runs verifications cannot start %s in the copy of the tree.", fleet.Clean(argv[0], 80)).
			WithHint("Let other users through to DISTROBOT_DATA, or set DISTROBOT_BUILD_USER; distrobot doctor says more.").Because(err)
	case errors.Is(err, errFlood):
		return fleet.Errorf(fleet.Failed, "The verification %s was ended: %s.", fleet.Clean(argv[0], 80), errFlood).Because(err)
	case err != nil:
		return fleet.Errorf(fleet.Failed, "The verification %s failed: %s", fleet.Clean(argv[0], 80), fleet.Clean(err.Error(), 200)).Because(err)
	}
	return nil
}

// offNetwork takes the network from a command, unless the distribution allows it.
func (w *Worker) offNetwork(ctx context.Context, s *job.Scope, c run.Command, spec Spec) (run.Command, error) {
	if spec.Network != nil && *spec.Network {
		return c, nil
	}
	isolate := Isolated
	if w.Isolate != nil {
		isolate = w.Isolate
	}
	out, ok := isolate(ctx, c)
	if ok {
		return out, nil
	}
	if spec.Network != nil {
		return c, fleet.Errorf(fleet.Refused, "The distribution wants to be verified without a network, and host %s cannot take it away.", w.Host).
			WithHint("Run the worker as root or allow user namespaces there (unshare --net), or say network: true in %s.", SpecFile)
	}
	s.Log("This host cannot take the network away from programs: %s runs with it. To refuse that, say network: false in %s.", fleet.Clean(c.Program, 80), SpecFile)
	return c, nil
}

// flood passes a command's output on, as much as is kept, and ends the command
// when there is no end of it.
type flood struct {
	log   func(string, ...any)
	stop  context.CancelCauseFunc
	lines int
	bytes int64
}

func (f *flood) line(text string) {
	if f.bytes += int64(len(text)) + 1; f.bytes > verifyOutput {
		f.stop(errFlood)
	}
	switch f.lines++; {
	case f.lines <= verifyLines:
		f.log("%s", text)
	case f.lines == verifyLines+1:
		f.log("(What it prints beyond %d lines is left out.)", verifyLines)
	}
}

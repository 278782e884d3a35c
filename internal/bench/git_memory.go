package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/run"
)

// buildEnv, if set, makes the program do one build and say what it took.
const buildEnv = "DISTROBOT_BENCH_BUILD"

// A measuredBuild is one build in a process of its own: a benchmark that has just
// made a distribution of 75 MB cannot tell its own memory from the build's.
type measuredBuild struct {
	Mirrors string
	Layout  mirror.Layout
	Want    mirror.Ref
}

// peak is the greatest memory that a process held, in MB: of the program itself,
// and of the greatest git that it started, whose part of the pack in the page
// cache counts as its own.
type peak struct{ Program, Git int64 }

// ServeBuild is the build, if the environment asks for it, and reports whether it
// was.
func ServeBuild(ctx context.Context) (bool, error) {
	text := os.Getenv(buildEnv)
	if text == "" {
		return false, nil
	}
	var m measuredBuild
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return true, err
	}
	s := &mirror.Store{Dir: m.Mirrors, Policy: loopback}
	if err := s.Fetch(ctx, m.Layout.Repo, m.Want); err != nil {
		return true, err
	}
	if _, err := s.Lay(ctx, m.Layout); err != nil {
		return true, err
	}
	self, err := highWaterOf("self")
	if err != nil {
		return true, err
	}
	var children unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_CHILDREN, &children); err != nil {
		return true, err
	}
	return true, json.NewEncoder(os.Stdout).Encode(peak{Program: self >> 10, Git: children.Maxrss >> 10})
}

// measure does the build in a process of its own.
func (m measuredBuild) measure(ctx context.Context) (peak, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return peak{}, err
	}
	program, err := os.Executable()
	if err != nil {
		return peak{}, err
	}
	var out strings.Builder
	if _, err := run.Run(ctx, run.Command{Program: program, Env: run.Environ(buildEnv + "=" + string(text)), Stdout: &out}); err != nil {
		return peak{}, fmt.Errorf("measure the memory of a build: %w", err)
	}
	var p peak
	err = json.Unmarshal([]byte(out.String()), &p)
	return p, err
}

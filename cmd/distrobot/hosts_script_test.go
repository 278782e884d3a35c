package main

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/store"
)

// cmdGone: gone NAME REGEXP waits until a program has ended by itself, as a
// failure, and has said why.
func cmdGone(ts *testscript.TestScript, _ bool, args []string) {
	all := ts.Value(procsKey{}).(procs)
	p := all[args[0]]
	select {
	case <-p.done:
	case <-time.After(patience):
		ts.Fatalf("%s does not end:\n%s", args[0], p.out.String())
	}
	if p.cmd.ProcessState.ExitCode() != exitFailed || !regexp.MustCompile(args[1]).MatchString(p.out.String()) {
		ts.Fatalf("%s ended with %d:\n%s", args[0], p.cmd.ProcessState.ExitCode(), p.out.String())
	}
	delete(all, args[0])
}

// cmdFloor: floor N writes what a program of the protocol N would write: workers
// of a lower one must not work.
func cmdFloor(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	s, err := store.Open(context.Background(), store.Options{URL: ts.Getenv("DISTROBOT_REDIS_URL"), Key: []byte(ts.Getenv("DISTROBOT_KEY"))})
	ts.Check(err)
	defer s.Close()
	ts.Check((&fleet.Hosts{Store: s}).RaiseFloor(context.Background(), fleet.Floor{Protocol: n, Version: "9.9.9"}))
}

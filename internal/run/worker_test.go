package run_test

import (
	"context"
	"fmt"
	"os"

	"github.com/distrobot/distrobot/internal/run"
)

// worker is the helper process of TestChildrenDieWithTheWorker: this test binary
// started again, running one child through Run.
func worker(dir string) {
	_, err := run.Run(context.Background(), run.Command{
		Program: "sh",
		Args:    []string{"-c", "echo $$ > child; trap '' TERM HUP INT; while :; do sleep 0.05; done"},
		Env:     run.Environ(),
		Dir:     dir,
	})
	fmt.Fprintln(os.Stderr, "the child ended:", err)
	os.Exit(1)
}

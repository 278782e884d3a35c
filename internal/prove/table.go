package prove

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// Table writes all results as one table in Markdown, as README.md quotes it, with
// the day and the machine above.
func Table(ctx context.Context, w io.Writer, results []Result) {
	var took time.Duration
	for _, r := range results {
		took += r.Took
	}
	fmt.Fprintf(w, "\n%s, in %s, on %s:\n\n", time.Now().Format("2 January 2006"), took.Round(time.Second), machine(ctx))
	fmt.Fprintln(w, "| proof | trials | took | what was tried in vain |\n| --- | --- | --- | --- |")
	for _, r := range results {
		what := r.What
		if !r.OK() {
			what = "**does not hold:** " + strings.Join(r.Faults, "; ")
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", r.Name, thousands(r.Trials), r.Took.Round(time.Second), cell(what))
	}
}

// cell is a text that fits into one cell.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s)
}

// thousands writes 5000 as 5,000.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// machine says what the proofs ran on, as far as it can be told.
func machine(ctx context.Context) string {
	parts := []string{fmt.Sprintf("%d processors", runtime.NumCPU()), runtime.GOOS + "/" + runtime.GOARCH, runtime.Version()}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		if f := strings.Fields(string(load)); len(f) > 2 {
			parts[0] += " (load " + f[2] + ")"
		}
	}
	for _, tool := range [][]string{{"redis-server", "--version"}, {"git", "--version"}} {
		r, err := run.Run(ctx, run.Command{Program: tool[0], Args: tool[1:], Env: run.Environ(), Timeout: 10 * time.Second})
		if err != nil {
			continue // the proofs that need it have said so
		}
		for _, word := range strings.Fields(r.Stdout) {
			word = strings.TrimPrefix(word, "v=")
			if word[0] >= '0' && word[0] <= '9' {
				parts = append(parts, strings.TrimSuffix(tool[0], "-server")+" "+word)
				break
			}
		}
	}
	return strings.Join(parts, ", ")
}

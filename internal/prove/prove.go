// Package prove counts what the tests of this project show about its
// reliability. A proof is a claim and the tests that try to refute it; each test
// tells how many trials it made, and a proof holds when every trial did and there
// were enough of them.
package prove

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// TrialsKey is the attribute by which a test tells how many trials it has made:
// t.Attr(prove.TrialsKey, "98").
const TrialsKey = "trials"

// A Test is one test function, or a part of one: "TestA/part".
type Test struct{ Package, Name string }

// A Proof is a claim about reliability.
type Proof struct {
	Name  string
	What  string // was tried in vain, for the table
	Tests []Test
	// Least is the number of trials without which it shows nothing; Short is that
	// of a short run.
	Least, Short int
}

// A Result is what became of a proof.
type Result struct {
	Name   string
	What   string // of the proof
	Trials int    // made by tests that passed
	Took   time.Duration
	Faults []string // why it does not hold
}

// OK tells whether the claim held.
func (r Result) OK() bool { return len(r.Faults) == 0 }

// String is the line of a proof: prove NAME FIGURE ok|SHORT.
func (r Result) String() string {
	word := "ok"
	if !r.OK() {
		word = "SHORT"
	}
	return fmt.Sprintf("prove %s %d %s", r.Name, r.Trials, word)
}

// A Prover runs proofs with the go command in the directory of the module.
type Prover struct {
	Go    string    // the go command
	Dir   string    // of the module; empty is the working directory
	Short bool      // a few cases of each
	Log   io.Writer // gets what failing tests say
}

// limit bounds one test. Its parallel parts wait more than they work (for leases,
// for the limits of checks), so that they may be more than the processors.
const (
	limit    = 2 * time.Hour
	parallel = "4"
)

// Prove tries one proof. The error says that it could not be tried.
func (p Prover) Prove(ctx context.Context, proof Proof) (r Result, err error) {
	r = Result{Name: proof.Name, What: proof.What}
	defer func(begun time.Time) { r.Took = time.Since(begun) }(time.Now())
	for _, t := range proof.Tests {
		o, err := p.test(ctx, t)
		if err != nil {
			return r, err
		}
		if o.verdict != "pass" {
			r.Faults = append(r.Faults, fmt.Sprintf("%s in %s: %s", t.Name, t.Package, o.verdict))
			continue
		}
		r.Trials += o.trials
		fmt.Fprintf(p.Log, "# %s: %d by %s\n", proof.Name, o.trials, t.Name)
	}
	least := proof.Least
	if p.Short {
		least = proof.Short
	}
	if r.Trials < least {
		r.Faults = append(r.Faults, fmt.Sprintf("%d trials are too few, at least %d are needed", r.Trials, least))
	}
	for _, f := range r.Faults {
		fmt.Fprintf(p.Log, "# %s: %s\n", proof.Name, f)
	}
	return r, nil
}

// test runs one test. A program that fails without a word about the test (it does
// not compile, for instance) is an error.
func (p Prover) test(ctx context.Context, t Test) (outcome, error) {
	out, in := io.Pipe()
	read := make(chan outcome, 1)
	go func() { read <- readEvents(out, t.Name, p.Log) }()
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "DISTROBOT_TEST_THOROUGH=") })
	if !p.Short {
		env = append(env, "DISTROBOT_TEST_THOROUGH=1")
	}
	_, err := run.Run(ctx, run.Command{
		Program: p.Go, Dir: p.Dir, Env: env, Stdout: in, Timeout: limit,
		Args: []string{"test", "-count=1", "-json", "-timeout", limit.String(), "-parallel", parallel, "-run", pattern(t.Name), t.Package},
	})
	in.Close()
	o := <-read
	var failed *run.Error
	if err != nil && (o.verdict == absent || !errors.As(err, &failed) || ctx.Err() != nil) {
		return o, fmt.Errorf("test %s: %w", t.Package, err)
	}
	if err != nil && o.verdict == "pass" {
		o.verdict = "passes, but its package fails"
	}
	return o, nil
}

// pattern chooses exactly one test.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + p + "$"
	}
	return strings.Join(parts, "/")
}

// absent is the verdict on a test of which nothing is told.
const absent = "there is no such test"

// An outcome is what the events of one test say.
type outcome struct {
	verdict string // "pass", "fail", "skip", absent, or a sentence
	trials  int
}

// readEvents reads what go test -json prints. Trials are counted over a test and
// its parts; a part that was skipped makes the whole one skipped. What a failing
// test said is written to log.
func readEvents(r io.Reader, test string, log io.Writer) outcome {
	o := outcome{verdict: absent}
	skipped, said := false, strings.Builder{}
	in := bufio.NewScanner(r)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var e struct{ Action, Test, Key, Value, Output string }
		if json.Unmarshal(in.Bytes(), &e) != nil {
			said.WriteString(in.Text() + "\n")
			continue
		}
		said.WriteString(e.Output)
		if e.Test != test && !strings.HasPrefix(e.Test, test+"/") {
			continue
		}
		switch e.Action {
		case "run":
			if o.verdict == absent {
				o.verdict = "its program ended in the middle"
			}
		case "attr":
			if n, err := strconv.Atoi(e.Value); err == nil && e.Key == TrialsKey {
				o.trials += n
			}
		case "skip":
			skipped = true
		}
		if e.Test == test && slices.Contains([]string{"pass", "fail", "skip"}, e.Action) {
			o.verdict = e.Action
		}
	}
	_, _ = io.Copy(io.Discard, r) // whoever writes shall not wait
	if o.verdict == "pass" && skipped {
		o.verdict = "skip"
	}
	if o.verdict != "pass" {
		fmt.Fprint(log, said.String())
	}
	return o
}

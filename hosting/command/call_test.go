package command

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
)

// program is a program that is a line of shell; $1 is the verb.
func program(line string) Program {
	return Program{Argv: []string{"sh", "-c", "cat >/dev/null; " + line, "sh"}, Env: run.Environ(), Limit: 20 * time.Second}
}

// TestHowACallEnds holds what each way to end a call means: done, failed with
// nothing changed, or that nobody can tell.
func TestHowACallEnds(t *testing.T) {
	const done, failed, unknown = "done", "failed", "unknown"
	for _, c := range []struct{ name, line, reads, writes, says string }{
		{"done", `echo '{"v":1,"result":{"uri":"a"}}'`, done, done, ""},
		{"failed", `printf '%s' '{"v":1,"error":"The disk\nis full."}'; exit 1`, failed, failed, "The disk is full."},
		{"failed without an answer", `echo first >&2; echo 'no such host' >&2; exit 1`, failed, failed, "no such host."},
		{"failed without a word", `exit 1`, failed, failed, "exit code 1 without a word."},
		{"cannot tell", `echo '{"v":1,"error":"The line is dead"}'; exit 2`, failed, unknown, "The line is dead."},
		{"another code", `exit 17`, failed, unknown, "exit code 17"},
		{"killed", `kill -9 $$`, failed, unknown, ""},
		{"no document", `echo done`, failed, unknown, "not one JSON document"},
		{"two documents", `echo '{"v":1,"result":{}}{"v":1}'`, failed, unknown, "not one JSON document"},
		{"another version", `echo '{"v":2,"result":{}}'`, failed, unknown, "version 2"},
		{"no result", `echo '{"v":1}'`, failed, unknown, "no result"},
		{"another form", `echo '{"v":1,"result":[1]}'`, failed, unknown, "another form"},
		{"too much", `head -c 17000000 /dev/zero`, failed, unknown, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for verb, want := range map[Verb]string{Observe: c.reads, Switch: c.writes} {
				var out Observed
				err := program(c.line).do(t.Context(), call{verb: verb, request: Request{Op: "x"}}, &out)
				got := done
				var u *errUnknown
				switch {
				case errors.As(err, &u):
					got = unknown
				case fleet.CodeOf(err) == fleet.Failed:
					got = failed
				case err != nil:
					got = err.Error()
				}
				if got != want || err != nil && !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s: %s (%v), want %s with %q", verb, got, err, want, c.says)
				}
			}
		})
	}
}

// TestWhatAProgramSees holds that the program gets its verb, one document and
// nothing of the worker's environment, and that its words are the log.
func TestWhatAProgramSees(t *testing.T) {
	t.Setenv("DISTROBOT_KEY", "a secret")
	var said []string
	p := Program{Argv: []string{"sh", "-c", `read -r line; echo "$1 $line" >&2; env >&2; echo '{"v":1}'`, "sh"}, Env: run.Environ("ONLY=this")}
	err := p.do(t.Context(), call{verb: Hold, request: Request{Op: "01task/hold/2", Fence: 7, Site: &Site{URI: "a.example"}}, log: func(l string) { said = append(said, l) }}, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(said, "\n")
	if !strings.HasPrefix(all, `hold {"v":1,"op":"01task/hold/2","fence":7,"host":"","site":{"uri":"a.example"}}`) || !strings.Contains(all, "ONLY=this") || strings.Contains(all, "secret") {
		t.Errorf("the program saw and said:\n%s", all)
	}
}

// TestACallThatNeverEnds is ended, and nobody can tell what it did.
func TestACallThatNeverEnds(t *testing.T) {
	p := program("sleep 600")
	p.Limit = 100 * time.Millisecond
	var u *errUnknown
	if err := p.do(t.Context(), call{verb: Clone}, nil); !errors.As(err, &u) || !strings.Contains(err.Error(), "took too long") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.do(ctx, call{verb: Clone}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := (Program{Argv: []string{"/no/such/program"}}).do(t.Context(), call{verb: Clone}, nil); fleet.CodeOf(err) != fleet.Failed {
		t.Errorf("no program: %v", err)
	}
}

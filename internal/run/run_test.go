package run_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/run"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("RUN_TEST_WORKER"); dir != "" {
		worker(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// shell is a Command that runs script in sh with a minimal environment.
func shell(script string, args ...string) run.Command {
	return run.Command{
		Program: "sh",
		Args:    append([]string{"-c", script, "sh"}, args...),
		Env:     run.Environ(),
	}
}

func TestRunReportsCodeAndOutput(t *testing.T) {
	tests := []struct {
		name           string
		cmd            run.Command
		code           int
		stdout, stderr string
		text           string // of the error
	}{
		{name: "success", cmd: shell("echo out; echo err >&2"), stdout: "out\n", stderr: "err\n"},
		{
			name: "failure with a last line", cmd: shell("echo first >&2; echo 'disk is full' >&2; echo >&2; exit 3"),
			code: 3, stderr: "first\ndisk is full\n\n", text: "sh: exit code 3: disk is full",
		},
		{name: "silent failure", cmd: shell("exit 1"), code: 1, text: "sh: exit code 1"},
		{
			name: "arguments are not interpreted", cmd: shell(`printf '%s|' "$@"`, "a b", "$HOME", "`id`", "*", "-x", ""),
			stdout: "a b|$HOME|`id`|*|-x||",
		},
		{
			name: "ended by its own signal", cmd: shell("kill -KILL $$"),
			code: -1, text: "sh: ended by a signal (signal: killed)",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := run.Run(t.Context(), tt.cmd)
			if got.ExitCode != tt.code || got.Stdout != tt.stdout || got.Stderr != tt.stderr {
				t.Errorf("got code %d, stdout %q, stderr %q", got.ExitCode, got.Stdout, got.Stderr)
			}
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != tt.text {
				t.Errorf("got error %q, want %q", text, tt.text)
			}
		})
	}
}

func TestNothingIsInherited(t *testing.T) {
	t.Setenv("SLACK_BOT_TOKEN", "xoxb-very-secret")
	env, err := run.LookPath("env", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := run.Run(t.Context(), run.Command{Program: env})
	if err != nil || got.Stdout != "" {
		t.Errorf("with a nil Env the child sees %q (%v), want nothing", got.Stdout, err)
	}
	got, err = run.Run(t.Context(), run.Command{Program: env, Env: run.Environ("A=1")})
	if err != nil || strings.Contains(got.Stdout, "xoxb") || !strings.Contains(got.Stdout, "A=1\n") {
		t.Errorf("with Environ the child sees %q (%v)", got.Stdout, err)
	}
}

func TestProgramNotFound(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "not-executable")
	if err := os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"distrobot-has-no-such-program", "", plain, dir, filepath.Join(dir, "absent")} {
		_, err := run.Run(t.Context(), run.Command{Program: program, Env: run.Environ()})
		if !errors.Is(err, run.ErrNotFound) {
			t.Errorf("%q: got %v, want ErrNotFound", program, err)
		}
	}
	missingDir := shell("true")
	missingDir.Dir = filepath.Join(dir, "absent")
	if _, err := run.Run(t.Context(), missingDir); err == nil || errors.Is(err, run.ErrNotFound) {
		t.Errorf("a missing directory gives %v, want an error that does not blame the program", err)
	}
}

// The child's PATH decides, so that tests and operators can put a program first;
// a relative entry never does, since a build runs in a foreign directory.
func TestLookPathReadsTheGivenPath(t *testing.T) {
	dir := t.TempDir()
	stub := filepath.Join(dir, "sh")
	if err := os.WriteFile(stub, []byte("#!/bin/true\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	tests := []struct{ path, want string }{
		{path: dir + ":/bin", want: stub},
		{path: ".:/bin", want: "/bin/sh"},
		{path: ":/bin", want: "/bin/sh"},
	}
	for _, tt := range tests {
		got, err := run.LookPath("sh", []string{"PATH=/wrong", "PATH=" + tt.path})
		if err != nil || got != tt.want {
			t.Errorf("PATH=%s: got %s, %v, want %s", tt.path, got, err, tt.want)
		}
	}
}

func TestNULIsRefused(t *testing.T) {
	if _, err := run.Run(t.Context(), shell("true", "a\x00b")); err == nil {
		t.Error("a NUL in an argument was accepted")
	}
}

// Both streams are drained at once: a child that fills one pipe while the parent
// reads the other would block for ever. Only the end of each is kept.
func TestBothStreamsAreDrainedAndTheTailKept(t *testing.T) {
	cmd := shell(`i=0; while [ $i -lt 40000 ]; do echo "out $i"; echo "err $i" >&2; i=$((i+1)); done`)
	cmd.OutputLimit = 100
	cmd.Timeout = time.Minute
	got, err := run.Run(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Stdout) != 100 || !strings.HasSuffix(got.Stdout, "out 39999\n") {
		t.Errorf("kept %d bytes of stdout: %q", len(got.Stdout), got.Stdout)
	}
	if len(got.Stderr) != 100 || !strings.HasSuffix(got.Stderr, "err 39999\n") {
		t.Errorf("kept %d bytes of stderr: %q", len(got.Stderr), got.Stderr)
	}
}

func TestStdoutIsStreamedUpToItsLimit(t *testing.T) {
	var out bytes.Buffer
	cmd := shell("echo one; echo two")
	cmd.Stdout, cmd.StdoutLimit = &out, 8
	if _, err := run.Run(t.Context(), cmd); err != nil || out.String() != "one\ntwo\n" {
		t.Errorf("exactly the limit: got %q, %v", out.String(), err)
	}

	out.Reset()
	cmd = shell("while :; do echo 0123456789; done")
	cmd.Stdout, cmd.StdoutLimit = &out, 5000
	if _, err := run.Run(t.Context(), cmd); !errors.Is(err, run.ErrTooMuch) {
		t.Errorf("endless output: got %v, want ErrTooMuch", err)
	}
	if out.Len() > 5000 {
		t.Errorf("%d bytes got through a limit of 5000", out.Len())
	}

	out.Reset()
	cmd = shell("echo 0123456789") // ends by itself before anybody stops it
	cmd.Stdout, cmd.StdoutLimit = &out, 5
	if _, err := run.Run(t.Context(), cmd); !errors.Is(err, run.ErrTooMuch) {
		t.Errorf("short but too long: got %v, want ErrTooMuch", err)
	}

	cmd = shell("echo x")
	cmd.Stdout = failingWriter{}
	if _, err := run.Run(t.Context(), cmd); !errors.Is(err, errFull) {
		t.Errorf("a writer that fails: got %v, want its error", err)
	}
}

var errFull = errors.New("no space left")

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

func TestStdinReachesTheProgram(t *testing.T) {
	cmd := run.Command{Program: "cat", Env: run.Environ(), Stdin: strings.NewReader("hello")}
	if got, err := run.Run(t.Context(), cmd); err != nil || got.Stdout != "hello" {
		t.Errorf("got %q, %v", got.Stdout, err)
	}
}

func TestFilesAreDescriptorsFromThree(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := shell("echo through >&3")
	cmd.Files = []*os.File{f}
	if _, err := run.Run(t.Context(), cmd); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(f.Name()); err != nil || string(got) != "through\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestLinesArriveWhileTheProgramRuns(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "go-on")
	if _, err := run.Run(t.Context(), run.Command{Program: "mkfifo", Args: []string{fifo}, Env: run.Environ()}); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var lines []string
	cmd := shell(`echo ready; cat "$1"; printf '10%%\r20%%\rdone' >&2`, fifo)
	cmd.Timeout = time.Minute
	cmd.Lines = func(line string) {
		mu.Lock()
		defer mu.Unlock()
		if lines = append(lines, line); line == "ready" {
			// Only a line seen during the run lets the program go on.
			if err := os.WriteFile(fifo, []byte("went on\n"), 0); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := run.Run(t.Context(), cmd); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(lines, "|"); got != "ready|went on|10%|20%|done" {
		t.Errorf("got %q", got)
	}
}

func TestSecretsAreRedacted(t *testing.T) {
	secret := "s3cr3t-t0ken"
	var lines []string
	cmd := shell(`echo "token $1 end"; printf '%s' "$1" >&2; printf '%4100s' x; echo "$1"; echo "bad $1" >&2; exit 1`, secret)
	cmd.Secrets = []string{"", secret}
	cmd.Lines = func(line string) { lines = append(lines, line) }
	got, err := run.Run(t.Context(), cmd)
	if err == nil {
		t.Fatal("exit code 1 gave no error")
	}
	all := got.Stdout + got.Stderr + err.Error() + strings.Join(lines, "\n")
	if strings.Contains(all, secret) {
		t.Errorf("the secret is shown: %q", all)
	}
	if !strings.Contains(got.Stdout, "token [redacted] end") || !strings.HasSuffix(err.Error(), "bad [redacted]") {
		t.Errorf("got stdout %.60q, error %q", got.Stdout, err)
	}
	for _, line := range lines {
		if len(line) > run.MaxLine+len("[redacted]") || strings.Contains(line, "s3cr") {
			t.Errorf("line of %d bytes ends in %q", len(line), line[max(0, len(line)-20):])
		}
	}
}

// A secret that the cut splits must not leave its second half behind.
func TestRedactionAtTheCut(t *testing.T) {
	secret := "abcdefghijklmnop"
	for limit := 1; limit < 40; limit++ {
		cmd := shell(`printf '%s' "xx$1yy$1"`, secret)
		cmd.OutputLimit, cmd.Secrets = limit, []string{secret}
		got, err := run.Run(t.Context(), cmd)
		if err != nil {
			t.Fatal(err)
		}
		rest := strings.NewReplacer("[redacted]", "", "x", "", "y", "").Replace(got.Stdout)
		if rest != "" {
			t.Errorf("limit %d shows %q", limit, got.Stdout)
		}
	}
}

func TestMultilineSecretIsRedactedLineByLine(t *testing.T) {
	key := "-----BEGIN KEY-----\nQUJDREVGR0g=\n-----END KEY-----\n"
	cmd := run.Command{Program: "cat", Env: run.Environ(), Stdin: strings.NewReader("a\n" + key + "b\n"), Secrets: []string{key}}
	var lines []string
	cmd.Lines = func(l string) { lines = append(lines, l) }
	got, err := run.Run(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	if all := got.Stdout + fmt.Sprint(lines); strings.Contains(all, "QUJD") || !strings.Contains(all, "b") {
		t.Errorf("got %q", all)
	}
}

func TestSIGTERMComesFirst(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd := shell(`trap 'echo tidied; exit 0' TERM; echo ready; while :; do sleep 0.02; done`)
	cmd.Lines = func(line string) {
		if line == "ready" {
			cancel()
		}
	}
	got, err := run.Run(ctx, cmd)
	if !strings.Contains(got.Stdout, "tidied") {
		t.Errorf("the program had no chance to tidy up: %q", got.Stdout)
	}
	if !errors.Is(err, context.Canceled) || got.ExitCode != 0 {
		t.Errorf("got %v with code %d: a stopped program has failed even when it exits with 0", err, got.ExitCode)
	}
}

func TestTimeout(t *testing.T) {
	cmd := shell("while :; do sleep 0.05; done")
	cmd.Timeout = 50 * time.Millisecond
	_, err := run.Run(t.Context(), cmd)
	if !errors.Is(err, run.ErrTimeout) || errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want ErrTimeout", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := run.Run(ctx, shell("while :; do sleep 0.05; done")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want DeadlineExceeded", err)
	}
	<-ctx.Done()
	if _, err := run.Run(ctx, shell("true")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a context that is over: got %v", err)
	}
}

func TestStartedTellsThePid(t *testing.T) {
	pid := 0
	c := shell(`kill -0 "-$$" && echo "$$"`) // it is a group
	c.Started = func(p int) { pid = p }
	result, err := run.Run(t.Context(), c)
	if err != nil || result.Stdout != fmt.Sprintln(pid) {
		t.Errorf("pid %d, the program said %q (%v)", pid, result.Stdout, err)
	}
}

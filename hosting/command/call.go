package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/internal/run"
)

// Bounds of what a program may say.
const (
	maxAnswer = 16 << 20
	maxError  = 400
)

// DefaultLimit is how long one call may take, unless the step has less time.
const DefaultLimit = 2 * time.Hour

// A Program is the user's program.
type Program struct {
	Argv  []string      // its path and fixed arguments; the verb is added
	Env   []string      // its whole environment
	Limit time.Duration // of one call; 0 means DefaultLimit
}

// A call is one call of the program.
type call struct {
	verb    Verb
	request Request
	log     func(string) // of standard error; may be nil
	lock    *os.File     // inherited, so that the site stays locked as long as the program lives
}

// errUnknown says that nobody can tell whether a call had its effect.
type errUnknown struct{ text string }

func (e *errUnknown) Error() string { return e.text }

// do calls the program and reads its result into out, which may be nil. Errors:
// *fleet.Error of code Failed when nothing was changed, *errUnknown, and the
// context's.
func (p Program) do(ctx context.Context, c call, out any) error {
	c.request.V = orDefault(c.request.V, Version)
	in, err := json.Marshal(c.request)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	var stdout bytes.Buffer
	cmd := run.Command{
		Program: p.Argv[0], Args: append(append([]string{}, p.Argv[1:]...), string(c.verb)), Env: p.Env,
		Stdin: bytes.NewReader(append(in, '\n')), Stdout: &stdout, StdoutLimit: maxAnswer, Timeout: orDefault(p.Limit, DefaultLimit), Lines: c.log,
	}
	if c.lock != nil {
		cmd.Files = []*os.File{c.lock}
	}
	_, err = run.Run(ctx, cmd)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var a Answer
	parsed := json.Unmarshal(stdout.Bytes(), &a)
	var failed *run.Error
	switch {
	case err == nil:
		return c.result(a, parsed, out)
	case errors.Is(err, run.ErrNotFound):
		return fleet.Errorf(fleet.Failed, "The backend's program cannot be started: %s.", fleet.Clean(err.Error(), 160)).
			WithHint("Check DISTROBOT_COMMAND; distrobot doctor tries it.").Because(err)
	case !errors.As(err, &failed):
		return err
	}
	said := reason(a, failed)
	if failed.Err == nil && failed.ExitCode == 1 || c.verb.reads() {
		return fleet.Errorf(fleet.Failed, "The backend could not %s: %s", c.verb.says(), said).Because(err)
	}
	return &errUnknown{fmt.Sprintf("The backend cannot tell whether it could %s: %s", c.verb.says(), said)}
}

// result reads the answer of a call that succeeded.
func (c call) result(a Answer, parsed error, out any) error {
	bad := ""
	switch {
	case parsed != nil:
		bad = "its answer is not one JSON document"
	case a.V != Version:
		bad = fmt.Sprintf("its answer has version %d instead of %d", a.V, Version)
	case out == nil:
		return nil
	case len(a.Result) == 0:
		bad = "its answer has no result"
	default:
		if err := json.Unmarshal(a.Result, out); err == nil {
			return nil
		}
		bad = "the result in its answer has another form"
	}
	if c.verb.reads() {
		return fleet.Errorf(fleet.Failed, "The backend's program broke its contract at %s: %s.", c.verb, bad).WithHint("Run distrobot backend check.")
	}
	return &errUnknown{fmt.Sprintf("The backend's program said that %s is done, but %s.", c.verb, bad)}
}

// reason is why a call failed, as one sentence that is fit for people.
func reason(a Answer, e *run.Error) string {
	text := a.Error
	switch {
	case text != "":
	case errors.Is(e, run.ErrTimeout):
		text = "it took too long"
	case e.Last != "":
		text = e.Last
	default:
		text = fmt.Sprintf("exit code %d without a word", e.ExitCode)
	}
	return strings.TrimSuffix(fleet.Clean(text, maxError), ".") + "."
}

// says is the verb in a sentence: "could not …".
func (v Verb) says() string {
	switch v {
	case List:
		return "list its sites"
	case Facts:
		return "read the site's facts"
	case Observe:
		return "tell what is live"
	case Build:
		return "take the platform over"
	case Hold:
		return "make visitors wait"
	case Release:
		return "let visitors in"
	case Switch:
		return "switch the site"
	case Rollback:
		return "prepare the way back"
	}
	return string(v) + " the site's copy"
}

// held turns what nobody can tell into a question for a person.
func held(err error) error {
	var u *errUnknown
	if errors.As(err, &u) {
		return job.Ask("%s", u.text)
	}
	return err
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

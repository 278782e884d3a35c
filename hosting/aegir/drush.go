package aegir

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
)

// Limits of calls that do not wait for a task.
const (
	quick   = 2 * time.Minute  // a query, a script
	placing = 60 * time.Minute // a tree that is sent
	maxSaid = 1 << 20          // of what a call prints, in bytes
)

// A Drush runs programs on the machine of Aegir, as its user. Make one with its
// fields; it is safe for concurrent use.
type Drush struct {
	// Program is drush 8 and its fixed arguments: "drush", "drush8" on BOA.
	Program []string
	// Hostmaster is the alias of Aegir's front end; "@hostmaster" if empty.
	Hostmaster string
	// Home is Aegir's root there, "/var/aegir".
	Home string
	// SSH is how the machine is reached; nil if it is this one.
	SSH *SSH
	// As is the user aegir if distrobot runs as root on the same machine.
	As *run.User
	// Env is the whole environment on the same machine.
	Env []string
}

// A call is one program on the machine of Aegir. It must be quick, and do no
// harm when it is cut off: tasks are launched, not called.
type call struct {
	argv  []string
	stdin io.Reader
	out   io.Writer // standard output; nil gives its end as a string
	most  int64     // bytes of it; 0 means maxSaid
	limit time.Duration
}

// errLost says that the connection broke off: the call may have had its effect.
var errLost = errors.New("the connection to the Aegir host was lost")

// do runs a call and gives the end of its output. An exit code is a *run.Error.
func (d *Drush) do(ctx context.Context, c call) (string, error) {
	cmd := run.Command{
		Program: c.argv[0], Args: c.argv[1:], Env: d.Env, As: d.As, Stdin: c.stdin, OutputLimit: maxSaid,
		Stdout: c.out, Timeout: orDefault(c.limit, quick),
	}
	if c.out != nil {
		cmd.StdoutLimit = orDefault(c.most, maxSaid)
	}
	if d.SSH != nil {
		if err := d.SSH.connect(ctx); err != nil {
			return "", err
		}
		cmd.Program, cmd.Args = "ssh", append(d.SSH.args(), "--", d.SSH.Host, run.Quote(c.argv...))
		cmd.Env, cmd.As = run.Environ(), nil
	}
	r, err := run.Run(ctx, cmd)
	var failed *run.Error
	if err != nil && d.SSH != nil && errors.As(err, &failed) && failed.ExitCode == lost {
		return r.Stdout, errors.Join(errLost, err)
	}
	return r.Stdout, err
}

// shell runs a script of ours there with arguments.
func (d *Drush) shell(ctx context.Context, script string, args ...string) (string, error) {
	return d.do(ctx, call{argv: withArgs(script, args...)})
}

func withArgs(script string, args ...string) []string {
	return append([]string{"sh", "-c", script, "sh"}, args...)
}

// drush calls drush and gives what it printed. The error of a call that said why
// it failed is a *fleet.Error.
func (d *Drush) drush(ctx context.Context, args ...string) (string, error) {
	out, err := d.do(ctx, call{argv: d.argv(args...)})
	return out, told(err)
}

func (d *Drush) argv(args ...string) []string { return slices.Concat(d.Program, args) }

// hostmaster are the arguments of a call to the front end.
func (d *Drush) hostmaster(args ...string) []string {
	return append([]string{orDefault(d.Hostmaster, "@hostmaster")}, args...)
}

// told makes a sentence of drush's last words.
func told(err error) error {
	var failed *run.Error
	switch {
	case err == nil || fleet.CodeOf(err) != "" || !errors.As(err, &failed):
		return err
	case errors.Is(err, errLost), errors.Is(err, run.ErrTimeout):
		return fleet.Errorf(fleet.Later, "The Aegir host does not answer.").Because(err)
	case errors.Is(err, run.ErrNotFound):
		return fleet.Errorf(fleet.Failed, "There is no %s on this machine.", failed.Program).WithHint("Check DISTROBOT_AEGIR_DRUSH.").Because(err)
	case failed.Err != nil:
		return err
	}
	why := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(failed.Last), "[error]"))
	return fleet.Errorf(fleet.Failed, "Aegir's drush failed: %s", sentence(orDefault(why, "it did not say why"))).Because(err)
}

// sentence bounds foreign text and ends it with a full stop.
func sentence(text string) string {
	return strings.TrimSuffix(fleet.Clean(text, 300), ".") + "."
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

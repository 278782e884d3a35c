package web

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
)

// A refusal is a server's no to its configuration.
type refusal struct {
	err  *fleet.Error
	said string // the server's own line
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// ofBase reports whether nginx refuses what an operator has in the main file.
func (r *refusal) ofBase() bool {
	return strings.Contains(r.said, "a duplicate default server for") ||
		strings.Contains(r.said, `"server_names_hash_bucket_size" directive is duplicate`)
}

// baseIn tells what the file on the disk was made of.
func baseIn(text string) base {
	return base{
		Default: strings.Contains(text, " default_server;"),
		Hash:    strings.Contains(text, "server_names_hash_bucket_size"),
	}
}

const (
	commandTime  = 60 * time.Second
	maxOutput    = 64 << 10
	afterRefusal = "Nothing was changed."
)

// wait is how long a server may take to read its files.
func (f *Front) wait() time.Duration { return orDefault(f.Wait, time.Minute) }

// test asks a server whether it can use its files; no is a *refusal.
func (f *Front) test(ctx context.Context, server string, argv []string) error {
	if len(argv) == 0 {
		return fmt.Errorf("no command line tests %s", server)
	}
	res, err := run.Run(ctx, command(argv))
	if err == nil {
		return nil
	}
	if said, ok := complaint(res.Stderr + "\n" + res.Stdout); ok && ctx.Err() == nil {
		e := fleet.Errorf(fleet.Failed, "%s refuses its configuration: %s. %s", server, fleet.Clean(shorten(said), 240), afterRefusal)
		return &refusal{err: e.Because(err), said: said}
	}
	return explain(server, err)
}

// command runs a server's reload.
func (f *Front) command(ctx context.Context, server string, argv []string) error {
	if len(argv) == 0 {
		return fmt.Errorf("no command line reloads %s", server)
	}
	if _, err := run.Run(ctx, command(argv)); err != nil {
		return explain(server, err)
	}
	return nil
}

func command(argv []string) run.Command {
	return run.Command{Program: argv[0], Args: argv[1:], Env: run.Environ(), Timeout: commandTime, OutputLimit: maxOutput}
}

// explain makes a sentence of a command that did not work.
func explain(server string, err error) error {
	var e *run.Error
	switch {
	case errors.Is(err, run.ErrNotFound):
		return fleet.Errorf(fleet.Failed, "The program that controls %s is missing. %s", server, afterRefusal).
			WithHint("Install the package, or set the command lines.").Because(err)
	case errors.As(err, &e) && e.Last != "":
		return fleet.Errorf(fleet.Failed, "%s could not be reloaded (%s). %s", server, fleet.Clean(shorten(e.Last), 200), afterRefusal).Because(err)
	}
	return fleet.Errorf(fleet.Failed, "%s could not be reloaded. %s", server, afterRefusal).Because(err)
}

// complaints are the lines in which nginx and PHP-FPM say what is wrong:
//
//	nginx: [emerg] unknown directive "x" in /data/web/vhosts/a.conf:3
//	[22-Nov-2026 11:00:00] ERROR: [/data/web/pools/a.conf:3] unknown entry 'x'
var complaints = regexp.MustCompile(`(?m)^(?:nginx: \[(?:emerg|alert|crit|error)\]|\[[^\]]*\] (?:ERROR|ALERT):) (.*)$`)

func complaint(out string) (string, bool) {
	m := complaints.FindStringSubmatch(out)
	if m == nil {
		return "", false
	}
	return m[1], true
}

var absolute = regexp.MustCompile(`/[^\s":\]]*/[^\s":\]]+`)

// shorten leaves the last part of each path: people need the file's name, and
// not where this machine keeps it.
func shorten(said string) string {
	return strings.TrimRight(absolute.ReplaceAllStringFunc(said, filepath.Base), ". ")
}

func asFleet(err error) (*fleet.Error, bool) {
	var e *fleet.Error
	ok := errors.As(err, &e)
	return e, ok
}

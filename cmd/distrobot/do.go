package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// doCmd runs one command line of /distro: through the socket of a running try
// or serve, else on Redis directly.
type doCmd struct {
	As      string   `help:"Act as this Slack user (administrators only)." placeholder:"USER"`
	JSON    bool     `name:"json" help:"Print the answer as JSON."`
	Data    string   `help:"Data directory of the running distrobot." env:"DISTROBOT_DATA"`
	Command []string `arg:"" passthrough:"" name:"command" help:"The command, quoted or not: \"sites --out-of-date\"."`
}

// doAnswer is what the socket answers and --json prints.
type doAnswer struct {
	OK      bool          `json:"ok"`
	Code    fleet.Code    `json:"code,omitempty"`
	Message fleet.Message `json:"message"`
	Log     *logPart      `json:"log,omitempty"` // of a task that is followed
}

// Run implements the subcommand.
func (c doCmd) Run(ctx context.Context) error {
	if id, is := followed(c.Command); is {
		return c.follow(ctx, id)
	}
	answer, err := send(ctx, c.Data, doRequest{Text: commandLine(c.Command), As: c.As})
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(answer); err != nil {
			return err
		}
	} else {
		printMessage(os.Stdout, answer.Message)
	}
	switch {
	case answer.OK:
		return nil
	case answer.Code == fleet.Invalid:
		return &exitError{code: exitUsage}
	}
	return &exitError{code: exitFailed}
}

// send hands a request to the running process of a data directory, to a running
// trial when none was chosen, or else to the shared Redis.
func send(ctx context.Context, data string, r doRequest) (doAnswer, error) {
	cfg, err := loadConfig()
	if err != nil {
		return doAnswer{}, err
	}
	if data != "" {
		cfg.Data = data
	}
	answer, err := askSocket(ctx, cfg.socketPath(), r)
	if errors.Is(err, errNoSocket) && !given(data) {
		answer, err = askSocket(ctx, filepath.Join(trialDir(), filepath.Base(cfg.socketPath())), r)
	}
	if errors.Is(err, errNoSocket) {
		answer, err = askDirectly(ctx, cfg, r)
	}
	return answer, err
}

// given reports whether somebody chose the data directory; otherwise a running
// trial of this user is meant.
func given(data string) bool { return data != "" || os.Getenv("DISTROBOT_DATA") != "" }

// commandLine joins arguments into one command line. A single argument is the
// line itself; several are quoted where they hold white space.
func commandLine(args []string) string {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 1 {
		return args[0]
	}
	out := make([]string, len(args))
	for i, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\"'") {
			a = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a) + `"`
		}
		out[i] = a
	}
	return strings.Join(out, " ")
}

// askDirectly runs a command in this process on the shared Redis; a running
// serve carries out what follows from it.
func askDirectly(ctx context.Context, cfg Config, ask doRequest) (doAnswer, error) {
	if cfg.RedisURL == "memory" {
		return doAnswer{}, errors.New("nothing is running here: start `distrobot try` or `distrobot serve`, or set DISTROBOT_REDIS_URL")
	}
	a, err := openApp(ctx, cfg, appOptions{})
	if err != nil {
		return doAnswer{}, err
	}
	defer a.close()
	uid := os.Getuid()
	return a.answer(ctx, ask, unixActor(uid)), nil
}

// unixActor is the person behind a user id of this machine.
func unixActor(uid int) fleet.Actor {
	who := fleet.Actor{ID: fmt.Sprintf("unix:%d", uid)}
	if u, err := user.LookupId(fmt.Sprint(uid)); err == nil {
		who.Name = u.Username
	}
	return who
}

// answer runs one request and words every outcome.
func (a *app) answer(ctx context.Context, ask doRequest, who fleet.Actor) doAnswer {
	limit := 2 * time.Minute
	if ask.Yes {
		limit = 30 * time.Minute // apply waits for the platforms it takes
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if ask.As != "" {
		as, err := a.actAs(ctx, who, ask.As)
		if err != nil {
			return failure(err)
		}
		who = as
	}
	if ask.Follow != "" {
		return a.logOf(ctx, ask, who)
	}
	if ask.Export || ask.Apply != "" {
		return a.administer(ctx, ask, who)
	}
	reply, err := a.table.Run(ctx, commands.Ask{Text: ask.Text, Who: who, ID: a.newID(), Shell: true})
	if err != nil {
		ref := a.newID()
		a.log.Error("command failed", "ref", ref, "command", ask.Text, "who", who.ID, "err", err)
		return doAnswer{Message: fleet.Message{Text: "Something failed on my side; the log has it as " + ref + "."}}
	}
	return doAnswer{OK: reply.Code == "", Code: reply.Code, Message: reply.Message.Redacted()}
}

// administer answers apply and export, which are for administrators.
func (a *app) administer(ctx context.Context, ask doRequest, who fleet.Actor) doAnswer {
	if role, err := a.roles.Role(ctx, who); err != nil || role < fleet.Administrator {
		return failure(fleet.Errorf(fleet.Forbidden, "Only an administrator may export the fleet or apply a file."))
	}
	text, err := "", error(nil)
	if ask.Export {
		text, err = a.export(ctx)
	} else {
		text, err = a.apply(ctx, ask.Apply, ask.Yes, who)
	}
	if err != nil {
		return failure(err)
	}
	return doAnswer{OK: true, Message: fleet.Message{Text: text}}
}

// failure words an error for a shell.
func failure(err error) doAnswer {
	var e *fleet.Error
	if errors.As(err, &e) {
		// What stands before the sentence says how far it went.
		text := strings.TrimSpace(strings.Replace(err.Error(), e.Error(), e.Text+" "+e.Hint, 1))
		return doAnswer{Code: e.Code, Message: fleet.Message{Text: text}}
	}
	return doAnswer{Message: fleet.Message{Text: "Something failed on my side: " + fleet.Redact(err.Error())}}
}

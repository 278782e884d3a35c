package aegir

import (
	"context"
	_ "embed" // of the scripts
	"fmt"
	"html"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
)

var (
	//go:embed launch.sh
	launchScript string
	//go:embed state.sh
	stateScript string
)

// States of a task (hosting_task.task_status).
const (
	taskRuns    = -1
	taskQueued  = 0
	taskDone    = 1
	taskFailed  = 2
	taskWarning = 3 // the usual good end
)

// A Work is one task of Aegir that we start, once.
type Work struct {
	Op   string // its name for ever: the same in every attempt of a step
	Of   int64  // node of the site or platform; 0 if its program makes no task
	Type string // "migrate"
	Task int64  // its node if Aegir has queued it already; 0 if the program makes one
	Args []string
	Log  func(string)
	// Limit is when we stop waiting; the task itself goes on.
	Limit time.Duration
}

// A Runner starts tasks and follows them. Make one with its fields.
type Runner struct {
	*Drush
	// Poll is how often a task is looked at; Later how long a host that says that
	// its load is too heavy is left alone.
	Poll, Later time.Duration
	// Serial says that the host does one task at a time, whatever it is about, as
	// BOA wants it.
	Serial bool

	turn sync.Mutex // of a serial host
}

// Defaults of a Runner.
const (
	defaultPoll  = 2 * time.Second
	defaultLater = 30 * time.Second
)

// A following is what we know of a task that was launched.
type following struct {
	Work
	after  int64
	nid    int64
	vid    int64
	status int
	seen   int64           // newest row of its log that was read
	said   map[string]bool // nested verifies write rows twice
	bad    string          // first row that says why
}

// Do starts a task, unless an earlier attempt did, and waits for its end. Errors:
// *fleet.Error of code Failed with the task's own reason; one that asks a person
// (job.Ask) when nobody can tell how it ended; the context's.
func (r *Runner) Do(ctx context.Context, w Work) error {
	over := time.Now().Add(w.Limit)
	if r.Serial {
		r.turn.Lock()
		defer r.turn.Unlock()
		if err := r.queue(ctx, w, over); err != nil {
			return err
		}
	}
	for {
		f, err := r.launch(ctx, w)
		if fleet.CodeOf(err) == fleet.Later && time.Now().Before(over) {
			if err = pause(ctx, orDefault(r.Poll, defaultPoll)); err == nil {
				continue // it may have been launched: the op's name says so
			}
		}
		if err != nil {
			return err
		}
		end, err := r.follow(ctx, f, over)
		if err != nil {
			return err
		}
		switch {
		case end == endHeavy, end == endNever:
			// It never began: a new attempt is the first one.
			if _, err := r.shell(ctx, `rm -rf "$1"`, r.place(w.Op)); err != nil {
				return told(err)
			}
			f.say("The Aegir host is too busy to start; trying again in %s.", orDefault(r.Later, defaultLater))
			if err := pause(ctx, orDefault(r.Later, defaultLater)); err != nil {
				return err
			}
			continue
		case end == endFailed:
			return fleet.Errorf(fleet.Failed, "Aegir could not %s: %s", verb(w.Type), sentence(orDefault(f.bad, "its log does not say why")))
		}
		return nil
	}
}

// stuck is after how many seconds Aegir itself does not count a task any more that
// is said to run: its process was killed.
const stuck = 28800

// queue waits until no task of a serial host runs, ours of before or anybody's;
// one that was launched already is only followed.
func (r *Runner) queue(ctx context.Context, w Work, over time.Time) error {
	if known, err := r.known(ctx, w.Op); known || err != nil {
		return err
	}
	columns := []string{"t.nid", "t.task_type"}
	rest := fmt.Sprintf("hosting_task t JOIN node n ON n.vid=t.vid WHERE t.task_status=%d AND t.executed>%d", taskRuns, time.Now().Unix()-stuck)
	for said := false; ; said = true {
		busy := ""
		err := r.Query(ctx, Select(columns, rest), len(columns), func(row []string) error {
			busy = row[1] + " (node " + row[0] + ")"
			return nil
		})
		if err != nil || busy == "" {
			return err
		}
		if !said && w.Log != nil {
			w.Log("Waiting: this host does one task at a time, and now " + fleet.Clean(busy, 80) + ".")
		}
		if !time.Now().Before(over) {
			return fleet.Errorf(fleet.Later, "The Aegir host is still at another task: %s.", fleet.Clean(busy, 80))
		}
		if err := pause(ctx, orDefault(r.Poll, defaultPoll)); err != nil {
			return err
		}
	}
}

// place is the directory of an op on the machine of Aegir.
func (r *Runner) place(op string) string {
	return path.Join(r.Home, ".distrobot", strings.NewReplacer("/", "-", ".", "-").Replace(op))
}

// known tells whether an op was ever launched.
func (r *Runner) known(ctx context.Context, op string) (bool, error) {
	out, err := r.shell(ctx, `if [ -d "$1" ]; then echo yes; fi`, r.place(op))
	return out != "", told(err)
}

// launch starts the program and gives which tasks were there before.
func (r *Runner) launch(ctx context.Context, w Work) (*following, error) {
	after := max(w.Task-1, 0) // the first one of its type after that
	if w.Of > 0 && w.Task == 0 {
		err := r.Query(ctx, Select([]string{"COALESCE(MAX(nid),0)"}, "node"), 1, func(row []string) (err error) {
			after, err = strconv.ParseInt(row[0], 10, 64)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	args := append([]string{r.place(w.Op), strconv.FormatInt(after, 10)}, r.argv(w.Args...)...)
	out, err := r.shell(ctx, launchScript, args...)
	if err != nil {
		return nil, told(err)
	}
	f := &following{Work: w, said: map[string]bool{}}
	if f.after, err = strconv.ParseInt(strings.TrimSpace(out), 10, 64); err != nil {
		return nil, job.Ask("The Aegir host lost what it knew of the task %s.", w.Op)
	}
	return f, nil
}

// follow waits for the end of a task, and gives its log to its Log. Whatever
// keeps us from seeing it, the task goes on: we look again until the time is over.
func (r *Runner) follow(ctx context.Context, f *following, over time.Time) (ending, error) {
	for {
		state, said, err := r.state(ctx, f.Op)
		if err == nil && f.Of > 0 {
			err = r.read(ctx, f)
		}
		switch {
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		case err == nil && state != "runs":
			return f.verdict(state, said)
		case err != nil && !time.Now().Before(over):
			return 0, job.Ask("Nobody can tell what became of Aegir's task to %s (node %d): %s", verb(f.Type), f.nid, sentence(err.Error()))
		case !time.Now().Before(over):
			return 0, job.Ask("Aegir's task to %s has not ended in %s (node %d). It goes on; when it has ended, %s.",
				verb(f.Type), f.Limit.Round(time.Second), f.nid, "continue this task")
		}
		if err := pause(ctx, orDefault(r.Poll, defaultPoll)); err != nil {
			return 0, err
		}
	}
}

// state asks what became of a program.
func (r *Runner) state(ctx context.Context, op string) (state, said string, err error) {
	out, err := r.shell(ctx, stateScript, r.place(op))
	if err != nil {
		return "", "", told(err)
	}
	state, said, _ = strings.Cut(out, "\n")
	return state, said, nil
}

var taskColumns = []string{
	"t.nid", "t.vid", "t.task_status", "COALESCE(l.lid,0)", "COALESCE(l.type,'')", "COALESCE(l.message,'')",
}

// read asks for the task and the new rows of its log. A task's node has a new
// revision each time that it runs, and the log hangs on that.
func (r *Runner) read(ctx context.Context, f *following) error {
	rest := fmt.Sprintf("hosting_task t JOIN node n ON n.vid=t.vid LEFT JOIN hosting_task_log l ON l.vid=t.vid AND l.lid>%d "+
		"WHERE t.nid=(SELECT MIN(x.nid) FROM hosting_task x WHERE x.rid=%d AND x.task_type=%s AND x.nid>%d) ORDER BY l.lid",
		f.seen, f.Of, literal(f.Type), f.after)
	return r.Query(ctx, Select(taskColumns, rest), len(taskColumns), func(row []string) error {
		c := reader{row: row}
		f.nid, f.vid, f.status = c.number(), c.number(), int(c.number())
		lid, kind, message := c.number(), c.text(), plain(c.text())
		if c.err != nil || lid == 0 {
			return c.err
		}
		f.seen = max(f.seen, lid)
		f.row(kind, message)
		return nil
	})
}

// row tells people one row of the log.
func (f *following) row(kind, message string) {
	switch kind {
	case "error", "failed":
		if f.bad == "" {
			f.bad = message
		}
	case "warning", "success", "ok", "backup", "queue":
	default: // notice, message, command, info, debug, bootstrap: thousands of lines
		return
	}
	if line := kind + ": " + message; !f.said[line] {
		f.said[line] = true
		f.say("%s", line)
	}
}

func (f *following) say(format string, args ...any) {
	if f.Log != nil {
		f.Log(fmt.Sprintf(format, args...))
	}
}

var tag = regexp.MustCompile(`</?[A-Za-z][^<>]*>`)

// plain makes a sentence of a message, which holds HTML.
func plain(message string) string {
	return fleet.Clean(html.UnescapeString(tag.ReplaceAllString(message, "")), 500)
}

func lastLine(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.TrimSpace(lines[i]) != "" {
			return lines[i]
		}
	}
	return ""
}

// verb is a type of task in a sentence: "could not …".
func verb(kind string) string {
	switch kind {
	case "backup", "import", "install":
		return kind + " the site"
	case "verify", "delete", "disable", "lock", "unlock":
		return kind + " it"
	}
	return kind + " the site"
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

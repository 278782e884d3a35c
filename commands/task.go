package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// tailLines is how much of a task's log an answer shows; more belongs in a
// file or a terminal.
const tailLines = 20

// newTask shows one task: its steps and the end of its log.
func newTask(t *Table) Command {
	return Command{Verb: "task", Args: "TASK [--log | --follow]", Min: 1, Max: 1, Group: "Tasks", Summary: "the steps of a task and the end of its log",
		Options: []Option{{Name: "log", Help: "the whole log"}, {Name: "follow", Help: "on the machine: the log line by line until the task ends"}},
		Help:    []string{fleet.Slash + " task 01jd0000000000000000000001 --log"}, Role: fleet.Reader, Run: t.task}
}

func (t *Table) task(ctx context.Context, r Request) (fleet.Message, error) {
	x, err := t.Tasks.Find(ctx, fleet.TaskID(strings.ToLower(r.Args[0])))
	if err != nil {
		return fleet.Message{}, err
	}
	if r.Opts["log"] != "" {
		return t.taskLog(ctx, r, x)
	}
	if r.Opts["follow"] != "" && !r.Shell {
		return fleet.Message{}, fleet.Errorf(fleet.Refused, "A log is not followed here: the message of task %s is edited while it runs.", x.ID).
			WithHint("See the end of its log with %s task %s, or on the machine: distrobot do \"task %s --follow\"", fleet.Slash, x.ID, x.ID)
	}
	m := fleet.TellTask(x)
	if len(x.Steps) > 0 {
		m.Table = &fleet.Table{Header: []string{"Step", "State", "Tries", "Took", "Note"}, Right: []bool{false, false, true}}
	}
	for _, s := range x.Steps {
		name := s.Label()
		if s.Back {
			name = "↩ " + name
		}
		took := "—"
		if !s.Ended.IsZero() && !s.Started.IsZero() {
			took = fmt.Sprintf("%.1f s", s.Ended.Sub(s.Started).Seconds())
		}
		m.Table.Rows = append(m.Table.Rows, []string{fleet.Clean(name, 60), string(s.State), count(s.Attempts), took, orDash(fleet.Clean(s.Error, 200))})
	}
	lines, err := fleet.LastLines(ctx, t.Logs, x.Ref(), tailLines)
	for _, l := range lines {
		m.More = append(m.More, fleet.Line{Quote: true, Spans: []fleet.Span{{Text: fleet.Clean(l.Text, 200), Code: true}}})
	}
	return m, err
}

// shownLines is how much of a log fits into a message of a chat: Slack takes 50
// blocks of 3,000 characters.
const shownLines = 600

// taskLog gives the whole log of a task: all of it in a shell, as much as a
// message holds in a chat.
func (t *Table) taskLog(ctx context.Context, r Request, x fleet.Task) (fleet.Message, error) {
	limit := shownLines
	if r.Shell {
		limit = 0
	}
	lines, err := fleet.LastLines(ctx, t.Logs, x.Ref(), limit)
	if err != nil {
		return fleet.Message{}, err
	}
	m := fleet.Message{Title: fmt.Sprintf("Log of task %s", x.ID), Text: fmt.Sprintf("The log of task %s has %s.", x.ID, fleet.Plural(len(lines), "line", "lines"))}
	switch {
	case len(lines) == 0:
		m.Text = fmt.Sprintf("Task %s has said nothing yet.", x.ID)
		m.Lines = []fleet.Line{fleet.Say(m.Text)}
	case len(lines) == limit:
		m.Text = fmt.Sprintf("These are the last %d lines of the log of task %s.", limit, x.ID)
		m.Lines = []fleet.Line{fleet.Say(m.Text, " All of it, on the machine: ", fleet.Mono(fmt.Sprintf(`distrobot do "task %s --log"`, x.ID)))}
	}
	if len(lines) > 0 {
		m.Lines = append(m.Lines, fleet.Say("The times count from the first line, ", fleet.When(lines[0].At), "."))
	}
	for _, block := range inBlocks(lines) {
		m.Lines = append(m.Lines, fleet.Line{Quote: true, Spans: []fleet.Span{{Text: block, Code: true}}})
	}
	return m, nil
}

// blockBytes is what one paragraph of a log holds, below Slack's 3,000
// characters for a block, with room for what escaping adds.
const blockBytes = 1800

// inBlocks joins lines to paragraphs that fit into blocks. Code knows no dates, so
// each line says how long after the first it was written.
func inBlocks(lines []fleet.LogLine) []string {
	var out []string
	block := ""
	for _, l := range lines {
		text := fmt.Sprintf("%s %s", elapsed(l.At.Sub(lines[0].At)), fleet.Clean(l.Text, 400))
		if block != "" && len(block)+len(text) > blockBytes {
			out, block = append(out, block), ""
		}
		if block != "" {
			block += "\n"
		}
		block += text
	}
	if block != "" {
		out = append(out, block)
	}
	return out
}

// elapsed is a length of time as "+0:07", or "+1 h 2:03".
func elapsed(d time.Duration) string {
	d = max(d, 0).Truncate(time.Second)
	clock := fmt.Sprintf("%d:%02d", int(d/time.Minute)%60, int(d/time.Second)%60)
	if d >= time.Hour {
		return fmt.Sprintf("+%d h %s", int(d/time.Hour), clock)
	}
	return "+" + clock
}

func newSkip(t *Table) Command {
	return Command{Verb: "skip", Args: "TASK", Min: 1, Max: 1, Group: "Tasks", Summary: "take the step a held task waits at for completed",
		Help: []string{fleet.Slash + " skip 01jd0000000000000000000001"}, Role: fleet.Maintainer, Run: func(ctx context.Context, r Request) (fleet.Message, error) { return t.answer(ctx, r, fleet.SkipStep) }}
}

func newGiveUp(t *Table) Command {
	return Command{Verb: "giveup", Args: "TASK", Min: 1, Max: 1, Group: "Tasks", Summary: "let a held task go back or end",
		Help: []string{fleet.Slash + " giveup 01jd0000000000000000000001"}, Role: fleet.Maintainer, Run: func(ctx context.Context, r Request) (fleet.Message, error) { return t.answer(ctx, r, fleet.GiveUp) }}
}

// answer answers a held task.
func (t *Table) answer(ctx context.Context, r Request, a fleet.AnswerToHeld) (fleet.Message, error) {
	x, err := t.Tasks.Answer(ctx, fleet.TaskID(strings.ToLower(r.Args[0])), a, r.Who)
	if err != nil {
		return fleet.Message{}, err
	}
	words := map[fleet.AnswerToHeld]string{fleet.RunAgain: "runs the step again", fleet.SkipStep: "goes on without the step", fleet.GiveUp: "goes back", fleet.LooksRight: "goes on"}
	return say(fmt.Sprintf("Task %s %s.", x.ID, words[a])), nil
}

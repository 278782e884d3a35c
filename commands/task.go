package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// tailLines is how much of a task's log an answer shows; more belongs in a
// file or a terminal.
const tailLines = 20

// newTask shows one task: its steps and the end of its log.
func newTask(t *Table) Command {
	return Command{Verb: "task", Args: "TASK", Min: 1, Max: 1, Group: "Tasks", Summary: "the steps of a task and the end of its log",
		Role: fleet.Reader, Run: t.task}
}

func (t *Table) task(ctx context.Context, r Request) (fleet.Message, error) {
	x, err := t.Tasks.Find(ctx, fleet.TaskID(strings.ToLower(r.Args[0])))
	if err != nil {
		return fleet.Message{}, err
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
	lines, err := t.tail(ctx, x)
	for _, l := range lines {
		m.More = append(m.More, fleet.Line{Quote: true, Spans: []fleet.Span{{Text: fleet.Clean(l.Text, 200), Code: true}}})
	}
	return m, err
}

// tail reads the last lines of a task's log.
func (t *Table) tail(ctx context.Context, x fleet.Task) ([]fleet.LogLine, error) {
	var out []fleet.LogLine
	for after := ""; ; {
		lines, next, err := t.Logs.Lines(ctx, x.ID, x.Host, after, 1000)
		if err != nil {
			return nil, err
		}
		out = append(out, lines...)
		out = out[max(0, len(out)-tailLines):]
		if len(lines) == 0 || next == after || next == "" {
			return out, nil
		}
		after = next
	}
}

func newSkip(t *Table) Command {
	return Command{Verb: "skip", Args: "TASK", Min: 1, Max: 1, Group: "Tasks", Summary: "take the step a held task waits at for completed",
		Role: fleet.Maintainer, Run: func(ctx context.Context, r Request) (fleet.Message, error) { return t.answer(ctx, r, fleet.SkipStep) }}
}

func newGiveUp(t *Table) Command {
	return Command{Verb: "giveup", Args: "TASK", Min: 1, Max: 1, Group: "Tasks", Summary: "let a held task go back or end",
		Role: fleet.Maintainer, Run: func(ctx context.Context, r Request) (fleet.Message, error) { return t.answer(ctx, r, fleet.GiveUp) }}
}

// answer answers a held task.
func (t *Table) answer(ctx context.Context, r Request, a fleet.AnswerToHeld) (fleet.Message, error) {
	x, err := t.Tasks.Answer(ctx, fleet.TaskID(strings.ToLower(r.Args[0])), a, r.Who)
	if err != nil {
		return fleet.Message{}, err
	}
	words := map[fleet.AnswerToHeld]string{fleet.RunAgain: "runs the step again", fleet.SkipStep: "goes on without the step", fleet.GiveUp: "goes back"}
	return say(fmt.Sprintf("Task %s %s.", x.ID, words[a])), nil
}

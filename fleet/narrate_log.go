package fleet

import (
	"context"
	"fmt"
)

// tellLogLines is how many lines of a running build its message shows: they are
// edited in place, so few that the message keeps its height.
const tellLogLines = 5

// building reads the task of a build under way and the end of its log; zero
// values otherwise. A log that cannot be read keeps no message from people.
func (n *Narrator) building(ctx context.Context, p Platform) (Task, []LogLine, error) {
	t, err := n.buildTask(ctx, p)
	if err != nil || t.ID == "" || n.Logs == nil || t.State != TaskRunning {
		return t, nil, err
	}
	lines, err := LastLines(ctx, n.Logs, t.Ref(), tellLogLines)
	if CodeOf(err) == Later {
		return t, nil, nil
	}
	return t, lines, err
}

// LastLines reads the last n lines of a task's log.
func LastLines(ctx context.Context, logs Logs, t TaskRef, n int) ([]LogLine, error) {
	var out []LogLine
	for after := ""; ; {
		lines, next, err := logs.Lines(ctx, t.ID, t.Host, after, 1000)
		if err != nil {
			return nil, err
		}
		out = append(out, lines...)
		if n > 0 {
			out = out[max(0, len(out)-n):]
		}
		if len(lines) == 0 || next == after || next == "" {
			return out, nil
		}
		after = next
	}
}

// tellLog quotes the end of a running task's log and says where all of it is.
func tellLog(t Task, log []LogLine) []Line {
	if len(log) == 0 {
		return nil
	}
	out := make([]Line, 0, len(log)+1)
	for _, l := range log {
		out = append(out, Line{Quote: true, Spans: []Span{{Text: Clean(l.Text, 160), Code: true}}})
	}
	return append(out, tellTaskLog(t.ID))
}

// tellTaskLog says how to see the whole log of a task.
func tellTaskLog(id TaskID) Line {
	return Say("The whole log: ", Mono(fmt.Sprintf("%s task %s --log", Slash, id)))
}

// cancelBuild is the button that ends a build under way.
func cancelBuild(t Task) []Button {
	if t.ID == "" || t.State.Final() || t.Stop {
		return nil
	}
	return []Button{{Action: ActEndTask, Label: "Cancel the build", Value: string(t.ID)}}
}

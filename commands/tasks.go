package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// newTasks lists tasks, newest first.
func newTasks(t *Table) Command {
	return Command{
		Verb: "tasks", Args: "[--open] [--host HOST] [--site URI] [--state STATE] [--plan PLAN] [--page N]", Group: "Tasks",
		Options: []Option{
			{"open", "", "only those that have not ended"}, {"host", "HOST", "of one machine"},
			{"site", "URI", "about one site or platform"}, {"state", "STATE", "queued, running, held, done, failed or cancelled"},
			{"plan", "PLAN", "of one plan"}, {"page", "N", "older ones, page by page"},
		},
		Summary: "what is being worked on, newest first", Help: []string{fleet.Slash + " tasks --open"}, Role: fleet.Reader, Run: t.tasks,
	}
}

func (t *Table) tasks(ctx context.Context, r Request) (fleet.Message, error) {
	q, page, err := t.taskQuery(ctx, r)
	if err != nil {
		return fleet.Message{}, err
	}
	list, more, err := t.Tasks.Query(ctx, q)
	warn, err := looked(err)
	if err != nil {
		return fleet.Message{}, err
	}
	if len(list) == 0 && r.turned && page > 1 { // it has become shorter
		r.Opts["page"] = "1"
		return t.tasks(ctx, r)
	}
	if len(list) == 0 {
		m := say("There is no such task.")
		warn(&m)
		return m, nil
	}
	m := fleet.Message{Title: "Tasks", Text: "The newest " + fleet.Plural(len(list), "task", "tasks") + "."}
	if page > 1 {
		m.Text = fmt.Sprintf("Page %d of the tasks: %d.", page, len(list))
	}
	m.Table = &fleet.Table{Header: []string{"Task", "What", "Host", "State", "Ordered"}}
	for _, x := range list {
		m.Table.Rows = append(m.Table.Rows, []string{string(x.ID), fleet.Clean(string(x.Kind)+" "+x.About, 90),
			orDash(string(x.Host)), string(x.State), stamp(x.Created)})
	}
	warn(&m)
	if more {
		m.More = []fleet.Line{fleet.Say("Older ones: add ", fleet.Mono(fmt.Sprintf("--page %d", page+1)), ".")}
	}
	pages := page
	if more {
		pages++
	}
	t.turns(&m, r, leafOf("tasks", page, pages))
	return m, nil
}

// taskStates are what --state may say.
var taskStates = []fleet.TaskState{fleet.TaskQueued, fleet.TaskRunning, fleet.TaskHeld, fleet.TaskDone, fleet.TaskFailed, fleet.TaskCancelled}

// taskQuery reads the options of tasks.
func (t *Table) taskQuery(ctx context.Context, r Request) (fleet.TaskQuery, int, error) {
	q := fleet.TaskQuery{Host: fleet.HostName(r.Opts["host"]), State: fleet.TaskState(strings.ToLower(r.Opts["state"])), About: r.Opts["site"],
		Plan: fleet.PlanID(strings.ToLower(r.Opts["plan"])), Open: r.Opts["open"] != "", Limit: pageRows}
	if q.Host != "" {
		if err := t.knownHost(ctx, q.Host); err != nil {
			return q, 0, err
		}
	}
	if q.State != "" && !slices.Contains(taskStates, q.State) {
		return q, 0, fleet.Errorf(fleet.Invalid, "%q is no state of a task.", fleet.Clean(string(q.State), 40)).
			WithHint("They are queued, running, held, done, failed and cancelled.")
	}
	page, err := pageOf(r.Opts["page"])
	if err != nil {
		return q, 0, err
	}
	q.Offset = (page - 1) * pageRows
	return q, page, nil
}

package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

func (s *Site) plans(ctx context.Context, q url.Values) (table, error) {
	t := table{Header: []string{"Plan", "State", "Sites", "Asked by", "Since", ""}, Command: fleet.Slash + " plans"}
	homes := fleet.Homes{Store: s.Planner.Store}
	list, err := homes.OpenPlans(ctx)
	if err != nil {
		return t, err
	}
	t.Sum = fleet.Plural(len(list), "open plan", "open plans") + "."
	page := pageOf(q)
	t.turn(q, page, page*perPage < len(list))
	for _, p := range list[min((page-1)*perPage, len(list)):min(page*perPage, len(list))] {
		link := fleet.PagePath + "plan/" + url.PathEscape(string(p.ID))
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: fleet.Clean(p.Title, 150), Link: link, Slack: s.message(ctx, fleet.SubjectOf(fleet.AboutPlan, string(p.ID)))},
			state(string(p.State)), count(len(p.Sites)), text(personName(p.Requester)), moment(p.Created), {Text: "Tasks", Link: to("tasks", "plan", string(p.ID))}}})
	}
	return t, nil
}

func personName(a fleet.Actor) string {
	if a.Name != "" {
		return fleet.Clean(a.Name, 60)
	}
	return fleet.Clean(a.ID, 60)
}

var taskStates = []string{"", "queued", "running", "held", "done", "failed", "cancelled"}

func (s *Site) listTasks(ctx context.Context, q url.Values) (table, error) {
	t := table{Header: []string{"Task", "About", "Host", "State", "Step", "Ordered", "Ended"}}
	t.Fields = []field{{Name: "host", Label: "Host", Value: q.Get("host")}, {Name: "site", Label: "Site or platform", Value: q.Get("site")},
		{Name: "state", Label: "State", Value: q.Get("state"), Choices: taskStates}, {Name: "plan", Label: "Plan", Value: q.Get("plan")},
		{Name: "open", Label: "Open only", Value: q.Get("open"), Switch: true}}
	t.Command = optionCommand("tasks", t.Fields)
	page := pageOf(q)
	list, more, err := s.Tasks.Query(ctx, fleet.TaskQuery{Host: fleet.HostName(q.Get("host")), State: fleet.TaskState(q.Get("state")), About: q.Get("site"),
		Plan: fleet.PlanID(strings.ToLower(q.Get("plan"))), Open: q.Get("open") != "", Limit: perPage, Offset: (page - 1) * perPage})
	if err = t.bad(err); err != nil {
		return t, err
	}
	t.turn(q, page, more)
	t.Sum = "The newest " + fleet.Plural(len(list), "task", "tasks") + "."
	if page > 1 {
		t.Sum = fmt.Sprintf("Page %d of the tasks.", page)
	}
	for _, x := range list {
		step := ""
		if now, some := x.Current(); some && !x.State.Final() {
			step = now.Label()
		}
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: string(x.Kind), Link: fleet.PagePath + "task/" + url.PathEscape(string(x.ID)), Slack: s.message(ctx, x.Shows)},
			text(fleet.Clean(x.About, 120)), text(string(x.Host)), state(string(x.State)), text(fleet.Clean(step, 80)), moment(x.Created), moment(x.Ended)}})
	}
	return t, nil
}

func (s *Site) hosts(ctx context.Context, _ url.Values) (table, error) {
	t := table{Header: []string{"Host", "State", "Running", "Waiting", "Held", "Free", "Load", "Version", "Last heard"}, Command: fleet.Slash + " hosts"}
	all, err := s.Hosts.All(ctx)
	if err != nil {
		return t, err
	}
	t.Sum = fleet.Plural(len(all), "host", "hosts") + "."
	for _, v := range all {
		h := v.Host
		is := state(v.Word())
		if v.Seat.Paused != nil {
			is.Text, is.Tone = is.Text+", paused", fleet.Warn
		}
		free, load := "unknown", ""
		if h.Free >= 0 {
			free = fmt.Sprintf("%.1f GB", float64(h.Free)/1e9)
		}
		if h.CPUs > 0 {
			load = fmt.Sprintf("%.1f of %d", h.Load, h.CPUs)
		}
		held := count(v.Held)
		if v.Held > 0 {
			held.Tone = fleet.Bad
		}
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: string(h.Name), Link: to("tasks", "host", string(h.Name))}, is, count(h.Running), count(v.Waiting), held,
			{Text: free, Right: true}, {Text: load, Right: true}, text(fleet.Clean(h.Version, 40)), moment(h.Seen)}})
	}
	return t, nil
}

// A taskView is what the page of a task shows.
type taskView struct {
	Task    fleet.Task
	Steps   []stepView
	Lines   []fleet.LogLine
	After   string // cursor behind the last line
	Follow  string // where further lines come from; "" when there are none
	Slack   string
	Command string
	Tone    fleet.Tone
}

type stepView struct {
	Name, State, Took, Note string
	Tone                    fleet.Tone
	Back                    bool
	Attempts                int
}

// linesShown is how much of a log a page begins with.
const linesShown = 1000

// task shows one task with its steps and its log.
func (s *Site) task(w http.ResponseWriter, r *http.Request, v visit) {
	ctx := r.Context()
	x, err := s.Tasks.Find(ctx, fleet.TaskID(strings.ToLower(r.PathValue("id"))))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	view := taskView{Task: x, Steps: stepsOf(x), Tone: stateTone(string(x.State)), Slack: s.message(ctx, x.Shows), Command: fmt.Sprintf("%s task %s --log", fleet.Slash, x.ID)}
	if view.Lines, view.After, err = s.tail(ctx, x); err != nil {
		s.refuse(w, r, err)
		return
	}
	f := v.frame(fleet.Clean(fmt.Sprintf("%s %s", x.Kind, x.About), 150), "task", &view)
	f.At = "tasks"
	if !x.State.Final() {
		view.Follow = fleet.PagePath + "live/task/" + url.PathEscape(string(x.ID)) + "?" + url.Values{"after": {view.After}}.Encode()
		f.Refresh = 5
	}
	s.show(w, r, http.StatusOK, f)
}

// tail reads the end of a log, and the cursor behind it.
func (s *Site) tail(ctx context.Context, x fleet.Task) (out []fleet.LogLine, after string, err error) {
	for {
		lines, next, err := s.Logs.Lines(ctx, x.ID, x.Host, after, 1000)
		if err != nil || len(lines) == 0 || next == after || next == "" {
			return out, after, err
		}
		out, after = append(out, lines...), next
		out = out[max(0, len(out)-linesShown):]
	}
}

func stepsOf(x fleet.Task) []stepView {
	var out []stepView
	for _, st := range x.Steps {
		v := stepView{Name: fleet.Clean(st.Label(), 80), State: string(st.State), Back: st.Back, Attempts: st.Attempts, Note: fleet.Clean(st.Error, 300), Tone: stateTone(string(st.State))}
		if !st.Ended.IsZero() && !st.Started.IsZero() {
			v.Took = fmt.Sprintf("%.1f s", st.Ended.Sub(st.Started).Seconds())
		}
		out = append(out, v)
	}
	return out
}

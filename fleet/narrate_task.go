package fleet

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// taskTitles are what each kind of task does, for people.
var taskTitles = map[TaskKind]string{
	TaskBuild: "Build platform", TaskInspect: "Read the facts of sites", TaskMigrate: "Move site", TaskRollback: "Roll back site",
	TaskCreate: "Create site", TaskAdopt: "Adopt site", TaskVerify: "Verify", TaskRetire: "Remove",
	TaskRehearse: "Rehearse the move of", TaskArchive: "Back up site", TaskRestore: "Restore site", TaskClone: "Clone into site",
	TaskLogin: "Make a login for",
}

// taskTitle is what a task does, for people, up to what it is about.
func taskTitle(t Task) string {
	to, host := Clean(t.Params[ParamTo], 60), Clean(string(t.Host), 60)
	switch {
	case t.Kind == TaskMove && t.Params[ParamDry] != "":
		return "Look at a move to host " + to + " of site"
	case t.Kind == TaskMove:
		return "Move to host " + to + " site"
	case t.Kind == TaskReceive:
		return "Receive from host " + Clean(t.Params[ParamFrom], 60) + " site"
	case t.Kind == TaskAdopt && t.Params[ParamPath] != "" && t.About == "":
		return "Adopt what is at " + Clean(t.Params[ParamPath], 80) + " on host " + host
	case t.Kind == TaskAdopt && t.About == "" && t.Params[ParamDry] != "":
		return "List the sites that host " + host + " has"
	case t.Kind == TaskAdopt && t.About == "":
		return "Adopt the sites that host " + host + " has"
	case t.Kind == TaskOutdated:
		return "Look for newer packages of"
	case taskTitles[t.Kind] != "":
		return taskTitles[t.Kind]
	}
	return Clean(string(t.Kind), 30)
}

// title says what a task does to what.
func (t Task) title() string {
	return clip(strings.TrimSpace(taskTitle(t)+" "+Clean(t.About, 110)), 150)
}

// TellTask tells of a task on its own: what it does, where it stands, and, if
// it is held, which answers there are.
func TellTask(t Task) Message {
	title := t.title()
	m := Message{Title: title}
	step := tellStep(t)
	switch t.State {
	case TaskQueued:
		m.Text = fmt.Sprintf("%s waits for the worker of host %s.", title, Clean(string(t.Host), 60))
		m.Lines = []Line{Say("⏳ Waiting for the worker of host " + Clean(string(t.Host), 60) + ".")}
	case TaskRunning:
		m.Text = fmt.Sprintf("%s is under way: %s.", title, step)
		m.Lines = []Line{Say("⏳ Under way: " + step + ".")}
	case TaskHeld:
		tellHeld(&m, t, title)
	case TaskDone:
		m.Tone = Good
		m.Text = fmt.Sprintf("%s: done%s.", title, tellTaskTook(t))
		m.Lines = []Line{Say("Done" + tellTaskTook(t) + ".")}
		if said := tellRehearsed(t); said != "" {
			m.Text, m.Lines = m.Text+" "+said, append(m.Lines, Say(said))
		}
		if found, _ := t.Step(StepLook); found.Result[ResultFound] != "" {
			m.Lines = append(m.Lines, Say(tellSentence(found.Result[ResultFound])))
		}
		for _, s := range t.Steps {
			if said := s.Result[ResultSaid]; said != "" {
				m.Lines = append(m.Lines, Say(tellSentence(clip(said, 600))))
			}
		}
		if t.Reason != "" {
			m.Lines = append(m.Lines, Say(tellSentence(t.Reason)))
		}
		m.Buttons = tellMove(&m, t)
	case TaskCancelled:
		m.Text = title + " was cancelled."
		m.Lines = []Line{Say(strings.TrimSpace("Cancelled. " + tellSentence(t.Reason)))}
	default:
		m.Tone = Bad
		reason := tellSentence(t.Reason)
		if reason == "" {
			reason = "The reason is in its log."
		}
		m.Text = title + " failed: " + reason
		m.Lines = []Line{Say("Failed. " + reason)}
		if t.Repeatable() {
			m.Buttons = []Button{{Action: ActRepeat, Label: "Retry", Value: string(t.ID)}}
		}
	}
	if t.Repeats != "" {
		m.Lines = append(m.Lines, Say("It repeats task ", Mono(string(t.Repeats)), "."))
	}
	m.Footer = tellFooter([]Span{{Text: "Task "}, Mono(string(t.ID))}, []Span{{Text: "asked by "}, By(t.By)}, []Span{When(t.Created)})
	return m
}

func tellTaskTook(t Task) string {
	if t.Begun.IsZero() || t.Ended.IsZero() {
		return ""
	}
	return " in " + tellDuration(t.Ended.Sub(t.Begun))
}

// tellMove says how long visitors waited for a move to another host, and offers
// to confirm what was only looked at.
func tellMove(m *Message, t Task) []Button {
	r, _ := t.Step("close")
	ms, err := strconv.ParseInt(r.Result["window_ms"], 10, 64)
	switch {
	case t.Kind != TaskMove:
		return nil
	case t.Params[ParamDry] != "":
		m.Lines = append(m.Lines, Say("Its address changes: when it is done, have its DNS name, load balancer or front proxy lead to host "+Clean(t.Params[ParamTo], 60)+
			". Host "+Clean(string(t.Host), 60)+" keeps a closed copy. Whatever fails on the way, the site goes on where it is."))
		return []Button{{Action: ActMoveSite, Label: "Confirm", Style: Primary, Value: string(t.ID)}}
	case err == nil:
		m.Lines = append(m.Lines, Say("Visitors waited "+tellDuration(time.Duration(ms)*time.Millisecond)+
			". Now have its DNS name, load balancer or front proxy lead to host "+Clean(t.Params[ParamTo], 60)+"; until then they are told that it has moved."),
			Say("The way back, with all that is written there: ", Mono(Slash+" site move "+Clean(t.About, 110)+" "+Clean(string(t.Host), 60))))
	}
	return nil
}

// tellRehearsed says how long visitors would wait, after a rehearsal.
func tellRehearsed(t Task) string {
	r, _ := t.Step("record")
	ms, err := strconv.ParseInt(r.Result["window_ms"], 10, 64)
	if t.Kind != TaskRehearse || err != nil {
		return ""
	}
	return fmt.Sprintf("The move to %s would go well; visitors would wait about %s.", Clean(t.Params[ParamPlatform], 110), tellDuration(time.Duration(ms)*time.Millisecond))
}

// tellHeld explains a held task and what each answer does.
func tellHeld(m *Message, t Task, what string) {
	cur, _ := t.Current()
	m.Tone = Warn
	m.Text = fmt.Sprintf("%s waits for a person at the step %q.", what, Clean(cur.Label(), 60))
	if m.Buttons = heldAnswers(t); t.Looks() {
		tellLooking(m, t)
		return
	}
	m.Lines = []Line{
		Say("It waits for a person. " + tellSentence(t.Reason)),
		Say("It is not certain whether the step ", Mono(Clean(cur.Label(), 60)), " was completed. Look at host ", Mono(Clean(string(t.Host), 60)), " and choose:"),
		Item(Bold("Retry the step"), ": it runs again from its beginning."),
		Item(Bold("Continue without it"), ": it is taken for completed."),
		Item(Bold("Stop and go back"), ": the task gives up and undoes what can be undone."),
	}
}

// heldAnswers are the three answers to a held task.
func heldAnswers(t Task) []Button {
	if t.Looks() {
		return lookAnswers(t)
	}
	id := string(t.ID)
	return []Button{
		{Action: ActAgain, Label: "Retry the step", Value: id, Style: Primary},
		{Action: ActSkip, Label: "Continue without it", Value: id, Confirm: &Ask{Title: "Continue without the step?",
			Text: "The step is taken for completed. Choose this only if you have seen on the machine that it is.", Yes: "Continue", No: "Not now"}},
		{Action: ActGiveUp, Label: "Stop and go back", Value: id, Style: Danger, Confirm: &Ask{Title: "Stop and go back?",
			Text: "The task gives up. What it has done is undone as far as possible.", Yes: "Stop", No: "Not now"}},
	}
}

// TellAlarm tells of trouble that belongs to no other subject.
func TellAlarm(a Alarm) Message {
	title, text := Clean(a.Title, 150), tellSentence(a.Text)
	m := Message{Title: title, Tone: a.Tone, Text: tellSentence(title) + " " + text, Lines: []Line{Say(text)}, Footer: tellFooter([]Span{When(a.At)})}
	if !a.Over {
		m.Buttons = a.Buttons
		return m
	}
	m.Tone = Good
	m.Text = title + ": this is over."
	m.Lines = []Line{Say("This is over since ", When(a.Ended), "."), Say("It was: " + text)}
	return m
}

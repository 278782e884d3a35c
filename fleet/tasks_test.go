package fleet

import (
	"strings"
	"testing"
	"time"
)

// under gives a running migration at a step.
func under(name string, state StepState) Task {
	t := Task{ID: "01t", Kind: TaskMigrate, About: "a.example", State: TaskRunning, Last: "drain", Since: noon}
	at := StepDone
	for _, s := range []string{"preflight", "hold", "drain", "switch", "soak"} {
		if s == name {
			t.Steps, at = append(t.Steps, StepRecord{Name: s, State: state}), StepWaiting
			continue
		}
		t.Steps = append(t.Steps, StepRecord{Name: s, State: at})
	}
	return t
}

func TestCancelTask(t *testing.T) {
	interruptible := under("drain", StepStarted)
	interruptible.Steps[2].Ends = true
	back := under("switch", StepFailed)
	back.GoBack = true
	answered := under("switch", StepWaiting)
	answered.State = TaskQueued
	for name, tt := range map[string]struct {
		task  Task
		state TaskState
		stop  bool
		words string
	}{
		"not begun":        {task: Task{State: TaskQueued, Kind: TaskMigrate}, state: TaskCancelled},
		"build not begun":  {task: Task{State: TaskQueued, Kind: TaskBuild}, state: TaskQueued, stop: true},
		"early":            {task: under("hold", StepStarted), state: TaskRunning, stop: true},
		"before the last":  {task: under("drain", StepWaiting), state: TaskRunning, stop: true},
		"at the last":      {task: under("drain", StepStarted), words: `it is at "drain"`},
		"that can end":     {task: interruptible, state: TaskRunning, stop: true},
		"too late":         {task: under("switch", StepStarted), words: "It goes on to its end."},
		"answered, late":   {task: answered, words: "cannot be cancelled any more"},
		"on its way back":  {task: back, words: "being undone"},
		"held":             {task: Task{ID: "01t", State: TaskHeld}, words: "waits for an answer"},
		"over":             {task: Task{ID: "01t", State: TaskDone}, words: "is over: done"},
		"of an older time": {task: Task{State: TaskRunning, Steps: []StepRecord{{Name: "a", State: StepStarted}}}, state: TaskRunning, stop: true},
	} {
		got, err := CancelTask(tt.task, Actor{Name: "ann"})
		switch {
		case tt.words != "":
			if CodeOf(err) != Refused || !strings.Contains(err.Error(), tt.words) || got.Stop {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil || got.State != tt.state || got.Stop != tt.stop:
			t.Errorf("%s: %s, stop %v, %v", name, got.State, got.Stop, err)
		}
	}
}

func TestOverdue(t *testing.T) {
	for name, tt := range map[string]struct {
		task  Task
		limit time.Duration
		after time.Duration
		want  bool
	}{
		"in time":         {under("hold", StepWaiting), time.Hour, time.Minute, false},
		"late":            {under("hold", StepWaiting), time.Hour, 2 * time.Hour, true},
		"in a step":       {under("hold", StepStarted), time.Hour, 2 * time.Hour, false},
		"too late to end": {under("switch", StepWaiting), time.Hour, 2 * time.Hour, false},
		"no limit":        {under("hold", StepWaiting), 0, 2 * time.Hour, false},
	} {
		if got := Overdue(tt.task, tt.limit, noon.Add(tt.after)); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRetryTask(t *testing.T) {
	failed := Task{ID: "01old", Kind: TaskArchive, About: "a.example", Host: "web1", State: TaskFailed, Params: map[string]string{"backup": "x"},
		Steps: []StepRecord{{Name: "backup", State: StepFailed}}, Reason: "no", Channel: "C1", Fence: 3}
	got, err := RetryTask(failed, "01new", Actor{ID: "U1"})
	if err != nil || got.ID != "01new" || got.Repeats != "01old" || got.State != TaskQueued || got.Steps != nil || got.Fence != 0 ||
		got.Params["backup"] != "x" || got.Host != "web1" || got.Shows != "task:01new" || got.By.ID != "U1" {
		t.Errorf("%+v %v", got, err)
	}
	for words, change := range map[string]func(*Task){
		"belongs to a plan": func(x *Task) { x.Plan = "01p" },
		"is not repeated":   func(x *Task) { x.Kind = TaskBuild },
		"waits for an":      func(x *Task) { x.State = TaskHeld },
		"is running; only":  func(x *Task) { x.State = TaskRunning },
	} {
		x := failed
		change(&x)
		if _, err := RetryTask(x, "01new", Actor{}); CodeOf(err) != Refused || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", words, err)
		}
	}
}

package fleet

import (
	"testing"
	"time"
)

// journal gives a task that a worker has claimed under fence 1.
func journal(t *testing.T) Task {
	t.Helper()
	task, err := ClaimTask(Task{ID: "t", State: TaskQueued, Steps: []StepRecord{{Name: "a", State: StepWaiting}, {Name: "b", State: StepWaiting}}},
		Claim{Owner: "w1", Lease: time.Minute}, noon)
	if err != nil || task.Fence != 1 || task.State != TaskRunning || !task.Begun.Equal(noon) {
		t.Fatalf("%+v %v", task, err)
	}
	return task
}

func enter(t *testing.T, task Task, c StepChange) Task {
	t.Helper()
	next, err := JournalStep(task, c, noon)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestClaimTask(t *testing.T) {
	tests := map[string]struct {
		task      Task
		restarted bool
		at        time.Duration
		want      Code
	}{
		"queued":              {task: Task{State: TaskQueued}},
		"not due":             {task: Task{State: TaskQueued, NotUntil: noon.Add(time.Hour)}, want: Conflict},
		"due":                 {task: Task{State: TaskQueued, NotUntil: noon.Add(time.Hour)}, at: time.Hour},
		"leased":              {task: Task{State: TaskRunning, Lease: noon.Add(time.Minute)}, want: Conflict},
		"lease over":          {task: Task{State: TaskRunning, Lease: noon.Add(time.Minute)}, at: time.Minute},
		"own, after a crash":  {task: Task{State: TaskRunning, Lease: noon.Add(time.Minute)}, restarted: true},
		"held":                {task: Task{State: TaskHeld}, want: Refused},
		"done":                {task: Task{State: TaskDone}, want: Refused},
		"cancelled meanwhile": {task: Task{State: TaskCancelled}, want: Refused},
	}
	for name, tt := range tests {
		got, err := ClaimTask(tt.task, Claim{Owner: "w", Lease: time.Minute, Restarted: tt.restarted}, noon.Add(tt.at))
		if CodeOf(err) != tt.want || err == nil && (got.Fence != tt.task.Fence+1 || got.State != TaskRunning) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func TestStartedStepIsUnknownToTheNextWorker(t *testing.T) {
	task := enter(t, journal(t), StepChange{Fence: 1, Step: "a", To: StepStarted})
	next, err := ClaimTask(task, Claim{Owner: "w2", Lease: time.Minute}, noon.Add(time.Hour))
	if err != nil || next.Steps[0].State != StepUnknown || next.Fence != 2 {
		t.Fatalf("%+v %v", next, err)
	}
	if task.Steps[0].State != StepStarted {
		t.Error("the rule changed what it was given")
	}
	for name, err := range map[string]error{
		"journal": second(JournalStep(next, StepChange{Fence: 1, Step: "a", To: StepDone}, noon)),
		"renew":   second(RenewTask(next, 1, noon, time.Minute)),
		"back":    second(BeginBack(next, 1, "", nil)),
		"end":     second(EndTask(next, 1, TaskDone, "", noon)),
	} {
		if CodeOf(err) != Stale {
			t.Errorf("%s by the worker that lost the task: %v", name, err)
		}
	}
}

func second(_ Task, err error) error { return err }

func TestStepsAreTakenInOrder(t *testing.T) {
	task := journal(t)
	if err := second(JournalStep(task, StepChange{Fence: 1, Step: "b", To: StepStarted}, noon)); CodeOf(err) != Stale {
		t.Errorf("the second step first: %v", err)
	}
	if err := second(JournalStep(task, StepChange{Fence: 1, Step: "c", To: StepStarted}, noon)); CodeOf(err) != Stale {
		t.Errorf("an unknown step: %v", err)
	}
	task = enter(t, task, StepChange{Fence: 1, Step: "a", To: StepStarted})
	task = enter(t, task, StepChange{Fence: 1, Step: "a", To: StepStarted})
	if task.Steps[0].Attempts != 1 {
		t.Errorf("entering the same again counted %d attempts", task.Steps[0].Attempts)
	}
	task = enter(t, task, StepChange{Fence: 1, Step: "a", To: StepDone, Result: map[string]string{"k": "v"}})
	task = enter(t, task, StepChange{Fence: 1, Step: "b", To: StepStarted})
	if cur, ok := task.Current(); !ok || cur.Name != "b" || task.Steps[0].Result["k"] != "v" {
		t.Errorf("%+v", task.Steps)
	}
}

func TestWayBackIsWalkedAfterTheWayThere(t *testing.T) {
	task := enter(t, journal(t), StepChange{Fence: 1, Step: "a", To: StepStarted})
	task = enter(t, task, StepChange{Fence: 1, Step: "a", To: StepFailed, Error: "no\x00 room"})
	for range 2 {
		var err error
		if task, err = BeginBack(task, 1, "No room.", []string{"undo a"}); err != nil {
			t.Fatal(err)
		}
	}
	if cur, ok := task.Current(); !ok || cur.Name != "undo a" || len(task.Steps) != 3 || task.Steps[0].Error != "no room" {
		t.Errorf("%+v", task.Steps)
	}
	end, err := EndTask(task, 1, TaskFailed, "", noon)
	if err != nil || end.Reason != "No room." || !end.Ended.Equal(noon) || end.Owner != "" {
		t.Errorf("%+v %v", end, err)
	}
}

func TestAnswersToAHeldTask(t *testing.T) {
	want := map[AnswerToHeld]StepState{RunAgain: StepWaiting, SkipStep: StepSkipped, GiveUp: StepFailed}
	for answer, state := range want {
		held := Task{State: TaskHeld, Steps: []StepRecord{{Name: "a", State: StepDone}, {Name: "b", State: StepUnknown}}}
		got, err := AnswerTask(held, answer, noon)
		if err != nil || got.State != TaskQueued || got.Steps[1].State != state || held.Steps[1].State != StepUnknown {
			t.Errorf("%s: %+v %v", answer, got, err)
		}
	}
	if err := second(AnswerTask(Task{State: TaskRunning}, RunAgain, noon)); CodeOf(err) != Refused {
		t.Error(err)
	}
}

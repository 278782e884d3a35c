package fleet

import (
	"slices"
	"time"
)

// TaskID is a ULID in lower case; chosen before the task is created, so that
// creating it twice creates it once.
type TaskID string

// TaskKind says which recipe a task follows.
type TaskKind string

// The kinds of task.
const (
	TaskBuild    TaskKind = "build"    // make a platform's tree on this host
	TaskInspect  TaskKind = "inspect"  // read facts of sites for a plan
	TaskMigrate  TaskKind = "migrate"  // move a site to another platform
	TaskRollback TaskKind = "rollback" // return a site to the generation that was kept
	TaskCreate   TaskKind = "create"   // make a new site
	TaskAdopt    TaskKind = "adopt"    // take over a site that is on the host already
	TaskVerify   TaskKind = "verify"   // run a platform's or site's checks again
	TaskRehearse TaskKind = "rehearse" // try a move on a copy of a site
	TaskArchive  TaskKind = "archive"  // back a site up
	TaskRestore  TaskKind = "restore"  // bring a site's data back from a backup
	TaskClone    TaskKind = "clone"    // make a new site with the data of another
	TaskLogin    TaskKind = "login"    // make an address that logs somebody in once
	TaskMove     TaskKind = "move"     // bring a site to another host: the part of the host it is on
	TaskReceive  TaskKind = "receive"  // the part of the host it comes to
	TaskRetire   TaskKind = "retire"   // delete a platform's tree, an old generation or a removed site
)

// TaskKinds lists them all, for settings that name them.
func TaskKinds() []TaskKind {
	return []TaskKind{TaskBuild, TaskInspect, TaskMigrate, TaskRollback, TaskCreate, TaskAdopt, TaskVerify, TaskRehearse,
		TaskArchive, TaskRestore, TaskClone, TaskLogin, TaskMove, TaskReceive, TaskRetire, TaskOutdated}
}

// TaskState is where a task stands.
type TaskState string

// The states. Moves: queued → running → done, failed, held or cancelled;
// held → running (Run again, Skip) or failed (Give up).
const (
	TaskQueued    TaskState = "queued"
	TaskRunning   TaskState = "running"
	TaskHeld      TaskState = "held"
	TaskDone      TaskState = "done"
	TaskFailed    TaskState = "failed"
	TaskCancelled TaskState = "cancelled"
)

// Final reports whether nothing more can happen to the task.
func (s TaskState) Final() bool { return s == TaskDone || s == TaskFailed || s == TaskCancelled }

// StepState is where a step stands.
type StepState string

// The states. "started" is journaled before the step acts, "done" after. A
// started step whose worker died is unknown until its Done check has asked the
// machine.
const (
	StepWaiting StepState = "waiting"
	StepStarted StepState = "started"
	StepDone    StepState = "done"
	StepFailed  StepState = "failed"
	StepUnknown StepState = "unknown"
	StepSkipped StepState = "skipped" // by a person
)

// A StepRecord is the journal of one step.
type StepRecord struct {
	Name     string            `json:"name"`            // key in the journal: steps may be added, never renamed
	Title    string            `json:"title,omitempty"` // as people read it while it runs; "" means Name
	Back     bool              `json:"back,omitempty"`
	Ends     bool              `json:"ends,omitempty"` // a person's cancel may end it while it runs
	State    StepState         `json:"state"`
	Attempts int               `json:"attempts,omitempty"`
	Started  time.Time         `json:"started,omitzero"`
	Ended    time.Time         `json:"ended,omitzero"`
	Error    string            `json:"error,omitempty"`
	Result   map[string]string `json:"result,omitempty"` // survives a restart; read by later steps
}

// Label is what people call the step.
func (s StepRecord) Label() string {
	if s.Title != "" {
		return s.Title
	}
	return s.Name
}

// A Task is a durable unit of work on one host. It exists from the commit that
// wanted it; queues only carry wake-ups.
type Task struct {
	ID     TaskID            `json:"id"`
	Kind   TaskKind          `json:"kind"`
	Host   HostName          `json:"host"`
	About  string            `json:"about"` // the platform's name, or the site's URI
	Plan   PlanID            `json:"plan,omitempty"`
	Params map[string]string `json:"params,omitempty"` // by kind; see the recipe
	Sites  []URI             `json:"sites,omitempty"`  // of an inspect task
	Urgent bool              `json:"urgent,omitempty"` // before bulk work in the host's queue
	By     Actor             `json:"by"`
	State  TaskState         `json:"state"`
	Steps  []StepRecord      `json:"steps,omitempty"` // forward steps, then the way back once it is begun
	GoBack bool              `json:"back,omitempty"`  // a step failed: the way back is being walked
	Fence  int64             `json:"fence"`           // rises at each claim; every journal write names it
	Owner  string            `json:"owner,omitempty"` // worker process that holds the lease
	Lease  time.Time         `json:"lease,omitzero"`  // until when
	Claims int               `json:"claims,omitempty"`
	Stop   bool              `json:"stop,omitempty"` // a person asked to cancel; heeded between steps before the hold
	Reason string            `json:"reason,omitempty"`
	// Withdrawn says of a cancelled task that nothing of it was begun, because its
	// plan was paused or held back; the plan may order it anew.
	Withdrawn bool      `json:"withdrawn,omitempty"`
	Created   time.Time `json:"created"`
	Begun     time.Time `json:"begun,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	NotUntil  time.Time `json:"not_until,omitzero"` // do not claim before
	Since     time.Time `json:"since,omitzero"`     // when work began, or began again after a person's answer
	Last      string    `json:"last,omitempty"`     // the last step before which it may still be cancelled
	Repeats   TaskID    `json:"repeats,omitempty"`  // the task that failed and is tried again by this one
	Shows     Subject   `json:"shows,omitempty"`    // whose message shows its progress; edited at each journal entry
	Channel   string    `json:"channel,omitempty"`  // where a task on its own reports
	Data      string    `json:"data,omitempty"`     // identity of the data directory it was begun in; "" before
	Needs     int       `json:"needs,omitempty"`    // lowest Protocol of a worker that may do it; 0 any
}

// MinProtocol implements Versioned.
func (t *Task) MinProtocol() int { return t.Needs }

// Ref addresses t.
func (t Task) Ref() TaskRef { return TaskRef{Host: t.Host, ID: t.ID} }

// Key implements Record.
func (t *Task) Key() Key { return Key{HostFamily(t.Host), "task", string(t.ID)} }

// Entries implements Record: all tasks of the host by age; those that somebody
// must work on in the due set, by the time they may be claimed; held ones.
func (t *Task) Entries() []Entry {
	fam := HostFamily(t.Host)
	out := []Entry{{TasksOf(t.Host), string(t.ID), t.Created.UnixMilli()}}
	switch t.State {
	case TaskQueued:
		out = append(out, Entry{TasksDue(t.Host), string(t.ID), max(t.NotUntil.UnixMilli(), 0)})
	case TaskRunning:
		out = append(out, Entry{TasksDue(t.Host), string(t.ID), t.Lease.UnixMilli()})
	case TaskHeld:
		out = append(out, Entry{Index{fam, "tasks:held"}, string(t.ID), t.Created.UnixMilli()})
	}
	return out
}

// TasksOf lists all tasks of a host by age.
func TasksOf(h HostName) Index { return Index{HostFamily(h), "tasks"} }

// TasksDue orders a host's unfinished tasks by the time somebody may claim
// them: their start, or the end of their worker's lease.
func TasksDue(h HostName) Index { return Index{HostFamily(h), "tasks:due"} }

// TasksHeld lists the host's tasks that wait for a person.
func TasksHeld(h HostName) Index { return Index{HostFamily(h), "tasks:held"} }

// Step gives the record of a step by name.
func (t Task) Step(name string) (StepRecord, bool) {
	i := t.index(name)
	if i < 0 {
		return StepRecord{}, false
	}
	return t.Steps[i], true
}

func (t Task) index(name string) int {
	return slices.IndexFunc(t.Steps, func(s StepRecord) bool { return s.Name == name })
}

// Current is the first step that is not done or skipped, of the way that is
// being walked.
func (t Task) Current() (StepRecord, bool) {
	for _, s := range t.Steps {
		if s.Back == t.GoBack && s.State != StepDone && s.State != StepSkipped {
			return s, true
		}
	}
	return StepRecord{}, false
}

// A Claim asks for a task.
type Claim struct {
	Owner string        // of this worker process, unique over restarts
	Lease time.Duration // how long without renewal until others may take it
	// Restarted lets a worker that holds its data directory's lock take over
	// its own host's tasks at once, without waiting for the lease.
	Restarted bool
	// Epoch is the storage's when the worker began; 0 if it knows of none. It is
	// the high half of the fence.
	Epoch int64
	Data  string // identity of the worker's data directory; "" is not asked
}

// Elsewhere reports whether t was begun in another data directory than data:
// what it left there cannot be seen from here.
func (t Task) Elsewhere(data string) bool {
	return data != "" && t.Data != "" && t.Data != data
}

// ClaimTask is the rule by which a worker gets a task: it must be queued and
// due, or running with its lease over. A step left started becomes unknown.
// Errors: Conflict when another worker holds it or it is not due, Refused when
// it is finished or held.
func ClaimTask(t Task, c Claim, now time.Time) (Task, error) {
	switch t.State {
	case TaskQueued:
		if now.Before(t.NotUntil) {
			return t, Errorf(Conflict, "Task %s is not due yet.", t.ID)
		}
	case TaskRunning:
		if now.Before(t.Lease) && !c.Restarted && !setBack(t.Lease, now) {
			return t, Errorf(Conflict, "Task %s is being worked on by %s.", t.ID, t.Owner)
		}
	default:
		return t, Errorf(Refused, "Task %s is %s.", t.ID, t.State)
	}
	t.Steps = slices.Clone(t.Steps)
	for i := range t.Steps {
		if t.Steps[i].State == StepStarted {
			t.Steps[i].State = StepUnknown
		}
	}
	if t.State == TaskQueued {
		t.Since = now
	}
	t.State, t.Owner, t.Lease = TaskRunning, c.Owner, now.Add(c.Lease)
	if t.Data == "" {
		t.Data = c.Data
	}
	t.Fence = nextFence(t.Fence, c.Epoch)
	t.Claims++
	if t.Begun.IsZero() {
		t.Begun = now
	}
	return t, nil
}

// mine refuses writers whose fence is not the task's, with code Stale.
func (t Task) mine(fence int64) error {
	if t.State != TaskRunning || t.Fence != fence {
		return Errorf(Stale, "Task %s was taken over (fence %d, now %d, %s).", t.ID, fence, t.Fence, t.State)
	}
	return nil
}

// RenewTask prolongs the lease.
func RenewTask(t Task, fence int64, now time.Time, lease time.Duration) (Task, error) {
	if err := t.mine(fence); err != nil {
		return t, err
	}
	t.Lease = now.Add(lease)
	return t, nil
}

// A StepChange is one entry of the journal.
type StepChange struct {
	Fence  int64
	Step   string
	To     StepState         // started, done, failed or unknown
	Error  string            // for failed: one sentence, already fit for people
	Result map[string]string // for done: kept for later steps
}

// JournalStep is the rule of a journal entry. Steps are begun in order and
// none while another is started. Entering the same state again under the same
// fence is no error. Errors: Stale (stop, write nothing), internal faults.
func JournalStep(t Task, c StepChange, now time.Time) (Task, error) {
	if err := t.mine(c.Fence); err != nil {
		return t, err
	}
	i := t.index(c.Step)
	if i < 0 {
		return t, Errorf(Stale, "Task %s has no step %q.", t.ID, c.Step)
	}
	t.Steps = slices.Clone(t.Steps)
	s := &t.Steps[i]
	switch c.To {
	case StepStarted:
		if cur, ok := t.Current(); s.State != StepStarted && (!ok || cur.Name != c.Step) {
			return t, Errorf(Stale, "Step %q of task %s is not the next one.", c.Step, t.ID)
		}
		if s.State != StepStarted {
			s.Attempts++
			s.Started = now
		}
		s.Ended, s.Error = time.Time{}, ""
	case StepDone:
		s.Ended, s.Result = now, c.Result
	case StepFailed, StepUnknown:
		s.Ended, s.Error = now, Clean(c.Error, 500)
	}
	s.State = c.To
	return t, nil
}

// BeginBack is the rule of a failed task that walks back: the named steps are
// added to the journal. Calling it again changes nothing.
func BeginBack(t Task, fence int64, reason string, steps []string) (Task, error) {
	if err := t.mine(fence); err != nil {
		return t, err
	}
	if t.GoBack {
		return t, nil
	}
	t.GoBack, t.Reason = true, Clean(reason, 500)
	t.Steps = slices.Clone(t.Steps)
	for _, n := range steps {
		t.Steps = append(t.Steps, StepRecord{Name: n, Back: true, State: StepWaiting})
	}
	return t, nil
}

// EndTask is the rule of the last entry: done, failed, held or cancelled.
func EndTask(t Task, fence int64, to TaskState, reason string, now time.Time) (Task, error) {
	if err := t.mine(fence); err != nil {
		return t, err
	}
	t.State, t.Owner, t.Lease = to, "", time.Time{}
	if reason != "" {
		t.Reason = Clean(reason, 500)
	}
	if to.Final() {
		t.Ended = now
	}
	return t, nil
}

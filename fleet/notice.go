package fleet

import (
	"strings"
	"time"
)

// A Subject names what a message is about: "kind:id". The kinds are in
// subjects; narration of a kind is in narrate_KIND.go.
type Subject string

// SubjectOf makes a Subject of a kind and an id.
func SubjectOf(kind, id string) Subject { return Subject(kind + ":" + id) }

// Kind is the part before the first colon.
func (s Subject) Kind() string { k, _, _ := strings.Cut(string(s), ":"); return k }

// ID is the part after the first colon; it may hold colons itself.
func (s Subject) ID() string { _, id, _ := strings.Cut(string(s), ":"); return id }

// The kinds of subject.
const (
	AboutNews     = "news"     // an Announcement: id is the announcement's
	AboutPlatform = "platform" // a build and its result: id is the platform's name
	AboutPlan     = "plan"     // a Plan: id is the plan's
	AboutPlanLog  = "planlog"  // one line of a plan's thread: "PLAN/N"
	AboutTask     = "task"     // a Task on its own or held: id is the task's
	AboutDigest   = "digest"   // one issue of a digest: "NAME/2026-11-22T09:00"
	AboutAlarm    = "alarm"    // an Alarm record: id is the alarm's
	AboutLook     = "look"     // a Look: "HOST/TASK"
	AboutRefresh  = "refresh"  // a Refresh: id is the refresh's
	AboutGlass    = "glass"    // the alarm that a plan was confirmed by breaking the glass: id is the plan's
)

// A Notice is a promise that the present state of a subject will be shown in a
// channel: posted once, edited in place ever after. Notices are recorded in
// the commit that changed the subject, so none is lost and none is doubled;
// several for one subject and channel are one edit.
type Notice struct {
	Subject Subject   `json:"subject"`
	Channel string    `json:"channel"`          // Slack channel id or name as configured
	Parent  Subject   `json:"parent,omitempty"` // post in the thread of this subject's message
	At      time.Time `json:"at,omitzero"`      // not before; zero means now
	// Edit limits the notice to channels where the subject was posted before:
	// nothing is posted anew. Channel may then be empty, meaning all of them.
	Edit bool `json:"edit,omitempty"`
}

// An Effect is what must follow a commit in another family. Exactly one field
// is set. Effects are carried at least once, so each is idempotent: a Notice
// by its subject and channel, an AuditEvent by the effect's id, a Task by its
// id; Advance and Review are only hints to look again.
type Effect struct {
	Notice   *Notice     `json:"notice,omitempty"`
	Audit    *AuditEvent `json:"audit,omitempty"`
	Task     *Task       `json:"task,omitempty"`     // create this task in its host's family
	Withdraw *TaskRef    `json:"withdraw,omitempty"` // cancel this task if nobody has begun it
	Advance  PlanID      `json:"advance,omitempty"`  // something a plan waits for has happened
	Review   DistName    `json:"review,omitempty"`   // target or policy moved: undecided plans may be void
	Offer    DistName    `json:"offer,omitempty"`    // a target is ready: offer plans for out-of-date platforms
}

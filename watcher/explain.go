package watcher

import (
	"context"
	"errors"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
)

// explain turns what reading a repository failed with into an Error for people:
// Invalid for what the person must change, NotFound for what is not there or
// private, Later for what may pass. Faults of ours stay as they are.
func explain(err error) error {
	var refused *mirror.Refused
	if errors.As(err, &refused) {
		return &fleet.Error{Code: fleet.Invalid, Text: refused.Reason, Hint: refused.Hint}
	}
	var e *mirror.Error
	if errors.As(err, &e) {
		return &fleet.Error{Code: codeOf(e.Problem), Text: e.Text, Hint: e.Hint, Err: e.Err}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fleet.Errorf(fleet.Later, "The repository did not answer in time.").Because(err)
	}
	return err
}

func codeOf(p mirror.Problem) fleet.Code {
	switch p {
	case mirror.NotFound, mirror.Gone:
		return fleet.NotFound
	case mirror.Redirected, mirror.NotGit:
		return fleet.Invalid
	case mirror.TooBig:
		return fleet.Refused
	}
	return fleet.Later
}

// reason is explain in one sentence for a record that people see; the causes
// of faults of ours stay in the log.
func reason(err error) string {
	var e *fleet.Error
	if errors.As(explain(err), &e) {
		return e.Text
	}
	return "It cannot be read because of a fault of the bot; the operator's log says more."
}

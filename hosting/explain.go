package hosting

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/distrobot/distrobot/fleet"
)

// Explain turns faults of a machine that people can do something about into
// *fleet.Error: a full disk, a directory that may not be written. Anything else
// is returned with doing as context.
func Explain(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case fleet.CodeOf(err) != "", errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fleet.Errorf(fleet.Failed, "The disk is full on the hosting machine; it could not %s.", doing).
			WithHint("Free some space there, then try again.").Because(err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return fleet.Errorf(fleet.Failed, "The hosting machine did not let distrobot %s.", doing).
			WithHint("Run distrobot doctor there.").Because(err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// Sentence gives what people may read of an error.
func Sentence(err error) string {
	var e *fleet.Error
	if errors.As(err, &e) {
		if e.Hint != "" {
			return e.Text + " " + e.Hint
		}
		return e.Text
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "It took longer than its time limit."
	}
	return "An internal fault; the log of the hosting machine says more."
}

package fleet

import (
	"errors"
	"fmt"
)

// A Code says what the program does about an error that a person may read.
type Code string

// The codes. Values are only appended: they cross the socket of `distrobot do`.
const (
	Invalid   Code = "invalid"   // the input is wrong; the hint says what to type instead
	NotFound  Code = "not_found" // no such thing
	Exists    Code = "exists"    // there is one already
	Forbidden Code = "forbidden" // this person may not; the text says who may
	Refused   Code = "refused"   // a rule says no: locked, pinned, stale, superseded, busy
	Conflict  Code = "conflict"  // somebody else was faster; reading again shows what happened
	Stale     Code = "stale"     // fence or lease lost: the caller must stop and write nothing
	Later     Code = "later"     // storage or network away; nothing was changed, try again
	Tampered  Code = "tampered"  // a row's signature is wrong: refuse, alarm
	Failed    Code = "failed"    // the work itself said no (verification, check)
	Held      Code = "held"      // a freeze or a closed window holds it back; nothing was changed, a later time will do
	TooOld    Code = "too_old"   // a newer program wrote it: this one must not act on it
)

// Error is a failure that the person who asked may read. Any other error is a
// fault of ours: they see a reference, and the operator reads the log.
type Error struct {
	Code Code   // what the program does about it
	Text string // one sentence, in the asker's words, without markup
	Hint string // what to type or do next; may be empty
	Err  error  // the cause, for the log only; never shown
}

// Error gives text, hint and cause, for logs and tests.
func (e *Error) Error() string {
	s := e.Text
	if e.Hint != "" {
		s += " " + e.Hint
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error of a code and a formatted sentence.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}

// WithHint adds what to do next, and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// Because adds the cause for the log, and returns e.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

// CodeOf gives the code of the first *Error in err's chain, or "" if there is
// none, which makes err an internal fault.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

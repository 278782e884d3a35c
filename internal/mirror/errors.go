package mirror

import (
	"errors"
	"fmt"
	"time"
)

// Refused says that the policy does not allow a URL, an address or the content
// of a repository. Reason is one sentence for the person who asked and never
// repeats the URL, which may hold a password. Hint says what to do instead; it
// may be empty.
type Refused struct {
	Reason string
	Hint   string
}

func (r *Refused) Error() string { return r.Reason }

func refuse(hint, format string, args ...any) error {
	return &Refused{Reason: fmt.Sprintf(format, args...), Hint: hint}
}

// A Problem is the sort of failure in an *Error: what a caller decides by.
type Problem string

// The problems. None of them says that a ref is gone: only a complete listing
// without the ref does.
const (
	NotFound    Problem = "not found"    // or private, or the credential is wrong: hosts do not tell which
	Unreachable Problem = "unreachable"  // no connection, a time limit, or the server is failing (5xx)
	Redirected  Problem = "redirected"   // a person must update the URL
	RateLimited Problem = "rate limited" // try again after RetryAfter
	NotGit      Problem = "not git"      // the answer is not of the git protocol: a login page, say
	Broken      Problem = "broken"       // the git protocol, but wrong, cut short or beyond a limit
	Gone        Problem = "gone"         // the commit or file is not there (any more): list again
	TooBig      Problem = "too big"      // above a limit of this program
	Untrusted   Problem = "untrusted"    // the server shows no host key, or another than the known one
	DiskFull    Problem = "disk full"    // this machine has no space left
)

// Error is a failure to get something from a repository.
type Error struct {
	Problem    Problem
	Text       string        // one sentence for the person who asked
	Hint       string        // what to do next; may be empty
	RetryAfter time.Duration // with RateLimited and Unreachable: asked for by the server; 0 if it said nothing
	Err        error         // the cause, for the log only
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s (%v)", e.Text, e.Err)
	}
	return e.Text
}

func (e *Error) Unwrap() error { return e.Err }

// Is reports whether err is an *Error about problem.
func Is(err error, problem Problem) bool {
	var e *Error
	return errors.As(err, &e) && e.Problem == problem
}

func problem(p Problem, cause error, format string, args ...any) *Error {
	return &Error{Problem: p, Text: fmt.Sprintf(format, args...), Err: cause}
}

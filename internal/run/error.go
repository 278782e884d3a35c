package run

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Error says that a program could not be started, was ended, or exited with a
// code other than 0. Its text holds no arguments, which may be long or secret.
type Error struct {
	Program  string // base name
	ExitCode int    // -1 when ended by a signal or never started
	Last     string // last line of standard error that is not blank, redacted
	Err      error  // why, unless the program chose to fail: ErrNotFound, a context's error, ...
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Program)
	switch {
	case e.Err != nil:
		fmt.Fprintf(&b, ": %v", e.Err)
	default:
		fmt.Fprintf(&b, ": exit code %d", e.ExitCode)
	}
	if e.Last != "" {
		fmt.Fprintf(&b, ": %s", e.Last)
	}
	return b.String()
}

// Unwrap returns the cause, nil when the program merely exited with a code.
func (e *Error) Unwrap() error { return e.Err }

// newError describes a failed run of c whose standard error ended with stderr.
func newError(c Command, code int, stderr string, cause error) *Error {
	return &Error{
		Program:  filepath.Base(c.Program),
		ExitCode: code,
		Last:     lastLine(stderr),
		Err:      cause,
	}
}

// maxLast bounds Error.Last; a program may write megabytes without a newline.
const maxLast = 300

// lastLine returns the last line of s that has more than white space, bounded.
func lastLine(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	for i := len(lines) - 1; i >= 0; i-- {
		line := strings.TrimSpace(lines[i])
		if line == "" {
			continue
		}
		if len(line) > maxLast {
			line = strings.ToValidUTF8(line[:maxLast], "") + "…"
		}
		return line
	}
	return ""
}

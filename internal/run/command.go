package run

import (
	"errors"
	"io"
	"os"
	"time"
)

// Defaults for the zero values of Command.
const (
	// DefaultOutputLimit is how many bytes of the end of each stream are kept.
	DefaultOutputLimit = 8 << 10
	// DefaultKillGrace is the time between SIGTERM and SIGKILL.
	DefaultKillGrace = 5 * time.Second
	// DefaultDrain is how long output is awaited after the program has ended. A
	// descendant that left the process group may hold the pipe for ever.
	DefaultDrain = 2 * time.Second
)

// A Command is one program to run. Program and Env must be set; the zero value
// of every other field is a sensible default.
type Command struct {
	Program string   // name looked up in the PATH of Env, or a path with a slash
	Args    []string // arguments after the program's name, passed as they are
	Dir     string   // working directory; empty means the parent's

	// Env is the whole environment as NAME=value. Nothing is inherited: a nil
	// Env is an empty environment. See Environ for a minimal one.
	Env []string

	Stdin io.Reader // nil is the null device

	// Stdout, if set, receives standard output instead of Result.Stdout. More
	// than StdoutLimit bytes (0 is no limit) end the program with ErrTooMuch. An
	// *os.File without a limit becomes the program's own standard output.
	Stdout      io.Writer
	StdoutLimit int64

	// Timeout bounds the run besides the context's own deadline; 0 is no bound.
	Timeout time.Duration
	// Memory bounds the data of the program and of each program it starts, in
	// bytes (RLIMIT_DATA: heap and private memory, not files that are mapped); 0 is
	// no bound. It is set by a shell that the program takes the place of.
	Memory int64
	// OutputLimit is the number of bytes kept of the end of each stream.
	OutputLimit int
	// KillGrace is the time a cancelled program has to end by itself.
	KillGrace time.Duration

	// Secrets are replaced by [redacted] in the kept output, in lines given to
	// Lines and in errors; not in what is copied to Stdout.
	Secrets []string

	// Lines, if set, is called with each line of both streams while the program
	// runs: one call at a time, without the line end, cut at MaxLine bytes.
	Lines func(line string)

	// As, if set, is the user the program runs as; only root may set it.
	As *User

	// Started, if set, is called once with the program's pid, which is also the
	// name of its group, as soon as it runs. Run waits for the call to return.
	Started func(pid int)

	// Files are passed to the program as descriptors 3, 4, ... A file that holds
	// a flock stays locked until the last descendant of the program is gone.
	Files []*os.File
}

// User is the identity a program runs under.
type User struct {
	UID, GID uint32
	Groups   []uint32 // supplementary groups; empty means none
}

// Result is what a program left behind. It is filled in also when Run returns
// an error, as far as the program got.
type Result struct {
	ExitCode int           // -1 when ended by a signal or never started
	Stdout   string        // tail of standard output; empty if Command.Stdout was set
	Stderr   string        // tail of standard error
	Duration time.Duration // from start until all output was read
}

// Causes inside an *Error, for errors.Is.
var (
	// ErrNotFound says that there is no such program (or no permission to run it).
	ErrNotFound = errors.New("program not found")
	// ErrTimeout says that Command.Timeout passed.
	ErrTimeout = errors.New("took longer than its time limit")
	// ErrTooMuch says that standard output exceeded Command.StdoutLimit.
	ErrTooMuch = errors.New("wrote more output than allowed")
	// ErrHeldOutput says that a descendant outside the process group kept the
	// output open after the program had ended, so output may be missing.
	ErrHeldOutput = errors.New("left a process behind that holds its output")
)

package mirror

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// A Store keeps one bare repository per URL below Dir and answers from it. Make
// one with its fields; it is safe for concurrent use, also by several processes
// over one Dir.
type Store struct {
	Dir    string // made when needed
	Policy Policy
	Limits Limits

	// Git is the git program, "git" if empty. PATH in Env decides where it is.
	Git string
	// Env is what git needs of the environment besides its configuration, which
	// a Store controls wholly; nil is run.Environ().
	Env []string
	// As, if set, is the user git runs as, who then owns mirrors and checkouts.
	As *run.User
}

// Limits bound what one repository may cost. A zero field means its default.
type Limits struct {
	FetchTime   time.Duration // of one fetch; default 30 minutes
	LocalTime   time.Duration // of any other git process; default 10 minutes
	MirrorBytes int64         // of a mirror on disk; default 8 GiB
	Files       int           // of a checkout; default 250,000
	Bytes       int64         // of a checkout's content; default 4 GiB
	FileBytes   int64         // of one file read by File; default 8 MiB
	ObjectBytes int64         // of one file in git, and of what git holds in memory at once; default 256 MiB
}

// withDefaults fills in zero fields. drupal/core has 21,000 files and 950,000
// objects in 278 MB; the defaults are an order of magnitude above.
func (l Limits) withDefaults() Limits {
	return Limits{
		FetchTime:   orDefault(l.FetchTime, 30*time.Minute),
		LocalTime:   orDefault(l.LocalTime, 10*time.Minute),
		MirrorBytes: orDefault(l.MirrorBytes, 8<<30),
		Files:       orDefault(l.Files, 250_000),
		Bytes:       orDefault(l.Bytes, 4<<30),
		FileBytes:   orDefault(l.FileBytes, 8<<20),
		ObjectBytes: orDefault(l.ObjectBytes, 256<<20),
	}
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Path returns the directory of the mirror of url. The URL itself is in the file
// "distrobot-url" there, for people.
func (s *Store) Path(url string) string {
	sum := sha256.Sum256([]byte(strings.TrimRight(url, "/")))
	return filepath.Join(s.Dir, hex.EncodeToString(sum[:16])+".git")
}

// gitCall is one run of git on a mirror.
type gitCall struct {
	args     []string
	settings []setting // besides safeSettings
	env      []string
	stdin    io.Reader
	stdout   io.Writer // nil: the result's tail is enough
	limit    int64     // of stdout in bytes
	time     time.Duration
	secrets  []string
	free     bool     // of the limit of memory: for objects that were let in already
	lock     *os.File // held by git and its helpers while they run; nil for reading
}

// git runs git on the mirror at dir.
func (s *Store) git(ctx context.Context, dir string, call gitCall) (run.Result, error) {
	base := s.Env
	if base == nil {
		base = run.Environ()
	}
	env := append(append(append([]string{}, base...), baseConfig()...), "GIT_DIR="+dir)
	if !call.free {
		// What packs to a megabyte may unpack to a gigabyte. Large files are streamed;
		// anything else that needs as much memory, such as a delta, ends git.
		env = append(env, "GIT_ALLOC_LIMIT="+strconv.FormatInt(s.Limits.withDefaults().ObjectBytes, 10))
	}
	settings := append(safeSettings(), setting{"safe.directory", dir})
	env = append(append(env, configEnv(append(settings, call.settings...))...), call.env...)
	command := run.Command{
		Program: orDefault(s.Git, "git"),
		Args:    call.args,
		Dir:     dir,
		Env:     env,
		Stdin:   call.stdin,
		Stdout:  call.stdout, StdoutLimit: call.limit,
		Timeout: orDefault(call.time, s.Limits.withDefaults().LocalTime),
		Secrets: call.secrets,
		As:      s.As,
	}
	if call.lock != nil {
		command.Files = []*os.File{call.lock}
	}
	return run.Run(ctx, command)
}

// create makes the mirror at dir unless it is there. The caller has the lock.
func (s *Store) create(ctx context.Context, dir, url, format string) error {
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	unfinished := dir + ".tmp"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := os.Mkdir(unfinished, 0o755); err != nil {
		return err
	}
	if err := s.give(unfinished); err != nil {
		return err
	}
	args := []string{"init", "--quiet", "--bare", "--template=", "--initial-branch=none", "--object-format=" + format}
	if _, err := s.git(ctx, unfinished, gitCall{args: args}); err != nil {
		return fmt.Errorf("make a mirror: %w", err)
	}
	if err := os.WriteFile(filepath.Join(unfinished, urlFile), []byte(url+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(unfinished, dir)
}

// give hands a new directory to the user git runs as.
func (s *Store) give(dir string) error {
	if s.As == nil {
		return nil
	}
	return os.Chown(dir, int(s.As.UID), int(s.As.GID))
}

// open returns the mirror of repo, which must be there and have the commits.
func (s *Store) open(ctx context.Context, repo Repo, commits ...string) (string, error) {
	if err := checkCommit(commits...); err != nil {
		return "", err
	}
	dir := s.Path(repo.URL)
	if _, err := os.Stat(dir); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return "", problem(Gone, err, "The repository has not been fetched yet.")
		}
		return "", err
	}
	for _, c := range commits {
		ok, err := s.has(ctx, dir, c)
		if err != nil {
			return "", err
		}
		if !ok {
			return "", problem(Gone, nil, "Commit %s has not been fetched.", c[:7])
		}
	}
	return dir, nil
}

// has reports whether the mirror at dir has the commit.
func (s *Store) has(ctx context.Context, dir, commit string) (bool, error) {
	return s.ask(ctx, dir, "cat-file", "-e", commit+"^{commit}")
}

// ask runs a git command whose exit code is the answer. A git that could not run
// to its end has not said no.
func (s *Store) ask(ctx context.Context, dir string, args ...string) (bool, error) {
	_, err := s.git(ctx, dir, gitCall{args: args})
	var e *run.Error
	if errors.As(err, &e) && e.Err == nil {
		return false, nil
	}
	return err == nil, err
}

// checkCommit refuses anything but a full hash, so that no name from outside can
// be read as an option or a revision expression.
func checkCommit(hashes ...string) error {
	for _, h := range hashes {
		if !validHash(h, "") {
			return fmt.Errorf("%q is not a commit hash", bounded(h, 80))
		}
	}
	return nil
}

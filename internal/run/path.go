package run

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// defaultPath is used when an environment has no PATH.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Environ returns a minimal environment: the parent's PATH, HOME and TMPDIR, a
// UTF-8 locale whose messages are English, and extra, which comes last and so
// wins over the others.
func Environ(extra ...string) []string {
	env := []string{"LANG=C.UTF-8", "LC_ALL=C.UTF-8"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return append(env, extra...)
}

// LookPath returns the absolute path of the program that a Command with this
// name and environment would start. It differs from exec.LookPath in that it
// reads PATH from env, not from the parent, and skips relative entries of PATH,
// so that no program is ever taken from the directory a build runs in. The error
// is an *Error with ErrNotFound.
func LookPath(program string, env []string) (string, error) {
	missing := &Error{Program: filepath.Base(program), ExitCode: -1, Err: ErrNotFound}
	if program == "" {
		return "", missing
	}
	if strings.Contains(program, "/") {
		abs, err := filepath.Abs(program)
		if err != nil || !executable(abs) {
			return "", missing
		}
		return abs, nil
	}
	for _, dir := range filepath.SplitList(lookupEnv(env, "PATH", defaultPath)) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if path := filepath.Join(dir, program); executable(path) {
			return path, nil
		}
	}
	return "", missing
}

// executable reports whether path is a regular file with an execute bit. The
// kernel has the last word on whether this user may run it.
func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// lookupEnv returns the last value of name in env, which is the one that counts.
func lookupEnv(env []string, name, otherwise string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(env[i], name+"="); ok {
			return v
		}
	}
	return otherwise
}

// checkEnv refuses what the kernel would cut short or misread.
func checkEnv(c Command) error {
	for _, s := range append(append([]string{c.Program, c.Dir}, c.Args...), c.Env...) {
		if strings.IndexByte(s, 0) >= 0 {
			return fmt.Errorf("argument or environment contains a NUL byte")
		}
	}
	return nil
}

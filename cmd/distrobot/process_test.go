package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

type procsKey struct{}

// procs are the programs a script has started, by name.
type procs map[string]*proc

type proc struct {
	cmd  *exec.Cmd
	out  *lockedBuffer
	done chan struct{}
}

func (ps procs) killAll() {
	for _, p := range ps {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	}
	for _, p := range ps {
		select {
		case <-p.done:
		case <-time.After(20 * time.Second):
			_ = p.cmd.Process.Kill()
			<-p.done
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// cmdStart: start NAME [-until REGEXP] ARGS... starts the program and waits
// for a line of its output. "Workspace: URL" sets $PAGE; NAME=VALUE lines of
// the workspace subcommand become variables of the script.
func cmdStart(ts *testscript.TestScript, _ bool, args []string) {
	name, until := args[0], `(?m)^(Workspace: |ready)`
	args = args[1:]
	if args[0] == "workspace" { // the settings come after the address
		until = `(?m)^SLACK_(APP_TOKEN|SIGNING_SECRET)=.+\n`
	}
	if args[0] == "-until" {
		until, args = args[1], args[2:]
	}
	all := ts.Value(procsKey{}).(procs)
	program, err := exec.LookPath("distrobot")
	if path := ts.Getenv("PATH"); err != nil {
		ts.Fatalf("no distrobot in %s", path)
	}
	p := &proc{cmd: exec.Command(program, args...), out: &lockedBuffer{}, done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = ts.Getenv("WORK"), p.out, p.out
	p.cmd.Env = scriptEnv(ts)
	ts.Check(p.cmd.Start())
	all[name] = p
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	re, deadline := regexp.MustCompile(until), time.Now().Add(patience)
	for !re.MatchString(p.out.String()) {
		select {
		case <-p.done:
			ts.Fatalf("%s ended:\n%s", name, p.out.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s did not say %s:\n%s", name, until, p.out.String())
		}
	}
	if m := regexp.MustCompile(`Workspace: (\S+)`).FindStringSubmatch(p.out.String()); m != nil {
		ts.Setenv("PAGE", m[1])
	}
	for _, m := range regexp.MustCompile(`(?m)^(SLACK_[A-Z_]+)=(.*)$`).FindAllStringSubmatch(p.out.String(), -1) {
		ts.Setenv(m[1], m[2])
	}
}

// passed names the variables a started program gets from the script.
var passed = regexp.MustCompile(`^(PATH|HOME|TMPDIR|TESTSCRIPT_COMMAND|GOCOVERDIR|SLACK_\w+|DISTROBOT_\w+)$`)

func scriptEnv(ts *testscript.TestScript) []string {
	keys := []string{"PATH", "HOME", "TMPDIR", "GOCOVERDIR"}
	for _, x := range settings(reflect.TypeFor[Config](), "") {
		keys = append(keys, x.name)
	}
	var out []string
	for _, k := range keys {
		if v := ts.Getenv(k); v != "" {
			out = append(out, k+"="+v)
		}
	}
	for _, kv := range os.Environ() {
		if k, _, _ := strings.Cut(kv, "="); passed.MatchString(k) && ts.Getenv(k) == "" {
			out = append(out, kv)
		}
	}
	return out
}

// cmdStop: quit [-9] NAME ends a program, orderly or not.
func cmdStop(ts *testscript.TestScript, _ bool, args []string) {
	sig := syscall.SIGTERM
	if args[0] == "-9" {
		sig, args = syscall.SIGKILL, args[1:]
	}
	all := ts.Value(procsKey{}).(procs)
	p := all[args[0]]
	ts.Check(p.cmd.Process.Signal(sig))
	select {
	case <-p.done:
	case <-time.After(patience):
		ts.Fatalf("%s does not end:\n%s", args[0], p.out.String())
	}
	if code := p.cmd.ProcessState.ExitCode(); sig == syscall.SIGTERM && code != 0 {
		ts.Fatalf("%s ended with %d:\n%s", args[0], code, p.out.String())
	}
	ts.Logf("%s said:\n%s", args[0], p.out.String())
	delete(all, args[0])
}

// cmdRedis: redis starts a real redis-server on a private socket and sets
// DISTROBOT_REDIS_URL.
func cmdRedis(ts *testscript.TestScript, _ bool, _ []string) {
	dir, err := os.MkdirTemp("", "redis")
	ts.Check(err)
	ts.Defer(func() { os.RemoveAll(dir) })
	sock := dir + "/s"
	p := &proc{cmd: exec.Command("redis-server", "--port", "0", "--unixsocket", sock, "--save", "", "--dir", dir,
		"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"), out: &lockedBuffer{}, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		ts.Fatalf("redis-server is needed (Debian package redis-server): %v", err)
	}
	ts.Value(procsKey{}).(procs)["redis"] = p
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("unix", sock); err == nil {
			c.Close()
			break
		}
		if time.Now().After(deadline) {
			ts.Fatalf("redis-server does not answer:\n%s", p.out.String())
		}
	}
	ts.Setenv("DISTROBOT_REDIS_URL", "unix://"+sock)
}

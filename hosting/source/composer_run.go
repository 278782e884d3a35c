package source

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// An installing is one run of composer.
type installing struct {
	tree string
	sub  string // directory of composer.json in tree; "" is its top
	url  string // of the distribution's repository
	spec hosting.Spec
	log  func(string)
}

// Bounds of one run.
const (
	composerTime  = 30 * time.Minute
	composerLines = 5000 // of output that are logged
)

// install runs composer install from the committed lock.
func (c *composer) install(ctx context.Context, in installing) error {
	args := []string{"install", "--prefer-dist"}
	if !in.spec.Composer.Dev {
		args = append(args, "--no-dev")
	}
	return c.run(ctx, in, args)
}

// run runs composer on a tree as its own user.
func (c *composer) run(ctx context.Context, in installing, args []string) error {
	env, err := c.env(in)
	if err != nil {
		return err
	}
	for _, need := range [][2]string{{"composer", "composer"}, {"php", "php-cli"}} {
		program, pkg := need[0], need[1]
		if _, err := run.LookPath(program, env); err != nil {
			return fleet.Errorf(fleet.Failed, "This host has no program %s, which the distribution is built with.", program).
				WithHint("Install the package %s there.", pkg).Because(err)
		}
	}
	if err := c.handOver(in.tree); err != nil {
		return err
	}
	args = append(args, "--no-interaction", "--no-progress", "--no-ansi")
	for flag, allowed := range map[string]bool{"--no-scripts": in.spec.Composer.Scripts, "--no-plugins": in.spec.Composer.Plugins} {
		if !allowed {
			args = append(args, flag)
		}
	}
	said := transcript{log: in.log}
	_, err = run.Run(ctx, run.Command{
		Program: "composer", Args: args, Dir: filepath.Join(in.tree, in.sub), Env: env, As: c.user(), Timeout: c.limit(), Memory: c.o.Composer.Memory,
		Lines: said.line,
	})
	var failed *run.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, run.ErrTimeout):
		return fleet.Errorf(fleet.Failed, "Composer took longer than %s.", c.limit()).Because(err)
	case errors.As(err, &failed):
		return fleet.Errorf(fleet.Failed, "Composer could not %s the packages: %s.", args[0], strings.TrimRight(fleet.Clean(cmp.Or(said.reason, said.last, failed.Last, failed.Error()), 200), ". ")).
			WithHint("The task's log has all that it said.").Because(err)
	}
	return err
}

// A transcript passes composer's output on and picks the reason of a failure out
// of it: composer ends with its usage, which says nothing.
type transcript struct {
	log    func(string)
	lines  int
	reason string
	next   bool // the reason follows
	last   string
}

// thrown comes before the message of an exception.
var thrown = regexp.MustCompile(`^\s*In \S+\.php line \d+:$`)

func (t *transcript) line(line string) {
	text := strings.TrimSpace(line)
	if text == "" {
		return
	}
	usage := strings.HasPrefix(text, "install [") || strings.HasPrefix(text, "update [") // may come between others: it is on another stream
	if t.lines++; t.lines <= composerLines {
		t.log(fleet.Clean(line, 500))
	}
	if usage {
		return
	}
	problem := strings.HasPrefix(text, "- ") && strings.Contains(text, " require")
	if t.reason == "" && (t.next || problem || strings.HasPrefix(text, "Your lock file")) {
		t.reason = strings.TrimPrefix(text, "- ")
	}
	t.last = text
	t.next = thrown.MatchString(line)
}

func (c *composer) limit() time.Duration {
	if c.o.Composer.Limit > 0 {
		return c.o.Composer.Limit
	}
	return composerTime
}

// env is composer's environment: a home that is thrown away, so that neither the
// operator's credentials nor what an earlier build left there matter.
func (c *composer) env(in installing) ([]string, error) {
	env := c.o.Composer.Env
	if env == nil {
		env = run.Environ()
	}
	home := filepath.Join(in.tree, workDir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return nil, err
	}
	if err := fixSuffix(filepath.Join(home, "composer"), filepath.Join(in.tree, in.sub)); err != nil {
		return nil, err
	}
	cache, err := c.cache(in)
	if err != nil {
		return nil, err
	}
	return append(append([]string{}, env...),
		"HOME="+home, "TMPDIR="+home, "COMPOSER_HOME="+filepath.Join(home, "composer"), "COMPOSER_CACHE_DIR="+orDefault(cache, "/dev/null"),
		"COMPOSER_NO_INTERACTION=1", "COMPOSER_DISCARD_CHANGES=1",
		"GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_NOSYSTEM=1", "GIT_ASKPASS=/bin/false", "GIT_SSH_COMMAND=ssh -oBatchMode=yes -oStrictHostKeyChecking=yes",
	), nil
}

// fixSuffix names the classes of the autoloader after the lock: composer makes
// the name up anew at each run otherwise, so that no two trees would be alike. A
// suffix in the project's own composer.json wins.
func fixSuffix(composerHome, project string) error {
	lock, err := os.ReadFile(filepath.Join(project, "composer.lock")) // checked before to be a file inside
	if err != nil {
		return err
	}
	sum := sha256.Sum256(lock)
	config, err := json.Marshal(map[string]any{"config": map[string]string{"autoloader-suffix": hex.EncodeToString(sum[:16])}})
	if err != nil {
		return err
	}
	if err := os.Mkdir(composerHome, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(composerHome, "config.json"), config, 0o600)
}

// cache makes the cache of a build, which belongs to composer's user.
func (c *composer) cache(in installing) (string, error) {
	base := c.o.Composer.Cache
	if base == "" {
		return "", nil
	}
	dir := filepath.Join(base, "shared")
	if in.spec.Composer.Scripts || in.spec.Composer.Plugins {
		sum := sha256.Sum256([]byte(in.url))
		dir = filepath.Join(base, hex.EncodeToString(sum[:8]))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if u := c.user(); u != nil {
		return dir, os.Chown(dir, int(u.UID), int(u.GID))
	}
	return dir, nil
}

// handOver gives everything in dir to the user that composer runs as.
func (c *composer) handOver(dir string) error {
	u := c.user()
	if u == nil {
		return nil
	}
	if err := os.Chmod(dir, 0o700); err != nil { // the code may be private
		return err
	}
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(u.UID), int(u.GID))
	})
}

package lamp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// ErrNotDebian says that the machine has no apt-get with a Debian mirror, so
// that there is nowhere to take the code bases from.
var ErrNotDebian = errors.New("code bases of real CMSs come from Debian packages, and this machine has no apt-get with a Debian mirror")

// errAbsent says that a mirror does not have a suite (any more).
var errAbsent = errors.New("the mirror does not have the suite")

// aptTime bounds one call of apt-get; a suite's lists and packages are below 80 MB.
const aptTime = 5 * time.Minute

// An apt downloads packages of any suite with a state of its own: lists, cache
// and an empty list of installed packages live below dir, so that the system's
// are neither read nor written. Proxies of the system's configuration apply.
type apt struct {
	dir    string
	mirror string
}

// newApt finds the mirror that the system itself uses.
func newApt(ctx context.Context, dir string) (apt, error) {
	for _, program := range []string{"apt-get", "dpkg-deb"} {
		if _, err := run.LookPath(program, run.Environ()); err != nil {
			return apt{}, ErrNotDebian
		}
	}
	out, err := output(ctx, "", "apt-get", "indextargets", "--format", "$(ORIGIN)|$(REPO_URI)", "Created-By: Packages")
	if err != nil {
		return apt{}, err
	}
	for line := range strings.Lines(out) {
		origin, uri, _ := strings.Cut(strings.TrimSpace(line), "|")
		if origin == "Debian" && !strings.Contains(uri, "security") {
			return apt{dir: dir, mirror: uri}, nil
		}
	}
	// Images whose lists were deleted still name their sources.
	uri := mirrorOfSources("/etc/apt")
	if uri == "" {
		return apt{}, ErrNotDebian
	}
	return apt{dir: dir, mirror: uri}, nil
}

var mirrorURI = regexp.MustCompile(`https?://\S+/debian/?(?:\s|$)`)

// mirrorOfSources reads apt's sources below dir in either of their formats.
func mirrorOfSources(dir string) string {
	files := []string{filepath.Join(dir, "sources.list")}
	for _, pattern := range []string{"*.list", "*.sources"} {
		more, _ := filepath.Glob(filepath.Join(dir, "sources.list.d", pattern))
		files = append(files, more...)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			if uri := mirrorURI.FindString(line); uri != "" {
				return strings.TrimSpace(uri)
			}
		}
	}
	return ""
}

// unpack downloads packages of a suite and unpacks them, all into one directory.
// It returns errAbsent when the mirror has no such suite.
func (a apt) unpack(ctx context.Context, suite string, packages []string, into string) error {
	dir := filepath.Join(a.dir, suite)
	for _, d := range []string{"lists/partial", "cache/archives/partial", "etc/preferences.d", "etc/apt.conf.d", "debs"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	source := fmt.Sprintf("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n", a.mirror, suite)
	if err := os.WriteFile(filepath.Join(dir, "etc/sources.list"), []byte(source), 0o644); err != nil {
		return err
	}
	if err := a.get(ctx, dir, "update"); err != nil {
		if strings.Contains(err.Error(), "does not have a Release file") {
			return errAbsent
		}
		return err
	}
	if err := a.get(ctx, dir, append([]string{"download"}, packages...)...); err != nil {
		return err
	}
	debs, err := filepath.Glob(filepath.Join(dir, "debs", "*.deb"))
	if err != nil || len(debs) != len(packages) {
		return fmt.Errorf("apt-get downloaded %d packages of %d (%v)", len(debs), len(packages), err)
	}
	for _, deb := range debs {
		if _, err := output(ctx, "", "dpkg-deb", "--extract", deb, into); err != nil {
			return err
		}
	}
	return nil
}

// get calls apt-get with the state in dir, and once more if it fails: another
// apt on the machine may be in its way.
func (a apt) get(ctx context.Context, dir string, args ...string) error {
	options := []string{
		"-o", "Dir::Etc=" + filepath.Join(dir, "etc"), "-o", "Dir::Etc::sourcelist=" + filepath.Join(dir, "etc/sources.list"),
		"-o", "Dir::Etc::sourceparts=/dev/null", "-o", "Dir::State::lists=" + filepath.Join(dir, "lists"),
		"-o", "Dir::State::status=/dev/null", "-o", "Dir::Cache=" + filepath.Join(dir, "cache"), "-o", "APT::Get::List-Cleanup=0",
		"-o", "Acquire::Languages=none", "-o", "Acquire::Retries=1", "-o", "APT::Update::Error-Mode=any", "-o", "DPkg::Lock::Timeout=60", "-qq",
	}
	_, err := output(ctx, filepath.Join(dir, "debs"), "apt-get", append(options, args...)...)
	if err != nil && !strings.Contains(err.Error(), "does not have a Release file") {
		_, err = output(ctx, filepath.Join(dir, "debs"), "apt-get", append(options, args...)...)
	}
	return err
}

// output runs a program and gives its standard output; an error holds what it
// said.
func output(ctx context.Context, dir, program string, args ...string) (string, error) {
	var out strings.Builder
	result, err := run.Run(ctx, run.Command{Program: program, Args: args, Dir: dir, Env: run.Environ(), Stdout: &out, Timeout: aptTime})
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, result.Stderr)
	}
	return out.String(), nil
}

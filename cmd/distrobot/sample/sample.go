// Package sample is a small real website with a history: the distribution that
// try tracks, and the end-to-end tests upgrade. Atrium is the site of a
// neighbourhood, pages and a guest book whose entries live in a versioned data
// file. Its releases 1.0.0 and 1.1.0 are there from the beginning; 1.2.0 and
// 1.3.0 are published on demand and raise the schema of the data. 1.3.0 has a
// fault: it takes it for granted that every entry has a name, so it breaks the
// guest book of the one site that holds an imported entry without.
package sample

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
)

// Names of the sample.
const (
	Distribution = fleet.DistName("atrium")
	Repository   = "atrium.git" // directory of the bare repository
	Tags         = `\d+\.\d+\.\d+`
)

// A Release says whether a version of the sample is published.
type Release struct {
	Tag       string `json:"tag"`
	Published bool   `json:"published"`
}

// Make makes a bare repository in dir, which must not exist, with the history
// up to 1.1.0. The same commits have the same hashes every time.
func Make(ctx context.Context, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if _, err := git(ctx, filepath.Dir(dir), nil, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", dir); err != nil {
		return err
	}
	for _, v := range history() {
		if !v.later {
			if err := add(ctx, dir, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// Publish adds the commits and the tag of a release. Releases are published in
// order; one that is there already is no error.
func Publish(ctx context.Context, dir, tag string) error {
	all := history()
	i := slices.IndexFunc(all, func(v version) bool { return v.tag == tag })
	if i < 0 {
		return fmt.Errorf("the sample has no release %q", fleet.Clean(tag, 40))
	}
	have, err := Releases(ctx, dir)
	switch {
	case err != nil:
		return err
	case have[i].Published:
		return nil
	case i > 0 && !have[i-1].Published:
		return fmt.Errorf("publish %s first", all[i-1].tag)
	}
	return add(ctx, dir, all[i])
}

// Releases lists the releases of the sample, oldest first.
func Releases(ctx context.Context, dir string) ([]Release, error) {
	out, err := git(ctx, dir, nil, "tag", "--list")
	if err != nil {
		return nil, err
	}
	var list []Release
	for _, v := range history() {
		list = append(list, Release{Tag: v.tag, Published: slices.Contains(strings.Fields(out), v.tag)})
	}
	return list, nil
}

// add imports the commits of a release on top of the branch, and tags it.
func add(ctx context.Context, dir string, v version) error {
	var in bytes.Buffer
	parent, err := git(ctx, dir, nil, "rev-parse", "--quiet", "--verify", "refs/heads/main")
	var failed *run.Error
	if err != nil && !(errors.As(err, &failed) && failed.ExitCode == 1) {
		return err
	}
	parent = strings.TrimSpace(parent)
	for _, c := range v.commits {
		if err := c.write(&in, v, parent); err != nil {
			return err
		}
		parent = "" // the following ones continue the branch
	}
	last := v.commits[len(v.commits)-1]
	message := "Atrium " + v.tag + "\n"
	fmt.Fprintf(&in, "tag %s\nfrom refs/heads/main\ntagger %s\ndata %d\n%s\n", v.tag, last.who(time.Hour), len(message), message)
	_, err = git(ctx, dir, &in, "fast-import", "--quiet", "--date-format=raw")
	return err
}

// git runs git without anybody's configuration.
func git(ctx context.Context, dir string, in *bytes.Buffer, args ...string) (string, error) {
	c := run.Command{
		Program: "git", Args: args, Dir: dir, Timeout: time.Minute, OutputLimit: 1 << 20,
		Env: run.Environ("GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0"),
	}
	if in != nil {
		c.Stdin = in
	}
	res, err := run.Run(ctx, c)
	return res.Stdout, err
}

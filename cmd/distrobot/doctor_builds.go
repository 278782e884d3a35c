package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/run"
)

// A buildTool is a program that some platforms are built with.
type buildTool struct {
	program string
	args    []string // that make it say its version; none only looks for it
	pkg     string   // of Debian
	use     string   // what does not work without it
}

// buildTools are what is needed beside git.
func buildTools() []buildTool {
	return []buildTool{
		{"composer", []string{"--version", "--no-ansi"}, "composer", "distributions of source composer"},
		{"php", []string{"--version"}, "php-cli", "distributions of source composer"},
		{"unzip", nil, "unzip", "packages that composer gets as zip files"},
		{"patch", []string{"--version"}, "patch", "patches of makefiles that git cannot apply"},
		{"xz", []string{"--version"}, "xz-utils", "releases that are packed as .tar.xz"},
		{"unshare", []string{"--version"}, "util-linux", "verification without a network"},
	}
}

// checkBuilds looks for what builds on this machine need. A missing tool is a
// warning: only some distributions use it.
func checkBuilds(ctx context.Context, cfg Config) []finding {
	env := run.Environ("COMPOSER_ALLOW_SUPERUSER=1", "COMPOSER_HOME=/nonexistent", "COMPOSER_NO_INTERACTION=1")
	var out []finding
	for _, t := range buildTools() {
		if _, err := run.LookPath(t.program, env); err != nil {
			out = append(out, warning("builds", t.program+" is not installed: no "+t.use, "install it: apt-get install "+t.pkg))
			continue
		}
		text := t.program
		if t.args != nil {
			res, err := run.Run(ctx, run.Command{Program: t.program, Args: t.args, Env: env, Timeout: 20 * time.Second})
			if err != nil {
				out = append(out, warning("builds", t.program+" does not run: no "+t.use, "look at what it says: "+t.program+" "+strings.Join(t.args, " ")))
				continue
			}
			text, _, _ = strings.Cut(strings.TrimSpace(res.Stdout), "\n")
		}
		out = append(out, fine("builds", text))
	}
	return append(out, checkBuildUser(ctx, cfg)...)
}

// checkBuildUser runs a program as builds run theirs: as their user, in the data
// directory, and without a network.
func checkBuildUser(ctx context.Context, cfg Config) []finding {
	user, err := cfg.buildUser()
	if err != nil {
		return []finding{broken("builds", err.Error(), "name a user without rights, such as nobody")}
	}
	var out []finding
	c := run.Command{Program: "true", Env: run.Environ(), Dir: cfg.Data, As: user, Timeout: 10 * time.Second}
	if _, err := run.Run(ctx, c); user != nil && err != nil {
		out = append(out, broken("builds", "the user of builds ("+cfg.BuildUser+") cannot get to "+cfg.Data+", so nothing can be verified",
			"let other users through to it (chmod o+x on each directory above), or choose another DISTROBOT_DATA"))
	} else if user != nil {
		out = append(out, fine("builds", "programs of distributions run as "+cfg.BuildUser+" while they are built"))
	} else {
		out = append(out, warning("builds", "not root: programs of distributions run as this user while they are built", "run distrobot worker as root, or build only what you trust"))
	}
	c.Dir = ""
	isolated, ok := hosting.Isolated(ctx, c)
	if _, err := run.Run(ctx, isolated); !ok || errors.Is(err, run.ErrNotFound) {
		return append(out, warning("builds", "the network cannot be taken from programs: verifications run with it, and are refused where the distribution says network: false",
			"run the worker as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1)"))
	}
	return append(out, fine("builds", "verifications run without a network"))
}

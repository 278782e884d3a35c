package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/distrobot/distrobot/internal/run"
)

// listOverSSH lists with git ls-remote, which asks for protocol version 2 and so
// for branches or tags alone where that is enough. A machine without git or ssh,
// such as one that runs no builds, lists with go-git.
func (l *Lister) listOverSSH(ctx context.Context, repo Repo, prefixes []string) (Listing, error) {
	a, err := parseAddress(repo.URL)
	if err != nil {
		return Listing{}, err
	}
	env, err := l.policy.overSSH(ctx, a)
	if err != nil {
		return Listing{}, err
	}
	base := l.env
	if base == nil {
		base = run.Environ()
	}
	for _, program := range []string{"git", "ssh"} {
		if _, err := run.LookPath(program, base); err != nil {
			return l.listWithGoGit(ctx, a, repo, prefixes)
		}
	}
	settings := append(safeSettings(), setting{"protocol.ssh.allow", "always"})
	var out bytes.Buffer
	result, err := run.Run(ctx, run.Command{
		Program: "git", Args: append(append([]string{"ls-remote", "--symref", "--quiet"}, lsRemoteFilter(prefixes)...), "--", repo.URL),
		Dir: "/", Env: append(append(append(append([]string{}, base...), baseConfig()...), configEnv(settings)...), env...),
		Stdout: &out, StdoutLimit: MaxListing, Timeout: requestTime,
	})
	switch {
	case ctx.Err() != nil:
		return Listing{}, context.Cause(ctx)
	case errors.Is(err, run.ErrTooMuch):
		return Listing{}, problem(TooBig, err, "%s lists more refs than can be read.", a.host)
	case err != nil:
		if worded := sshError(a.host, err, result.Stderr); worded != nil {
			return Listing{}, worded
		}
		return Listing{}, fetchError(repo, err, result.Stderr)
	}
	c := collector{prefixes: prefixes, limit: MaxRefs, listing: Listing{ObjectFormat: "sha1"}}
	if err := c.lsRemote(out.String()); errors.Is(err, errTooManyRefs) {
		return Listing{}, problem(TooBig, err, "%s lists more than %d refs.", a.host, MaxRefs)
	} else if err != nil {
		return Listing{}, problem(Broken, err, "%s gave a list of refs that makes no sense.", a.host)
	}
	return c.listing, nil
}

// lsRemoteFilter gives the options by which git ls-remote has the server leave
// out what none of the prefixes needs; its patterns are applied here only.
func lsRemoteFilter(prefixes []string) []string {
	heads, tags := false, false
	for _, p := range prefixes {
		switch {
		case strings.HasPrefix(p, "refs/heads/"):
			heads = true
		case strings.HasPrefix(p, "refs/tags/"):
			tags = true
		default:
			return nil
		}
	}
	var out []string
	if heads {
		out = append(out, "--heads")
	}
	if tags {
		out = append(out, "--tags")
	}
	return out
}

// lsRemote reads what git ls-remote --symref prints: "ref: <target>\t<name>" and
// "<hash>\t<name>", an annotated tag's commit after it with ^{} behind its name.
func (c *collector) lsRemote(out string) error {
	head := ""
	for line := range strings.Lines(out) {
		hash, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			return fmt.Errorf("not a ref: %q", bounded(line, 100))
		}
		if target, ok := strings.CutPrefix(hash, "ref: "); ok {
			if name == "HEAD" && validRefName(target) && showable(target) {
				head = target
			}
			continue
		}
		if len(hash) == 64 {
			c.listing.ObjectFormat = "sha256"
		}
		if !validHash(hash, c.listing.ObjectFormat) {
			return fmt.Errorf("not a ref: %q", bounded(line, 100))
		}
		if tag, ok := strings.CutSuffix(name, "^{}"); ok {
			c.peel(tag, hash)
			continue
		}
		r := Ref{Name: name, Hash: hash}
		if name == "HEAD" {
			r.Symref = head
		}
		if err := c.add(r); err != nil {
			return err
		}
	}
	return nil
}

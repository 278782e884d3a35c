package mirror

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// lfsOverSSH asks the host of a repository over SSH where its objects are and what
// opens them, as git-lfs does: the command git-lfs-authenticate prints both. The
// objects themselves come over https, under the policy.
func (s *Store) lfsOverSSH(ctx context.Context, repo Repo) (lfsServer, error) {
	a, err := parseAddress(repo.URL)
	if err != nil {
		return lfsServer{}, err
	}
	args, err := s.Policy.sshArgs(ctx, a)
	if err != nil {
		return lfsServer{}, err
	}
	if a.port != "" {
		args = append(args, "-p", a.port)
	}
	who := a.host
	if a.user != "" {
		who = a.user + "@" + a.host
	}
	base := s.Env
	if base == nil {
		base = run.Environ()
	}
	result, err := run.Run(ctx, run.Command{
		Program: "ssh", Args: append(args, "--", who, "git-lfs-authenticate "+run.Quote(a.path)+" download"),
		Env: base, As: s.As, Timeout: time.Minute,
	})
	switch {
	case ctx.Err() != nil:
		return lfsServer{}, context.Cause(ctx)
	case errors.Is(err, run.ErrNotFound):
		return lfsServer{}, err
	case err != nil:
		if result.ExitCode == 255 { // ssh itself failed
			if worded := sshError(a.host, err, result.Stderr); worded != nil {
				return lfsServer{}, worded
			}
		}
		return lfsServer{}, problem(NotFound, err, "%s does not tell over SSH where the files are.", a.host)
	}
	var found lfsAction
	if err := json.Unmarshal([]byte(result.Stdout), &found); err != nil || found.Href == "" {
		return lfsServer{}, problem(Broken, err, "%s does not tell over SSH where the files are.", a.host)
	}
	address := strings.TrimRight(found.Href, "/")
	if err := s.Policy.Check(address); err != nil {
		return lfsServer{}, err
	}
	return lfsServer{url: address, header: found.Header}, nil
}

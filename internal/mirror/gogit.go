package mirror

import (
	"context"
	"errors"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	gogitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
)

// listWithGoGit lists over SSH without any program, with the same key and the
// same known hosts.
func (l *Lister) listWithGoGit(ctx context.Context, a address, repo Repo, prefixes []string) (Listing, error) {
	endpoint, err := transport.NewEndpoint(repo.URL)
	if err != nil {
		return Listing{}, refuse(httpsHint, "This is not a URL that I can read.")
	}
	auth, err := gogitssh.NewPublicKeysFromFile(orDefault(a.user, "git"), l.policy.SSH.key(a), "")
	if err != nil {
		return Listing{}, sshError(a.host, err, "Load key")
	}
	if auth.HostKeyCallback, err = gogitssh.NewKnownHostsCallback(l.policy.SSH.KnownHosts); err != nil {
		return Listing{}, problem(Untrusted, err, "The list of known hosts cannot be read.")
	}
	session, err := gogitssh.DefaultClient.NewUploadPackSession(endpoint, auth)
	if err != nil {
		return Listing{}, goGitError(ctx, a.host, err)
	}
	defer session.Close()
	adv, err := session.AdvertisedReferencesContext(ctx)
	if err != nil && !errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return Listing{}, goGitError(ctx, a.host, err)
	}
	return fromGoGit(adv, prefixes, a.host)
}

// fromGoGit applies our own checks to what go-git read.
func fromGoGit(adv *packp.AdvRefs, prefixes []string, host string) (Listing, error) {
	c := collector{prefixes: prefixes, limit: MaxRefs, listing: Listing{ObjectFormat: "sha1"}}
	if adv == nil {
		return c.listing, nil
	}
	refs, err := adv.AllReferences()
	if err != nil {
		return Listing{}, problem(Broken, err, "%s gave a list of refs that makes no sense.", host)
	}
	for name, r := range refs {
		out := Ref{Name: name.String(), Hash: r.Hash().String()}
		if peeled, ok := adv.Peeled[name.String()]; ok {
			out.Peeled = peeled.String()
		}
		if r.Type() == plumbing.SymbolicReference {
			out.Symref = r.Target().String()
			target, ok := refs[r.Target()]
			if !ok {
				continue
			}
			out.Hash = target.Hash().String()
		}
		if err := c.add(out); err != nil {
			return Listing{}, problem(Broken, err, "%s gave a list of refs that makes no sense.", host)
		}
	}
	return c.listing, nil
}

func goGitError(ctx context.Context, host string, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, transport.ErrRepositoryNotFound),
		errors.Is(err, transport.ErrAuthenticationRequired),
		errors.Is(err, transport.ErrAuthorizationFailed):
		return problem(NotFound, err, "There is no such repository on %s, or it is private.", host)
	}
	if worded := sshError(host, err, err.Error()); worded != nil {
		return worded
	}
	return connectionError(ctx, host, err)
}

package mirror

import (
	"context"
	"errors"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	gogitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
)

// listOverSSH lists with go-git. The host key must be known (known_hosts of the
// user, or the file named by SSH_KNOWN_HOSTS) and the key comes from the user's
// agent; both are go-git's defaults.
func (l *Lister) listOverSSH(ctx context.Context, repo Repo, prefixes []string) (Listing, error) {
	endpoint, err := transport.NewEndpoint(repo.URL)
	if err != nil {
		return Listing{}, refuse(httpsHint, "This is not a URL that I can read.")
	}
	if _, err := l.policy.resolve(ctx, endpoint.Host); err != nil {
		return Listing{}, err
	}
	session, err := gogitssh.DefaultClient.NewUploadPackSession(endpoint, nil)
	if err != nil {
		return Listing{}, goGitError(ctx, endpoint.Host, err)
	}
	defer session.Close()
	adv, err := session.AdvertisedReferencesContext(ctx)
	if err != nil && !errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return Listing{}, goGitError(ctx, endpoint.Host, err)
	}
	return fromGoGit(adv, prefixes, endpoint.Host)
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
		errors.Is(err, transport.ErrAuthorizationFailed),
		strings.Contains(err.Error(), "unable to authenticate"):
		return problem(NotFound, err, "There is no such repository on %s, or it is private.", host)
	}
	return connectionError(ctx, host, err)
}

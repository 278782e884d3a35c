package watcher

import (
	"net/http"

	"github.com/google/go-github/v60/github"
)

// github60 are GitHub's webhooks: push, create, delete and release. Only the
// SHA-256 signature counts; go-github's own check would fall back to SHA-1.
var github60 = func() forge {
	f := forge{name: "github", mustID: true, repository: repositoryOf}
	f.signed, f.proves = signedBy(github.SHA256SignatureHeader, "sha256=")
	f.event = func(h http.Header) string { return h.Get(github.EventTypeHeader) }
	f.id = func(h http.Header) string { return h.Get(github.DeliveryIDHeader) }
	return f
}()

// addressed is what go-github's two types of repository have in common.
type addressed interface {
	GetCloneURL() string
	GetHTMLURL() string
	GetSSHURL() string
	GetGitURL() string
}

// repositoryOf gives the addresses of the repository that an event is about;
// used is false for events that say nothing about refs.
func repositoryOf(event string, payload []byte) (urls []string, used bool, err error) {
	switch event {
	case "push", "create", "delete", "release":
	default:
		return nil, false, nil
	}
	parsed, err := github.ParseWebHook(event, payload)
	if err != nil {
		return nil, true, err
	}
	var repo addressed
	switch e := parsed.(type) {
	case *github.PushEvent:
		repo = e.GetRepo()
	case *github.CreateEvent:
		repo = e.GetRepo()
	case *github.DeleteEvent:
		repo = e.GetRepo()
	case *github.ReleaseEvent:
		repo = e.GetRepo()
	}
	for _, u := range []string{repo.GetCloneURL(), repo.GetHTMLURL(), repo.GetSSHURL(), repo.GetGitURL()} {
		if u != "" && len(u) <= 1024 {
			urls = append(urls, u)
		}
	}
	return urls, true, nil
}

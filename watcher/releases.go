package watcher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// A Release is what a forge shows of a tag beside the tag itself. Its text is
// foreign: bounded, and markup as its authors wrote it.
type Release struct {
	Name, Text string
	Web        string // its page
}

// Release gets the release of a tag. found is false if there is none, if it is a
// draft, and if nobody knows whose API to ask.
func (f *Forges) Release(ctx context.Context, repo, tag string) (r Release, found bool, err error) {
	p, ok := f.project(repo)
	if !ok {
		return r, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, apiTime)
	defer cancel()
	switch p.api.kind {
	case "github":
		r, found, err = p.githubRelease(ctx, tag)
	case "gitlab":
		r, found, err = p.gitlabRelease(ctx, tag)
	default:
		r, found, err = p.giteaRelease(ctx, tag)
	}
	if errors.Is(err, errSpent) {
		return r, false, nil
	}
	if err != nil {
		return r, false, fmt.Errorf("read a release: %w", err)
	}
	if r.Name == tag {
		r.Name = ""
	}
	r.Text = r.Text[:min(len(r.Text), maxRelease)]
	if u, err := url.Parse(r.Web); err != nil || u.Scheme != "https" || u.User != nil || len(r.Web) > 1024 {
		r.Web = ""
	}
	return r, found, nil
}

// maxRelease bounds the text of a release, in bytes; the notice quotes far less,
// but a word on security may stand at its end.
const maxRelease = 64 << 10

func (p project) githubRelease(ctx context.Context, tag string) (Release, bool, error) {
	owner, name, _ := strings.Cut(p.path, "/")
	got, resp, err := p.api.github.Repositories.GetReleaseByTag(ctx, owner, name, url.PathEscape(tag))
	if resp != nil && resp.Response != nil && resp.StatusCode == http.StatusNotFound {
		return Release{}, false, nil
	}
	if err != nil || got.GetDraft() {
		return Release{}, false, spent(err)
	}
	return Release{Name: got.GetName(), Text: got.GetBody(), Web: got.GetHTMLURL()}, true, nil
}

// spent makes go-github's own refusals, which send nothing either, one of ours.
func spent(err error) error {
	var primary *github.RateLimitError
	var secondary *github.AbuseRateLimitError
	if errors.As(err, &primary) || errors.As(err, &secondary) {
		return errSpent
	}
	return err
}

// gitlabRelease reads /projects/:id/releases/:tag_name (GitLab's REST API v4).
func (p project) gitlabRelease(ctx context.Context, tag string) (Release, bool, error) {
	var got struct {
		Name, Description string
		Links             struct {
			Self string `json:"self"`
		} `json:"_links"`
		Upcoming bool `json:"upcoming_release"`
	}
	found, err := p.api.get(ctx, "projects/"+url.PathEscape(p.path)+"/releases/"+url.PathEscape(tag), &got)
	return Release{Name: got.Name, Text: got.Description, Web: got.Links.Self}, found && !got.Upcoming, err
}

// giteaRelease reads /repos/{owner}/{repo}/releases/tags/{tag} (Gitea and Forgejo).
func (p project) giteaRelease(ctx context.Context, tag string) (Release, bool, error) {
	var got struct {
		Name, Body string
		HTMLURL    string `json:"html_url"`
		Draft      bool
	}
	found, err := p.api.get(ctx, "repos/"+escaped(p.path)+"/releases/tags/"+url.PathEscape(tag), &got)
	return Release{Name: got.Name, Text: got.Body, Web: got.HTMLURL}, found && !got.Draft, err
}

// get reads one JSON document; found is false if there is none, or none that may
// be seen without another token.
func (a *api) get(ctx context.Context, path string, into any) (found bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path, nil)
	if err != nil {
		return false, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "distrobot")
	resp, err := a.client.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusForbidden, http.StatusUnauthorized:
		return false, nil
	default:
		return false, fmt.Errorf("the forge's API answers %d", resp.StatusCode)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return false, fmt.Errorf("the forge's API gave something else than its documents say: %w", err)
	}
	return true, nil
}

// said is a release as plain text, the beginning of which is quoted.
func (r Release) said() string {
	return strings.TrimSpace(r.Name + "\n" + plainMarkdown(r.Text))
}

// What of Markdown and HTML says nothing in a quote of plain lines.
var (
	htmlComment = regexp.MustCompile(`(?s)<!--.*?(-->|$)`)
	htmlTag     = regexp.MustCompile(`</?[A-Za-z][^<>]{0,300}>`)
	mdImage     = regexp.MustCompile(`!\[[^\]]{0,300}\]\([^)]{0,1000}\)`)
	mdLink      = regexp.MustCompile(`\[([^\]]{1,300})\]\([^)]{0,1000}\)`)
	mdHeading   = regexp.MustCompile(`(?m)^[ \t]*#{1,6}[ \t]+|^[ \t]*(?:-{3,}|={3,}|\*{3,}|` + "`{3,}" + `\w*)[ \t]*$`)
	mdItem      = regexp.MustCompile(`(?m)^[ \t]*[*+-][ \t]+`)
	mdStrong    = regexp.MustCompile(`\*\*([^*\n]{1,300})\*\*`)
)

// plainMarkdown takes the markup out of a text that people wrote for a web page.
// What is left is as foreign as before.
func plainMarkdown(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = htmlComment.ReplaceAllString(s, "")
	s = htmlTag.ReplaceAllString(s, "")
	s = mdImage.ReplaceAllString(s, "")
	s = mdLink.ReplaceAllString(s, "$1")
	s = mdHeading.ReplaceAllString(s, "")
	s = mdItem.ReplaceAllString(s, "– ")
	s = mdStrong.ReplaceAllString(s, "$1")
	return strings.TrimSpace(strings.ReplaceAll(s, "`", ""))
}

// A release is often written some time after its tag was pushed. It is asked for
// again for a while, at longer and longer intervals, and at once when a webhook
// tells of it.
const (
	askReleaseFor   = 6 * time.Hour
	askReleaseEvery = 5 * time.Minute // at least; half of the announcement's age
)

// mayAsk reports whether it is time to look for a release that was not there
// when its tag was announced, some time ago.
func (f *Forges) mayAsk(news string, age time.Duration, hinted bool) bool {
	f.setUp()
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if !hinted && (age > askReleaseFor || now.Sub(f.asked[news]) < max(askReleaseEvery, age/2)) {
		return false
	}
	for id, at := range f.asked {
		if now.Sub(at) > askReleaseFor {
			delete(f.asked, id)
		}
	}
	f.asked[news] = now
	return true
}

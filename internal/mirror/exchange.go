package mirror

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// do sends req and hands the body of a proper answer to read. A nil error means
// that read got through; everything else is a *Refused, an *Error or the
// context's error.
func (l *Lister) do(req *http.Request, repo Repo, contentType string, read func(io.Reader) error) error {
	host := req.URL.Hostname()
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", contentType)
	if repo.Credential != nil {
		req.Header.Set("Authorization", repo.Credential.authorization())
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return connectionError(req.Context(), host, err)
	}
	defer resp.Body.Close()
	if err := l.statusError(resp, host); err != nil {
		return err
	}
	if got, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || got != contentType {
		return problem(NotGit, nil, "%s answered with something other than a git repository, perhaps a login page.", host)
	}
	body := &io.LimitedReader{R: resp.Body, N: MaxListing}
	err = read(body)
	switch {
	case err == nil:
		return nil
	case body.N <= 0, errors.Is(err, errTooManyRefs):
		return problem(TooBig, err, "%s lists more refs than I accept.", host)
	}
	return answerError(req.Context(), host, err)
}

// connectionError explains why there was no answer at all.
func connectionError(ctx context.Context, host string, err error) error {
	var refused *Refused
	var known *Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &known):
		return known
	}
	return problem(Unreachable, err, "%s cannot be reached.", host)
}

// answerError explains an answer that began well.
func answerError(ctx context.Context, host string, err error) error {
	var remote *remoteError
	var timeout interface{ Timeout() bool }
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &remote):
		return problem(Broken, err, "%s says: %s", host, remote.text)
	case errors.As(err, &timeout) && timeout.Timeout():
		return problem(Unreachable, err, "%s took too long to answer.", host)
	}
	return problem(Broken, err, "%s gave an answer that is cut short or not of the git protocol.", host)
}

// statusError maps HTTP's codes; nil for 200.
func (l *Lister) statusError(resp *http.Response, host string) error {
	code, cause := resp.StatusCode, errors.New("HTTP "+strconv.Itoa(resp.StatusCode))
	wait := l.retryAfter(resp.Header)
	limited := resp.Header.Get("Retry-After") != "" || resp.Header.Get("X-RateLimit-Remaining") == "0"
	switch {
	case code == http.StatusOK:
		return nil
	case code >= 300 && code < 400:
		return redirected(resp, host)
	case code == http.StatusTooManyRequests, code == http.StatusForbidden && limited:
		return &Error{Problem: RateLimited, Text: host + " asks to be contacted less often.", RetryAfter: wait, Err: cause}
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound, code == http.StatusGone:
		return &Error{
			Problem: NotFound, Text: "There is no such repository on " + host + ", or it is private.",
			Hint: "Check the spelling; for a private repository the operator sets a credential.", Err: cause,
		}
	case code >= 500:
		return &Error{Problem: Unreachable, Text: host + " is not working at the moment.", RetryAfter: wait, Err: cause}
	}
	return problem(NotGit, cause, "%s answered with an error that git servers do not give.", host)
}

// maxRetryAfter bounds what a server can make us wait.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads Retry-After, in seconds or as a date; 0 if there is none.
func (l *Lister) retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	wait := time.Duration(0)
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		wait = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(v); err == nil {
		wait = at.Sub(l.now())
	}
	return min(max(wait, 0), maxRetryAfter)
}

// redirected names the place a repository moved to, as far as that can be shown.
func redirected(resp *http.Response, host string) error {
	e := problem(Redirected, nil, "%s says that the repository is at another address now.", host)
	e.Hint = "Find the new address and change the URL of the distribution."
	to, err := resp.Location()
	if err != nil || !hostName.MatchString(to.Hostname()) {
		return e
	}
	if to.Hostname() != host {
		e.Text = host + " says that the repository is at " + strings.ToLower(to.Hostname()) + " now."
	}
	path, found := strings.CutSuffix(to.Path, "/info/refs")
	if !found {
		path, found = strings.CutSuffix(to.Path, "/git-upload-pack")
	}
	clean := url.URL{Scheme: to.Scheme, Host: to.Host, Path: path}
	if found && (Policy{AllowPrivate: true, AllowHTTP: true}).Check(clean.String()) == nil {
		e.Hint = "If that is right, use " + clean.String() + " instead."
	}
	return e
}

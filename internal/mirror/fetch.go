package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// keepRef is the ref in a mirror that protects what was fetched for hash.
func keepRef(hash string) string { return "refs/distrobot/" + hash }

// Fetch brings want, a ref as the repository's own listing gave it, into the
// mirror, with its history. It fetches the listed hash, not the name, which may
// have moved since; and only listed hashes should be given, because a host may
// serve commits of other people's forks by hash under this URL. What is already
// there costs no network.
//
// The errors are *Refused, *Error (Gone: the server has that hash no more, list
// again), and faults of this machine.
func (s *Store) Fetch(ctx context.Context, repo Repo, want Ref) error {
	if err := s.Policy.Check(repo.URL); err != nil {
		return err
	}
	if err := checkCommit(want.Hash, want.Commit()); err != nil {
		return err
	}
	dir := s.Path(repo.URL)
	lock, err := s.lock(ctx, dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	format := "sha1"
	if len(want.Hash) == 64 {
		format = "sha256"
	}
	if err := s.create(ctx, dir, repo.URL, format); err != nil {
		return s.localError(err)
	}
	now := time.Now()
	if err := os.Chtimes(filepath.Join(dir, urlFile), now, now); err != nil { // see Tend
		return s.localError(err)
	}
	got, err := s.peel(ctx, dir, want.Hash)
	if err != nil {
		return err
	}
	if got == want.Commit() {
		return checkSize(dir, s.Limits.withDefaults().MirrorBytes)
	}
	if err := s.fetch(ctx, repo, want.Hash, lock); err != nil {
		return err
	}
	got, err = s.peel(ctx, dir, want.Hash)
	if err == nil && got != want.Commit() {
		err = problem(Broken, nil, "The server sent something else than the commit that it listed.")
	}
	return err
}

// peel returns the commit that the kept ref of hash leads to, "" if there is
// none.
func (s *Store) peel(ctx context.Context, dir, hash string) (string, error) {
	args := []string{"for-each-ref", "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname)", keepRef(hash)}
	result, err := s.git(ctx, dir, gitCall{args: args})
	if err != nil {
		return "", fmt.Errorf("look for %s in the mirror: %w", hash, err)
	}
	f := strings.Fields(result.Stdout)
	if n := len(f); n >= 2 && f[n-2] == "commit" {
		return f[n-1], nil
	}
	return "", nil
}

// fetch runs git fetch, watched for the size of the mirror.
func (s *Store) fetch(ctx context.Context, repo Repo, hash string, lock *os.File) error {
	repo = s.Policy.dress(repo)
	call, err := s.fetchCall(ctx, repo, hash)
	if err != nil {
		return err
	}
	call.lock = lock
	dir, limit := s.Path(repo.URL), s.Limits.withDefaults().MirrorBytes
	watched, stop := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		watchSize(watched, dir, limit, stop)
	}()
	result, err := s.git(watched, dir, call)
	stop(nil)
	<-done
	var tooBig *Error
	switch {
	case err == nil:
		return checkSize(dir, limit) // a quick one may have come between two looks
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &tooBig):
		return tooBig
	}
	return fetchError(repo, err, result.Stderr)
}

// fetchCall builds the command line and the configuration of a fetch. The host
// is looked up and checked here, and git is told the addresses, so that it does
// not look it up again and get another answer.
func (s *Store) fetchCall(ctx context.Context, repo Repo, hash string) (gitCall, error) {
	a, err := parseAddress(repo.URL)
	if err != nil {
		return gitCall{}, err
	}
	call := gitCall{
		args: []string{
			"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance",
			"--", repo.URL, "+" + hash + ":" + keepRef(hash),
		},
		settings: []setting{
			{"protocol." + a.scheme + ".allow", "always"},
			{"http.followRedirects", "false"},
			{"http.lowSpeedLimit", "1000"}, // bytes a second over
			{"http.lowSpeedTime", "60"},    // so many seconds
			{"http.userAgent", userAgent},
			{"fetch.fsckObjects", "true"},
		},
		env:  []string{"GIT_ALLOW_PROTOCOL=" + a.scheme},
		time: s.Limits.withDefaults().FetchTime,
	}
	if a.scheme == "ssh" {
		call.env, err = s.Policy.overSSH(ctx, a)
		return call, err
	}
	return call, s.overHTTP(ctx, a, repo, &call)
}

// overHTTP adds to a fetch the addresses of the host and the credential.
func (s *Store) overHTTP(ctx context.Context, a address, repo Repo, call *gitCall) error {
	addrs, err := s.Policy.resolve(ctx, a.host)
	if err != nil {
		return err
	}
	texts := make([]string, len(addrs))
	for i, addr := range addrs {
		texts[i] = addr.String()
	}
	if _, err := netip.ParseAddr(a.host); err != nil { // a name, not an address
		call.settings = append(call.settings,
			setting{"http.curloptResolve", a.host + ":" + orDefault(a.port, defaultPort(a.scheme)) + ":" + strings.Join(texts, ",")})
	}
	if repo.Credential != nil {
		header := repo.Credential.authorization()
		u, err := url.Parse(repo.URL)
		if err != nil {
			return refuse(httpsHint, "This is not a URL that I can read.")
		}
		call.settings = append(call.settings, setting{"http." + u.Scheme + "://" + u.Host + "/.extraHeader", "Authorization: " + header})
		call.secrets = []string{header, strings.TrimPrefix(header, "Basic "), repo.Credential.Password}
	}
	return nil
}

// watchSize stops a fetch whose mirror outgrows limit: fetch itself has no bound
// on what a server may send.
func watchSize(ctx context.Context, dir string, limit int64, stop context.CancelCauseFunc) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := checkSize(dir, limit); err != nil {
			stop(err)
			return
		}
	}
}

// checkSize returns an *Error when the mirror is above limit.
func checkSize(dir string, limit int64) error {
	if diskSize(dir) > limit {
		return problem(TooBig, nil, "The repository is larger than the limit of %d MiB.", limit>>20)
	}
	return nil
}

// diskSize sums the files below dir; files that vanish meanwhile count nothing.
func diskSize(dir string) int64 {
	var sum int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// fetchError words what git said. Its messages are English because of LC_ALL.
func fetchError(repo Repo, err error, stderr string) error {
	host := "The server"
	if a, parseErr := parseAddress(repo.URL); parseErr == nil {
		host = a.host
		if worded := sshError(host, err, stderr); a.scheme == "ssh" && worded != nil {
			return worded
		}
	}
	said := func(texts ...string) bool {
		for _, t := range texts {
			if strings.Contains(stderr, t) {
				return true
			}
		}
		return false
	}
	switch {
	case errors.Is(err, run.ErrNotFound):
		return fmt.Errorf("fetch: %w", err)
	case errors.Is(err, run.ErrTimeout):
		return problem(Unreachable, err, "%s took too long to send the repository.", host)
	case said("No space left on device", "Disk quota exceeded", "File too large"):
		return problem(DiskFull, err, "The disk of this machine is full.")
	case said("over limit"):
		return problem(TooBig, err, "The repository has an object that is larger than git may hold in memory.")
	case said("not our ref", "no such remote ref", "couldn't find remote ref"):
		return problem(Gone, err, "%s does not have that commit any more.", host)
	case said("requested URL returned error: 429"):
		return problem(RateLimited, err, "%s asks to be contacted less often.", host)
	case said("unable to update url base from redirection", "requested URL returned error: 30"):
		return problem(Redirected, err, "%s says that the repository is at another address now.", host)
	case said("requested URL returned error: 40", "requested URL returned error: 410", "could not read Username", "Authentication failed", "repository '", "Permission denied"):
		return problem(NotFound, err, "There is no such repository on %s, or it is private.", host)
	case said("Could not resolve host", "Failed to connect", "Connection refused", "timed out", "Operation too slow", "requested URL returned error: 5", "SSL"):
		return problem(Unreachable, err, "%s cannot be reached.", host)
	case said("fsck error", "missing blob", "hasDot", "index-pack failed", "fetch-pack"):
		return problem(Broken, err, "%s sent objects that git refuses.", host)
	}
	return problem(Broken, err, "Fetching from %s failed.", host)
}

// localError recognises a full disk in a fault of this machine.
func (s *Store) localError(err error) error {
	var e *run.Error
	if isFull(err) || errors.As(err, &e) && strings.Contains(e.Last, "No space left on device") {
		return problem(DiskFull, err, "The disk of this machine is full.")
	}
	return err
}

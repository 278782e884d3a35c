package mirror

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// lfsType is the content type of the LFS API.
const lfsType = "application/vnd.git-lfs+json"

// An lfsServer is where the objects of a repository are asked for.
type lfsServer struct {
	url        string // without a slash at its end
	credential *Credential
	header     map[string]string // besides it
}

func (s lfsServer) host() string {
	u, err := url.Parse(s.url)
	if err != nil {
		return "The LFS server"
	}
	return u.Hostname()
}

// lfsServer finds the server of a part: the one that its .lfsconfig names, or the
// repository's own, at its address with .git/info/lfs (the LFS API's server
// discovery). It must be allowed like the repository itself.
func (s *Store) lfsServer(ctx context.Context, p part) (lfsServer, error) {
	address, err := s.lfsConfigURL(ctx, p)
	if err != nil {
		return lfsServer{}, err
	}
	if address == "" {
		if overSSH(p.repo.URL) {
			return s.lfsOverSSH(ctx, p.repo)
		}
		address = strings.TrimRight(p.repo.URL, "/")
		address = strings.TrimSuffix(address, ".git") + ".git/info/lfs"
	}
	address = strings.TrimRight(address, "/")
	if err := s.Policy.Check(address); err != nil {
		return lfsServer{}, err
	}
	repo := Repo{URL: address}
	if sameHost(address, p.repo.URL) {
		repo.Credential = p.repo.Credential
	}
	return lfsServer{url: address, credential: s.Policy.dress(repo).Credential}, nil
}

// An lfsClient downloads objects into one mirror.
type lfsClient struct {
	server lfsServer
	files  *Downloader
	store  *Store
	git    string
}

type lfsObject struct {
	OID  string `json:"oid"`
	Size int64  `json:"size"`
}

// lfsAction says where an object is to be had.
type lfsAction struct {
	Href   string            `json:"href"`
	Header map[string]string `json:"header"`
}

// lfsAnswer is what a server says to a batch request.
type lfsAnswer struct {
	Transfer string `json:"transfer"`
	HashAlgo string `json:"hash_algo"`
	Objects  []struct {
		lfsObject
		Actions struct {
			Download *lfsAction `json:"download"`
		} `json:"actions"`
		Error *struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	} `json:"objects"`
}

// maxLFSAnswer bounds the answer to a batch request; 100 objects take 100 kB.
const maxLFSAnswer = 4 << 20

// batch asks where objects are; what the server does not have is left out.
func (c *lfsClient) batch(ctx context.Context, entries []entry) (map[string]lfsAction, error) {
	objects := make([]lfsObject, len(entries))
	for i, e := range entries {
		objects[i] = lfsObject{OID: e.object, Size: e.size}
	}
	body, err := json.Marshal(map[string]any{"operation": "download", "transfers": []string{"basic"}, "objects": objects, "hash_algo": "sha256"})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server.url+"/objects/batch", bytes.NewReader(body))
	if err != nil {
		return nil, refuse(httpsHint, "The address of the LFS server is not a URL that I can read.")
	}
	req.Header.Set("Accept", lfsType)
	req.Header.Set("Content-Type", lfsType)
	req.Header.Set("User-Agent", userAgent)
	if c.server.credential != nil {
		req.Header.Set("Authorization", c.server.credential.authorization())
	}
	for k, v := range c.server.header {
		req.Header.Set(k, v)
	}
	resp, err := c.files.client.Do(req)
	if err != nil {
		return nil, connectionError(ctx, c.server.host(), err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, lfsStatus(c.server.host(), resp)
	}
	var answer lfsAnswer
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxLFSAnswer)).Decode(&answer); err != nil {
		return nil, problem(Broken, err, "%s gives an answer that is not of the LFS protocol.", c.server.host())
	}
	return c.actions(answer, entries)
}

// actions checks an answer against what was asked for.
func (c *lfsClient) actions(answer lfsAnswer, entries []entry) (map[string]lfsAction, error) {
	if answer.Transfer != "" && answer.Transfer != "basic" || answer.HashAlgo != "" && answer.HashAlgo != "sha256" {
		return nil, problem(Broken, nil, "%s wants to send files of Git LFS in a way that is not supported.", c.server.host())
	}
	size := map[string]int64{}
	for _, e := range entries {
		size[e.object] = e.size
	}
	found := map[string]lfsAction{}
	for _, o := range answer.Objects {
		want, asked := size[o.OID]
		switch {
		case o.Error != nil && o.Error.Code != http.StatusNotFound && o.Error.Code != http.StatusGone:
			return nil, problem(Broken, nil, "%s refuses a file: %s (code %d).", c.server.host(), bounded(o.Error.Message, 200), o.Error.Code)
		case !asked || o.Error != nil || o.Actions.Download == nil:
		case o.Size != want:
			return nil, problem(Broken, nil, "%s has a file of another size than the repository says.", c.server.host())
		default:
			found[o.OID] = *o.Actions.Download
		}
	}
	return found, nil
}

func lfsStatus(host string, resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code >= 300 && code < 400:
		return problem(Redirected, nil, "%s says that its LFS server is at another address now.", host)
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound:
		return problem(NotFound, nil, "There is no LFS server for it on %s, or it is private (status %d).", host, code)
	}
	return statusProblem(host, resp)
}

// download gets one object beside its place in the mirror, and puts it there by
// a rename when its size and its SHA-256 are right.
func (c *lfsClient) download(ctx context.Context, e entry, action lfsAction) error {
	place := objectPath(c.git, e.object)
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return c.store.localError(err)
	}
	f, err := os.CreateTemp(filepath.Join(c.git, "lfs"), "tmp_lfs_")
	if err != nil {
		return c.store.localError(err)
	}
	defer os.Remove(f.Name()) // after the rename there is nothing of that name
	defer f.Close()
	sum := &counted{hash: sha256.New()}
	header := http.Header{}
	for k, v := range action.Header {
		header.Set(k, v)
	}
	if len(header) == 0 && c.server.credential != nil && sameHost(action.Href, c.server.url) {
		header.Set("Authorization", c.server.credential.authorization())
	}
	err = c.files.get(ctx, action.Href, header, io.MultiWriter(f, sum), e.size)
	switch {
	case Is(err, TooBig), err == nil && (sum.n != e.size || hex.EncodeToString(sum.hash.Sum(nil)) != e.object):
		return problem(Broken, err, "%s sent something else than the file %q.", c.server.host(), bounded(e.path, 100))
	case err != nil:
		return lfsWord(c.store.localError(err))
	}
	if err := errors.Join(f.Chmod(0o444), f.Sync(), f.Close()); err != nil {
		return c.store.localError(err)
	}
	return os.Rename(f.Name(), place)
}

// lfsWord keeps errors that have a sentence and words the others.
func lfsWord(err error) error {
	var refused *Refused
	var failed *Error
	if errors.As(err, &refused) || errors.As(err, &failed) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("download from LFS: %w", err)
}

// counted hashes and counts what is written.
type counted struct {
	hash hash.Hash
	n    int64
}

// Write implements io.Writer.
func (c *counted) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return c.hash.Write(b)
}

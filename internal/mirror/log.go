package mirror

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Commit is one line of a commit list. All text is foreign: bounded, valid
// UTF-8, without control characters, but not escaped for any display.
type Commit struct {
	Hash    string
	Author  string
	Email   string
	At      time.Time // of the commit, not of the authorship
	Subject string    // first line of the message
}

// Commits are what a move from one commit to another brings.
type Commits struct {
	Total     int      // commits reachable from the new but not from the old one
	Rewritten bool     // the old commit is not among the new one's ancestors, or not there at all
	List      []Commit // newest first, at most as many as asked for
}

// maxField bounds each text of a Commit, in bytes.
const maxField = 500

// Log lists the commits that lead from one commit to another, both fetched
// before, at most limit of them. With an empty from, or one that the mirror does
// not have, it lists from to back to the beginning.
func (s *Store) Log(ctx context.Context, repo Repo, from, to string, limit int) (Commits, error) {
	dir, err := s.open(ctx, repo, to)
	if err != nil {
		return Commits{}, err
	}
	commits, span := Commits{}, to
	if from != "" {
		if err := checkCommit(from); err != nil {
			return Commits{}, err
		}
		known, err := s.has(ctx, dir, from)
		if err != nil {
			return Commits{}, err
		}
		if commits.Rewritten = !known; known {
			span = from + ".." + to
			if commits.Rewritten, err = s.rewritten(ctx, dir, from, to); err != nil {
				return Commits{}, err
			}
		}
	}
	if commits.Total, err = s.count(ctx, dir, span); err != nil {
		return Commits{}, err
	}
	commits.List, err = s.list(ctx, dir, span, limit)
	return commits, err
}

// rewritten reports whether from is not an ancestor of to.
func (s *Store) rewritten(ctx context.Context, dir, from, to string) (bool, error) {
	ancestor, err := s.ask(ctx, dir, "merge-base", "--is-ancestor", from, to)
	return !ancestor, err
}

func (s *Store) count(ctx context.Context, dir, span string) (int, error) {
	result, err := s.git(ctx, dir, gitCall{args: []string{"rev-list", "--count", span, "--"}})
	if err != nil {
		return 0, fmt.Errorf("count commits: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(result.Stdout))
}

// list runs git log. Each field ends with NUL, which no commit can hold.
func (s *Store) list(ctx context.Context, dir, span string, limit int) ([]Commit, error) {
	if limit <= 0 {
		return nil, nil
	}
	var out fields
	args := []string{"log", "-z", "--no-color", "--format=%H%x00%an%x00%ae%x00%ct%x00%s", "--max-count=" + strconv.Itoa(limit), span, "--"}
	if _, err := s.git(ctx, dir, gitCall{args: args, stdout: &out}); err != nil {
		return nil, fmt.Errorf("list commits: %w", err)
	}
	return parseCommits(out.all)
}

// fields splits a stream at NUL and keeps the beginning of each field, so that a
// subject of many megabytes costs nothing.
type fields struct {
	all  []string
	last []byte
}

func (f *fields) Write(p []byte) (int, error) {
	for _, b := range p {
		switch {
		case b == 0:
			f.all = append(f.all, string(f.last))
			f.last = f.last[:0]
		case len(f.last) <= maxField:
			f.last = append(f.last, b)
		}
	}
	return len(p), nil
}

const commitFields = 5

func parseCommits(f []string) ([]Commit, error) {
	var list []Commit
	for ; len(f) >= commitFields; f = f[commitFields:] {
		at, err := strconv.ParseInt(f[3], 10, 64)
		if err != nil || !validHash(f[0], "") {
			return nil, fmt.Errorf("git log printed %q", bounded(strings.Join(f[:commitFields], " "), 100))
		}
		list = append(list, Commit{
			Hash: f[0], Author: bounded(f[1], maxField), Email: bounded(f[2], maxField),
			At: time.Unix(at, 0).UTC(), Subject: bounded(f[4], maxField),
		})
	}
	if len(f) != 0 {
		return nil, fmt.Errorf("git log printed %d fields too many", len(f))
	}
	return list, nil
}

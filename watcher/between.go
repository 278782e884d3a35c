package watcher

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/mirror"
)

// Between implements fleet.BetweenReader: what the repository says of the way
// from one platform's commit to another's.
func (p *Poller) Between(ctx context.Context, d fleet.Distribution, from, to fleet.Platform) (fleet.Between, error) {
	repo, out := p.repo(d.URL), fleet.Between{}
	for _, x := range []fleet.Platform{to, from} {
		ref := mirror.Ref{Name: x.Ref.Name, Hash: x.Ref.Hash}
		if x.Ref.Hash != x.Ref.Commit {
			ref.Peeled = x.Ref.Commit
		}
		// The old end may have been rewritten away; the commits are then told without it.
		if err := p.History.Fetch(ctx, repo, ref); err != nil && (x.Name == to.Name || ctx.Err() != nil) {
			return out, err
		}
	}
	commits, err := p.History.Log(ctx, repo, from.Ref.Commit, to.Ref.Commit, fleet.MaxBetween)
	if err != nil {
		return out, err
	}
	out.Total, out.Rewritten = commits.Total, commits.Rewritten
	for _, c := range commits.List {
		out.Commits = append(out.Commits, fleet.Commit{Hash: c.Hash, At: c.At, Author: fleet.Clean(c.Author, 100), Subject: fleet.Clean(c.Subject, 200)})
	}
	if p.Forges != nil {
		out.Web, out.CommitAt = p.Forges.compareLink(d.URL, from.Ref, to.Ref), p.Forges.commitsAt(d.URL)
	}
	trees, ok := p.History.(Trees)
	if !ok {
		return out, nil
	}
	changes, err := trees.Diff(ctx, repo, from.Ref.Commit, to.Ref.Commit)
	if err != nil {
		return out, nil //nolint:nilerr // the old commit is not there any more: its files cannot be told
	}
	return out, fileDiffs(ctx, &out, changes, func(ctx context.Context, commit string, paths []string) (map[string][]byte, error) {
		return trees.Files(ctx, repo, map[string]string{"from": from.Ref.Commit, "to": to.Ref.Commit}[commit], paths)
	})
}

// Which files people read before they decide: settings, and templates.
var (
	settingsFile = regexp.MustCompile(`(?i)(^|/)(settings[^/]*\.php|wp-config[^/]*|\.htaccess|web\.config|robots\.txt|php\.ini|\.user\.ini|composer\.json|services\.yml|development\.services\.yml|distrobot\.ya?ml|\.env[^/]*)$|(^|/)(config|conf|settings)/.*\.(ya?ml|json|ini|conf|php|xml)$|\.(ini|conf|install\.ya?ml|settings\.ya?ml)$`)
	templateFile = regexp.MustCompile(`(?i)\.(twig|tpl\.php|phtml|mustache|blade\.php|latte|liquid|hbs)$|(^|/)templates?/[^/]+\.(php|html?)$`)
)

// fileDiffs counts the changed files and shows how settings and templates differ.
func fileDiffs(ctx context.Context, out *fleet.Between, changes []mirror.Change, read func(context.Context, string, []string) (map[string][]byte, error)) error {
	var shown []mirror.Change
	for _, c := range changes {
		switch c.Status {
		case "A":
			out.Added++
		case "D":
			out.Deleted++
		default:
			out.Modified++
		}
		if (settingsFile.MatchString(c.Path) || templateFile.MatchString(c.Path)) && !elsewhere.MatchString(c.Path) && utf8.ValidString(c.Path) && !strings.Contains(c.Path, "\n") {
			shown = append(shown, c)
		}
	}
	slices.SortStableFunc(shown, func(a, b mirror.Change) int { // settings decide more than templates
		return weighFile(a.Path) - weighFile(b.Path)
	})
	out.MoreDiffs = max(0, len(shown)-fleet.MaxDiffs)
	shown = shown[:min(len(shown), fleet.MaxDiffs)]
	paths := make([]string, len(shown))
	for i, c := range shown {
		paths[i] = c.Path
	}
	if len(paths) == 0 {
		return nil
	}
	before, err := read(ctx, "from", paths)
	if err != nil {
		return err
	}
	after, err := read(ctx, "to", paths)
	if err != nil {
		return err
	}
	room := fleet.MaxAllDiffs
	for _, c := range shown {
		f := fleet.FileDiff{Path: fleet.Clean(c.Path, 300), Status: c.Status}
		f.Text, f.Cut = diffText(before[c.Path], after[c.Path], min(room, fleet.MaxDiffText))
		room -= len(f.Text)
		out.Diffs = append(out.Diffs, f)
	}
	return nil
}

func weighFile(path string) int {
	if settingsFile.MatchString(path) {
		return 0
	}
	return 1
}

// maxCompared bounds the files whose lines are compared, in bytes.
const maxCompared = 256 << 10

// diffText compares two texts line by line; cut says that it does not show all.
func diffText(before, after []byte, most int) (text string, cut bool) {
	for _, b := range [][]byte{before, after} {
		if len(b) > maxCompared || !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
			return "", true
		}
	}
	text = string(diff.Diff("a", before, "b", after))
	for range 3 { // "diff a b", "--- a", "+++ b"
		_, text, _ = strings.Cut(text, "\n")
	}
	var lines []fleet.LogLine
	for line := range strings.Lines(text) {
		if lines = append(lines, fleet.LogLine{Text: cleanCode(strings.TrimRight(line, "\r\n"))}); len(lines) > most {
			break // each has a byte at least
		}
	}
	fleet.RedactLines(lines) // a repository may hold what nobody shall read on a page
	var out strings.Builder
	for _, l := range lines {
		if out.Len()+len(l.Text)+1 > most {
			return out.String(), true
		}
		out.WriteString(l.Text + "\n")
	}
	return out.String(), false
}

// cleanCode is fleet.Clean for a line of a difference, behind its mark, whose
// indentation is kept.
func cleanCode(line string) string {
	if line == "" || line[0] >= utf8.RuneSelf {
		return ""
	}
	body, columns := strings.TrimLeft(line[1:], " \t"), 0
	for _, c := range line[1 : len(line)-len(body)] {
		if columns++; c == '\t' {
			columns += 3
		}
	}
	return line[:1] + strings.Repeat(" ", min(columns, 60)) + fleet.Clean(body, 400)
}

func (f *Forges) commitsAt(repo string) string {
	return fleet.CommitsAt(f.kindOf(hostOf(repo)), repo)
}

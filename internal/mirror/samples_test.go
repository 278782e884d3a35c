package mirror

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestTagPrefix(t *testing.T) {
	tests := []struct{ expr, want string }{
		{`^1\.`, "refs/tags/1."},
		{`^7\.x-3\.\d+$`, "refs/tags/7.x-3."},
		{`^(?P<v>10\.\d+)`, "refs/tags/10."},
		{`^(10\.1|10\.2)\.`, "refs/tags/10."},
		{`^10\.(1|2)\.`, "refs/tags/10."},
		{`^release-\Q1.x\E$`, "refs/tags/release-1.x"},
		{`\Av2`, "refs/tags/v2"},
		{`^1.0$`, "refs/tags/1"},
		{`^v?1`, "refs/tags/"},
		{`^(?i)v1`, "refs/tags/"},
		{`1\.`, "refs/tags/"},
		{`^1|2`, "refs/tags/"},
		{``, "refs/tags/"},
		{`.*`, "refs/tags/"},
	}
	for _, tt := range tests {
		if got := TagPrefix(regexp.MustCompile(tt.expr)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.expr, got, tt.want)
		}
	}
}

func TestValidRefName(t *testing.T) {
	for _, name := range []string{"HEAD", "refs/heads/main", "refs/tags/7.x-3.24", "refs/heads/feature/ä#1", "refs/heads/<!channel>", "refs/heads/@"} {
		if !validRefName(name) {
			t.Errorf("%q is refused", name)
		}
	}
	for _, name := range []string{
		"", "main", "head", "refs/", "refs/heads/", "refs//x", "refs/heads/.x", "refs/heads/x.lock", "refs/heads/x.lock/y", "refs/heads/a..b",
		"refs/heads/a b", "refs/heads/a\nb", "refs/heads/a\x7fb", "refs/heads/a~b", "refs/heads/a^{}", "refs/heads/a:b", "refs/heads/a?",
		"refs/heads/a*", "refs/heads/a[b", `refs/heads/a\b`, "refs/heads/a@{b", "refs/heads/x.", "../refs/heads/x", "-refs/heads/x",
	} {
		if validRefName(name) {
			t.Errorf("%q is accepted", name)
		}
	}
}

// lsRemote reads the output of git ls-remote into the answer of a version 2
// server, and counts its refs.
func lsRemote(t *testing.T, file string) (answer []byte, refs, peeled int) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	commits := map[string]string{} // the lists are sorted, so ^{} need not come next
	for _, line := range lines {
		hash, name, _ := strings.Cut(line, "\t")
		if tag, ok := strings.CutSuffix(name, "^{}"); ok {
			commits[tag] = hash
		}
	}
	for _, line := range lines {
		hash, name, _ := strings.Cut(line, "\t")
		if strings.HasSuffix(name, "^{}") {
			continue
		}
		line = hash + " " + name
		if commit, ok := commits[name]; ok {
			line += " peeled:" + commit
		}
		answer = appendPkt(answer, line+"\n")
		refs++
	}
	peeled = len(commits)
	return append(answer, "0000"...), refs, peeled
}

// Real ref lists of CMS projects, when they are at hand; the cases above and the
// servers of the other tests cover the same code without them.
func TestRealRefLists(t *testing.T) {
	dir := os.Getenv("DISTROBOT_SAMPLES")
	if dir == "" {
		t.Log("DISTROBOT_SAMPLES is not set: no real ref lists to read")
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, "refs", "*.ls-remote.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no ref lists in %s: %v", dir, err)
	}
	for _, file := range files {
		answer, refs, peeled := lsRemote(t, file)
		all, err := readLsRefs(bytes.NewReader(answer), "sha1", collector{limit: MaxRefs})
		if err != nil || len(all.Refs)+all.Skipped != refs {
			t.Errorf("%s: %d of %d refs, %v", filepath.Base(file), len(all.Refs), refs, err)
		}
		got := 0
		for _, r := range all.Refs {
			if r.Peeled != "" {
				got++
			}
		}
		if got != peeled {
			t.Errorf("%s: %d of %d peeled tags", filepath.Base(file), got, peeled)
		}
		for _, expr := range []string{`^\d+\.\d+\.\d+$`, `^7\.x-`, `^8\.9\.`, `^v?6\.`, `^(8|9)\.x-`} {
			checkNarrowed(t, file, answer, all, regexp.MustCompile(expr))
		}
	}
}

// checkNarrowed compares choosing tags from a narrowed list with choosing them
// from all.
func checkNarrowed(t *testing.T, file string, answer []byte, all Listing, re *regexp.Regexp) {
	t.Helper()
	narrow, err := readLsRefs(bytes.NewReader(answer), "sha1", collector{prefixes: []string{TagPrefix(re)}, limit: MaxRefs})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := chosen(all, re), chosen(narrow, re); a != b {
		t.Errorf("%s: %s chooses\n%s\nof all tags but\n%s\nof those with its prefix", filepath.Base(file), re, a, b)
	}
}

func chosen(l Listing, re *regexp.Regexp) string {
	var b strings.Builder
	for _, r := range l.Refs {
		if tag, ok := strings.CutPrefix(r.Name, "refs/tags/"); ok && re.MatchString(tag) {
			b.WriteString(tag + " " + r.Commit() + "\n")
		}
	}
	return b.String()
}

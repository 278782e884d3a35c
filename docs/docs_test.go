// Package docs has the documentation and the tests that hold it to the program:
// whatever a page points at, exists.
package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pages are the Markdown files of the repository, by path from its root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"../*.md", "*.md", "../examples/*/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = string(b)
		}
	}
	if len(out) < 10 {
		t.Fatalf("there are only %d pages", len(out))
	}
	return out
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinksLead looks for the file and the heading behind each link within the
// repository.
func TestLinksLead(t *testing.T) {
	all := pages(t)
	for page, text := range all {
		for _, m := range link.FindAllStringSubmatch(prose(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s does not exist", page, m[1])
			} else if anchor != "" && !anchors(all[target])[anchor] {
				t.Errorf("%s: %s has no heading #%s", page, target, anchor)
			}
		}
	}
}

var fence = regexp.MustCompile("(?ms)^```.*?^```|`[^`\n]*`")

// prose leaves out what is quoted.
func prose(text string) string { return fence.ReplaceAllString(text, "") }

var (
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

// anchors are the names that headings have in links.
func anchors(text string) map[string]bool {
	out := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		out[strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return out
}

var (
	testName = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z][A-Za-z]+\b`)
	partName = regexp.MustCompile(`\bTest[A-Z][A-Za-z]+/[A-Za-z]+\b`)
	declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z]+)\(`)
	part     = regexp.MustCompile(`\{"([A-Za-z]+)", test[A-Z][A-Za-z]+\}`)
	script   = regexp.MustCompile(`\b[a-z_]+\.txtar\b`)
)

// TestTestsThatAreNamedExist: a claim that names its test loses it only together
// with the claim.
func TestTestsThatAreNamedExist(t *testing.T) {
	have := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != "..":
			return filepath.SkipDir
		case strings.HasSuffix(path, ".txtar"):
			have[d.Name()] = true
		case strings.HasSuffix(path, "_test.go") || strings.HasSuffix(filepath.Dir(path), "test"):
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range declared.FindAllStringSubmatch(string(b), -1) {
				have[m[1]] = true
			}
			for _, m := range part.FindAllStringSubmatch(string(b), -1) {
				have["/"+m[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for page, text := range pages(t) {
		for _, name := range append(testName.FindAllString(text, -1), script.FindAllString(text, -1)...) {
			if !have[name] {
				t.Errorf("%s: there is no %s", page, name)
			}
		}
		for _, name := range partName.FindAllString(text, -1) {
			if _, of, _ := strings.Cut(name, "/"); !have["/"+of] {
				t.Errorf("%s: there is no part %s", page, name)
			}
		}
	}
}

var setting = regexp.MustCompile(`\b(?:DISTROBOT|SLACK)_[A-Z_]+[A-Z]\b`)

// ours are variables of the tests, and what nginx is told of a site: no settings
// of the program.
var ours = map[string]bool{"DISTROBOT_SAMPLES": true, "DISTROBOT_FORGE": true, "DISTROBOT_CMS_REPO": true,
	"DISTROBOT_CMS_TAGS": true, "DISTROBOT_CMS_KIND": true, "DISTROBOT_TESTS_OFFLINE": true, "DISTROBOT_TEST_THOROUGH": true, "DISTROBOT_REAL_AEGIR": true,
	"DISTROBOT_SITE": true, "DISTROBOT_POOL": true}

// TestSettingsThatAreNamedExist looks them up in .env.example.
func TestSettingsThatAreNamedExist(t *testing.T) {
	b, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	for page, text := range pages(t) {
		for _, name := range setting.FindAllString(text, -1) {
			if !ours[name] && !strings.Contains(string(b), "\n"+name+"=") {
				t.Errorf("%s: no setting is called %s", page, name)
			}
		}
	}
}

var sentence = regexp.MustCompile(`(?m)^### "(.+)"$`)

// TestSentencesAreSaid: what docs/troubleshooting.md explains is what the program
// says, word for word, with … for names.
func TestSentencesAreSaid(t *testing.T) {
	var source strings.Builder
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		source.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	said := sentence.FindAllStringSubmatch(pages(t)["troubleshooting.md"], -1)
	if len(said) < 20 {
		t.Fatalf("%d sentences", len(said))
	}
	for _, m := range said {
		words := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSuffix(m[1], "…")), "…", "%[a-zA-Z+]+")
		if !regexp.MustCompile(`"` + words + `["%]|"` + words + `$`).MatchString(source.String()) {
			t.Errorf("nothing says %q", m[1])
		}
	}
}

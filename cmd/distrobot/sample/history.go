package sample

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"
)

// files holds, for each release, what it adds or changes.
//
//go:embed all:files
var files embed.FS

// A version is a release with its commits.
type version struct {
	tag     string
	later   bool // published on demand
	commits []commit
}

// A commit takes paths of its release's files, or removes some.
type commit struct {
	author  string
	at      time.Time
	subject string
	paths   []string // files, or directories with everything below
	removes []string
}

// The people of the sample, who do not exist.
const (
	ines   = "Ines Okafor <ines@atrium.example>"
	tomasz = "Tomasz Lind <tomasz@atrium.example>"
	priya  = "Priya Raman <priya@atrium.example>"
)

func day(month time.Month, d, hour int) time.Time {
	return time.Date(2026, month, d, hour, 12, 0, 0, time.UTC)
}

// history is the sample's whole past, and its near future.
func history() []version {
	return []version{
		{tag: "1.0.0", commits: []commit{
			{ines, day(1, 12, 9), "Begin with a front page", []string{"README.md", "web/index.html", "web/style.css", "web/theme.css", "web/files", "packages/theme"}, nil},
			{tomasz, day(1, 14, 18), "Say who we are", []string{"web/about.html", "packages/visitor-counter"}, nil},
			{priya, day(1, 20, 20), "Add a guest book", []string{"web/guestbook.cgi", "data", "templates", "packages/guestbook"}, nil},
			{ines, day(1, 26, 8), "Release 1.0.0", []string{"distrobot.yml", "composer.json", "CHANGELOG.md"}, nil},
		}},
		{tag: "1.1.0", commits: []commit{
			{tomasz, day(2, 9, 19), "Add a calendar of events", []string{"web/events.html", "packages/calendar"}, nil},
			{priya, day(2, 11, 21), "Count the entries of the guest book", []string{"web/guestbook.cgi", "packages/guestbook"}, nil},
			{ines, day(2, 15, 10), "Warm the colours up", []string{"web/theme.css", "packages/theme"}, nil},
			{ines, day(2, 16, 8), "Release 1.1.0", []string{"web/index.html", "web/about.html", "composer.json", "CHANGELOG.md"}, nil},
		}},
		{tag: "1.2.0", later: true, commits: []commit{
			{tomasz, day(3, 2, 20), "Add a noticeboard", []string{"web/notices.html", "web/events.html", "packages/noticeboard"}, nil},
			{tomasz, day(3, 3, 20), "Remove the visitor counter, nobody looked", nil, []string{"packages/visitor-counter"}},
			{priya, day(3, 8, 17), "Date the entries of the guest book", []string{"web/guestbook.cgi", "update.sh", "distrobot.yml", "packages/guestbook"}, nil},
			{ines, day(3, 16, 8), "Release 1.2.0", []string{"web/index.html", "web/about.html", "web/theme.css", "packages/theme", "composer.json", "CHANGELOG.md"}, nil},
		}},
		{tag: "1.3.0", later: true, commits: []commit{
			{priya, day(4, 6, 19), "Show an initial beside each entry", []string{"web/guestbook.cgi", "update.sh", "distrobot.yml", "packages/guestbook", "packages/avatars"}, nil},
			{ines, day(4, 12, 11), "New colours for the summer", []string{"web/theme.css", "packages/theme"}, nil},
			{ines, day(4, 13, 8), "Release 1.3.0", []string{"web/index.html", "web/about.html", "web/events.html", "web/notices.html", "composer.json", "CHANGELOG.md"}, nil},
		}},
	}
}

func (c commit) who(later time.Duration) string {
	return fmt.Sprintf("%s %d +0000", c.author, c.at.Add(later).Unix())
}

// write says the commit in the language of git fast-import. parent is the head
// of the branch before the import, "" within it.
func (c commit) write(w *bytes.Buffer, v version, parent string) error {
	message := c.subject + "\n"
	fmt.Fprintf(w, "commit refs/heads/main\nauthor %s\ncommitter %s\ndata %d\n%s", c.who(0), c.who(0), len(message), message)
	if parent != "" {
		fmt.Fprintf(w, "from %s\n", parent)
	}
	for _, p := range c.removes {
		fmt.Fprintf(w, "D %s\n", p)
	}
	for _, p := range c.paths {
		err := fs.WalkDir(files, path.Join("files", v.tag, p), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := files.ReadFile(name)
			if err != nil {
				return err
			}
			in := strings.TrimPrefix(name, path.Join("files", v.tag)+"/")
			mode := "100644"
			if strings.HasSuffix(in, ".sh") || strings.HasSuffix(in, ".cgi") {
				mode = "100755" // embedding forgets the mode
			}
			fmt.Fprintf(w, "M %s inline %s\ndata %d\n%s\n", mode, in, len(b), b)
			return nil
		})
		if err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	return nil
}

package web

import (
	"bytes"
	"html/template"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A menuEntry leads to a section of the fleet.
type menuEntry struct{ Name, Title, Link string }

// words are what templates may say beside fields. None of them makes markup of
// foreign text but by the template's own escaping.
func (s *Site) words() template.FuncMap {
	return template.FuncMap{
		"asset":    func(name string) string { return s.assets[name].address },
		"root":     func() string { return fleet.PagePath },
		"sections": menu,
		"part":     s.part,
		"heading":  heading,
		"person":   personName,
		"short":    fleet.ShortCommit,
		"day":      func(t time.Time) string { return t.UTC().Format("2 Jan 2006") },
		"moment":   func(t time.Time) string { return t.UTC().Format("2 Jan 15:04:05 UTC") },
		"stamp":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"clock":    func(t time.Time) string { return t.UTC().Format("15:04:05") },
		"filestate": func(status string) string {
			return map[string]string{"A": "added", "D": "deleted"}[status] + map[bool]string{true: "changed"}[status != "A" && status != "D"]
		},
		"difflines": diffLines,
	}
}

// part draws a page's own part within the frame.
func (s *Site) part(name string, f frame) (template.HTML, error) {
	var b bytes.Buffer
	err := s.pages.ExecuteTemplate(&b, name, f)
	return template.HTML(b.String()), err //nolint:gosec // drawn, and escaped, by a template of ours
}

func menu() []menuEntry {
	out := make([]menuEntry, len(sections()))
	for i, x := range sections() {
		out[i] = menuEntry{x.name, x.title, fleet.PagePath + "fleet/" + x.name}
	}
	return out
}

func heading(group string) string {
	if group == "" {
		return ""
	}
	return strings.ToUpper(group[:1]) + group[1:]
}

// diffLines marks the lines of a difference, each escaped.
func diffLines(text string) template.HTML {
	var b strings.Builder
	for line := range strings.Lines(text) {
		safe := template.HTMLEscapeString(strings.TrimSuffix(line, "\n"))
		switch line[0] {
		case '+':
			b.WriteString("<ins>" + safe + "</ins>")
		case '-':
			b.WriteString("<del>" + safe + "</del>")
		default:
			b.WriteString(safe + "\n")
		}
	}
	return template.HTML(b.String()) //nolint:gosec // each line is escaped above
}

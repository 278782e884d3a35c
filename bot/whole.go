package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

// How many messages one fleet.Message may become, in a channel and by a response
// URL, which holds five: one is kept for what may follow. What is longer begins as
// a message, and all of it follows as a file.
const (
	maxPages  = 6
	maxAnswer = 4
)

// whole gives the parts of m as people get them: those that fit, or the first and
// a last one that stands for the file with the whole text. nil is never given.
func whole(m fleet.Message, parts []Rendered, most int) []Rendered {
	cut := len(parts) == 1 && parts[0].Blocks == nil // nothing but the text could be drawn
	if len(parts) <= most && !cut {
		return parts
	}
	text := "The whole message is in this file."
	return []Rendered{parts[0], {Text: text, File: written(m)}}
}

// written is all of a message as plain text: what is drawn, and what drawing cuts.
func written(m fleet.Message) string {
	var out []string
	add := func(s string) {
		if s = strings.TrimRight(sanitizeLines(s), " "); s != "" {
			out = append(out, s)
		}
	}
	add(m.Title)
	if len(m.Lines)+len(m.More) == 0 && m.Table == nil {
		add(m.Text)
	}
	lines := func(all []fleet.Line) {
		for _, l := range all {
			add(map[bool]string{true: "- ", false: ""}[l.Item] + wordsOf(l))
		}
	}
	lines(m.Lines)
	for _, f := range m.Fields {
		add(f.Label + ": " + wordsOf(f.Value))
	}
	if t := m.Table; t != nil {
		add(t.Caption)
		add(strings.Join(t.Header, "\t"))
		for _, r := range t.Rows {
			add(strings.Join(r, "\t"))
		}
	}
	lines(m.More)
	add(wordsOf(m.Footer))
	return strings.Join(out, "\n") + "\n"
}

// wordsOf is a line with the addresses of its links.
func wordsOf(l fleet.Line) string {
	out := ""
	for _, s := range l.Spans {
		if out += s.Text; safeURL(s.URL) != "" {
			out += " <" + s.URL + ">"
		}
	}
	return out
}

// sanitizeLines is sanitize for a text of several lines and columns.
func sanitizeLines(s string) string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		cells := strings.Split(line, "\t")
		for i := range cells {
			cells[i] = sanitize(cells[i])
		}
		out = append(out, strings.Join(cells, "\t"))
	}
	return strings.Join(out, "\n")
}

// upload shares a text or a picture as a file in a channel or a thread. A file has
// no metadata to find it by after a crash: its name has the mark.
func upload(ctx context.Context, api *slack.Client, at target, part Rendered) error {
	name, title := fileName(part)
	u, err := api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{FileName: name, FileSize: len(part.File), AltTxt: part.Alt})
	if err != nil {
		return fmt.Errorf("files.getUploadURLExternal: %w", err)
	}
	if err := api.UploadToURL(ctx, slack.UploadToURLParameters{UploadURL: u.UploadURL, Content: part.File, Filename: name}); err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	_, err = api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{Files: []slack.FileSummary{{ID: u.FileID, Title: title}},
		Channel: at.channel, ThreadTimestamp: at.thread, InitialComment: part.Text})
	if err != nil {
		return fmt.Errorf("files.completeUploadExternal: %w", err)
	}
	return nil
}

// fileName is what a file is called, and what people see of that.
func fileName(part Rendered) (name, title string) {
	stem, end := "distrobot-"+time.Now().UTC().Format("20060102-150405"), ".txt"
	if title = stem + end; part.Alt != "" {
		end, title = ".png", part.Alt
	}
	if part.Mark != "" {
		stem += "-" + part.Mark
	}
	return stem + end, title
}

// direct gives the id of the direct conversation with somebody.
func direct(ctx context.Context, api *slack.Client, user string) (string, error) {
	ch, _, _, err := api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
	if err != nil {
		return "", fmt.Errorf("conversations.open: %w", err)
	}
	return ch.ID, nil
}

package workspace_test

import (
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/bot/workspace"
)

// TestFiles: a file is uploaded as slack-go does it, is there once, whole and in
// its thread, and what Slack refuses is refused.
func TestFiles(t *testing.T) {
	b := open(t, noLimits())
	ctx := t.Context()
	root := b.post("C0SITES", "A long one.", nil)
	text := strings.Repeat("zeile äöü\n", 5000)
	got, err := b.api.UploadFileContext(ctx, slack.UploadFileParameters{Filename: "long.txt", Content: text, FileSize: len(text), Channel: "C0SITES", ThreadTimestamp: root, InitialComment: "All of it."})
	if err != nil {
		t.Fatal(err)
	}
	replies, _, _, err := b.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: "C0SITES", Timestamp: root})
	if err != nil || len(replies) != 2 || replies[1].Text != "All of it." || len(replies[1].Files) != 1 {
		t.Fatalf("replies: %+v, %v", replies, err)
	}
	f := replies[1].Files[0]
	if f.ID != got.ID || f.Size != len(text) || f.Title != "long.txt" {
		t.Errorf("file: %+v", f)
	}
	var read strings.Builder
	if err := slack.New(b.Token(), slack.OptionAPIURL(b.url+"/api/")).GetFileContext(ctx, f.URLPrivate, &read); err != nil || read.String() != text {
		t.Errorf("read %d bytes of %d, %v", read.Len(), len(text), err)
	}
	begin := func(size int) *slack.GetUploadURLExternalResponse {
		u, err := b.api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{FileName: "a.txt", FileSize: size})
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	complete := func(id, channel, thread string) string {
		_, err := b.api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{Files: []slack.FileSummary{{ID: id}}, Channel: channel, ThreadTimestamp: thread})
		if err == nil {
			return ""
		}
		return err.Error()
	}
	u := begin(3)
	if err := b.api.UploadToURL(ctx, slack.UploadToURLParameters{UploadURL: u.UploadURL, Content: "four", Filename: "a.txt"}); err == nil {
		t.Error("more bytes were taken than announced")
	}
	if got := complete(u.FileID, "C0SITES", ""); got != "file_not_found" {
		t.Errorf("a file that was not uploaded: %q", got)
	}
	if err := b.api.UploadToURL(ctx, slack.UploadToURLParameters{UploadURL: u.UploadURL, Content: "abc", Filename: "a.txt"}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ channel, thread, want string }{
		{"C0NOWHERE", "", "channel_not_found"}, {"C0GENERAL", "", "not_in_channel"}, {"C0SITES", "1.000001", "thread_not_found"}, {"C0SITES", "", ""}, {"C0SITES", "", "file_not_found"},
	} {
		if got := complete(u.FileID, tt.channel, tt.thread); got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.channel, tt.thread, got, tt.want)
		}
	}
	poor := open(t, workspace.Options{Limits: workspace.Limits{Off: true}, Scopes: []string{"chat:write"}})
	if _, err := poor.api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{FileName: "a", FileSize: 1}); err == nil || err.Error() != "missing_scope" {
		t.Errorf("without the scope: %v", err)
	}
}

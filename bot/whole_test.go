package bot

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// novel is a message of many pages, each sentence of which is numbered.
func novel() fleet.Message {
	m := fleet.Message{Text: "A novel."}
	for i := range 500 {
		m.Lines = append(m.Lines, fleet.Say(fmt.Sprintf("sentence-%d ", i)+strings.Repeat("wörd ", 50)+fmt.Sprintf("end-%d.", i)))
	}
	m.Table = &fleet.Table{Header: []string{"site", "state"}}
	for i := range 300 {
		m.Table.Rows = append(m.Table.Rows, []string{fmt.Sprintf("row-%d.example.org", i), strings.Repeat("x", 300)})
	}
	return m
}

// uploaded gives the texts of the files in a conversation.
func (r *rig) uploaded(channel string) []string {
	r.t.Helper()
	var out []string
	for _, m := range r.messages(channel) {
		for _, f := range m.Files {
			req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, f.URL, nil)
			if err != nil {
				r.t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+r.ws.Token())
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				r.t.Fatal(err)
			}
			raw, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != http.StatusOK {
				r.t.Fatal(resp.Status, err)
			}
			out = append(out, string(raw))
		}
	}
	return out
}

// complete wants a text to hold every byte of every span and cell of a message.
func complete(t *testing.T, text string, m fleet.Message) {
	t.Helper()
	for _, l := range m.Lines {
		if !strings.Contains(text, strings.TrimSpace(l.Spans[0].Text)) {
			t.Fatalf("%.40q is lost", l.Spans[0].Text)
		}
	}
	for _, row := range m.Table.Rows {
		if !strings.Contains(text, row[0]+"\t"+row[1]) {
			t.Fatalf("row %q is lost", row[0])
		}
	}
}

// TestLongerThanMessages: of a message that many messages would not hold nothing is
// lost: it begins in the channel, and a file in its thread has all of it.
func TestLongerThanMessages(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.story.set("plan:novel", novel())
	r.want("plan:novel", sites)
	p := r.idle("plan:novel", sites)
	files := r.uploaded(sites)
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	complete(t, files[0], novel())
	for _, m := range r.messages(sites) {
		if len(m.Files) > 0 && m.ThreadTS != p.TS {
			t.Errorf("the file is outside of the thread: %+v", m)
		}
	}
	if n := len(r.messages(sites)); n != 2 {
		t.Errorf("%d messages", n)
	}
}

// TestLongAnswerIsAFile: an answer that a response URL does not hold goes to the
// asker alone, as a file; one for everybody to the channel.
func TestLongAnswerIsAFile(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		public := false
		r.desk.run = func(commands.Ask) (commands.Reply, error) {
			return commands.Reply{Message: novel(), Public: public}, nil
		}
		r.say("bob", "sites", "/distro list")
		r.eventually("a file for bob alone", func() bool { return len(r.uploaded("D0BOB")) == 1 })
		complete(t, r.uploaded("D0BOB")[0], novel())
		if n := len(r.uploaded(sites)); n != 0 {
			t.Errorf("%d files for everybody", n)
		}
		public = true
		r.say("bob", "sites", "/distro list")
		r.eventually("a file for everybody", func() bool { return len(r.uploaded(sites)) == 1 })
		r.say("bob", "sites", "<@"+r.ws.BotUserID()+"> list")
		r.eventually("a file in the thread of a mention", func() bool { return len(r.uploaded(sites)) == 2 })
	})
}

// TestLongWithoutTheScope: without the scope for files the parts are posted, and
// people are told what is missing.
func TestLongWithoutTheScope(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.fault(obj{"kind": "missing_scope", "method": "files.getUploadURLExternal", "for_ms": -1})
	m := novel()
	m.Table = nil
	m.Lines = m.Lines[:300]
	r.story.set("plan:novel", m)
	r.want("plan:novel", sites)
	r.eventually("the scope in the notes", func() bool { return strings.Contains(strings.Join(r.bot.Health().Notes, "\n"), "files:write") })
	r.say("alice", "sites", "/invite @distrobot")
	r.bot.sender.invited(sites) // at once instead of after its pause
	r.idle("plan:novel", sites)
	said := fmt.Sprint(r.messages(sites))
	for i := range m.Lines {
		if !strings.Contains(said, fmt.Sprintf("sentence-%d ", i)) || !strings.Contains(said, fmt.Sprintf("end-%d.", i)) {
			t.Fatalf("sentence %d is lost", i)
		}
	}
}

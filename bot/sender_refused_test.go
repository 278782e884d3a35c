package bot

import (
	"testing"

	"github.com/slack-go/slack"
)

// TestDeletedMessageIsPostedAnew: somebody deleted the message in Slack.
func TestDeletedMessageIsPostedAnew(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.story.set("plan:p", said("Plan p."))
	r.want("plan:p", sites)
	p := r.idle("plan:p", sites)
	if _, _, err := r.bot.api.DeleteMessage(sites, p.TS); err != nil {
		t.Fatal(err)
	}
	r.story.set("plan:p", said("Plan p is done."))
	r.want("plan:p", sites)
	if m := r.shows(sites, "Plan p is done."); m.TS == p.TS {
		t.Error("the deleted message was edited")
	}
}

// TestLockedMessageGetsReplies: Slack forbids edits after a while in some
// workspaces; results then follow in the thread, progress does not.
func TestLockedMessageGetsReplies(t *testing.T) {
	r := newRig(t, rigOptions{idle: true})
	r.bot.sender.api = slack.New(r.ws.BotToken(), slack.OptionAPIURL(r.url+"/api/"),
		slack.OptionHTTPClient(&refuse{method: "chat.update", code: "edit_window_closed", next: r.bot.client}))
	r.start(r.bot)
	r.story.set("plan:p", said("Plan p."))
	r.want("plan:p", sites)
	p := r.idle("plan:p", sites)
	r.story.set("plan:p", said("Plan p is done."))
	r.want("plan:p", sites)
	if m := r.shows(sites, "Plan p is done."); m.ThreadTS != p.TS {
		t.Errorf("not a reply: %+v", m)
	}
	r.idle("plan:p", sites)
	r.story.set("plan:p", said("Plan p was rolled back."))
	r.want("plan:p", sites)
	r.shows(sites, "rolled back")
	if n := len(r.messages(sites)); n != 3 {
		t.Errorf("%d messages, want the post and two replies", n)
	}
}

// TestRefusedBlocksBecomeText: whatever is wrong with the blocks, people are
// told.
func TestRefusedBlocksBecomeText(t *testing.T) {
	r := newRig(t, rigOptions{idle: true})
	r.bot.sender.api = slack.New(r.ws.BotToken(), slack.OptionAPIURL(r.url+"/api/"),
		slack.OptionHTTPClient(&refuse{field: "blocks", code: "invalid_blocks", next: r.bot.client}))
	r.start(r.bot)
	r.story.set("plan:p", said("Plan <p> waits."))
	r.want("plan:p", sites)
	m := r.shows(sites, "Plan &lt;p&gt; waits.")
	if len(m.Blocks) != 0 {
		t.Errorf("blocks were sent: %v", m.Blocks)
	}
	r.idle("plan:p", sites)
}

package workspace_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

// mrkdwn and plain make text objects.
func mrkdwn(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, false)
}

func plain(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, text, true, false)
}

func button(action, label string, style slack.Style) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(action, "x 1", plain(label)).WithStyle(style)
}

// post sends a message as an app would and returns its timestamp.
func (b *bench) post(channel, text string, blocks []slack.Block, more ...slack.MsgOption) string {
	b.t.Helper()
	opts := append([]slack.MsgOption{slack.MsgOptionText(text, false), slack.MsgOptionBlocks(blocks...)}, more...)
	_, ts, err := b.api.PostMessage(channel, opts...)
	if err != nil {
		b.t.Fatalf("post %q: %v", text, err)
	}
	return ts
}

// announcement is a new tag with its buttons.
func announcement() []slack.Block {
	return []slack.Block{
		slack.NewHeaderBlock(plain("shop 1.1.0 is out")),
		slack.NewSectionBlock(mrkdwn("Tag `1.1.0` of *shop* · 3 commits since 1.0.0"), nil, nil),
		slack.NewRichTextBlock("commits", slack.NewRichTextList(slack.RTEListBullet, 0,
			richLine("a41c9e2", "Guest book: keep entries over an update"),
			richLine("77b0d13", "Escape names such as <!channel> & <script>"),
			richLine("0f1d2aa", "New front page"))),
		slack.NewContextBlock("", mrkdwn(fmt.Sprintf("By Dana Doe · <!date^%d^{date_short} at {time}|today> · <https://example.com/compare|compare 1.0.0…1.1.0>", time.Now().Unix()))),
		slack.NewActionBlock("announce", button("build", "Build 1.1.0", slack.StylePrimary), button("changes", "Changes", ""), button("snooze", "Snooze", "")),
	}
}

func richLine(commit, subject string) *slack.RichTextSection {
	return slack.NewRichTextSection(
		slack.NewRichTextSectionTextElement(commit, &slack.RichTextSectionTextStyle{Code: true}),
		slack.NewRichTextSectionTextElement("  "+subject, nil))
}

// comparison is a plan with its table and a Confirm button that asks first.
func comparison() []slack.Block {
	table := slack.NewTableBlock("rows").WithColumnSettings(slack.ColumnSetting{Align: slack.ColumnAlignmentLeft},
		slack.ColumnSetting{Align: slack.ColumnAlignmentRight}, slack.ColumnSetting{Align: slack.ColumnAlignmentRight}, slack.ColumnSetting{Align: slack.ColumnAlignmentLeft, IsWrapped: true})
	for _, row := range [][4]string{{"Package", "shop-1.0.0", "shop-1.1.0", "Change"}, {"core", "10.3.6", "10.4.1", "minor"},
		{"guestbook", "2.1.0", "3.0.0", "major, 2 database updates"}, {"theme", "1.4.2", "1.4.2", "same"}, {"search", "–", "0.9.0", "new"}} {
		cells := make([]slack.TableCell, 0, 4)
		for _, text := range row {
			cells = append(cells, slack.NewTableRawTextCell(text))
		}
		table.AddRow(cells...)
	}
	ask := slack.NewConfirmationBlockObject(plain("Upgrade 3 sites?"), mrkdwn("*3 sites* move from shop-1.0.0 to shop-1.1.0, one first. Each is down for a few seconds."), plain("Upgrade 3 sites"), plain("Not now"))
	confirm := button("plan.confirm", "Confirm upgrade of 3 sites", slack.StylePrimary)
	confirm.Confirm = ask
	return []slack.Block{
		slack.NewHeaderBlock(plain("Upgrade shop-1.0.0 to shop-1.1.0")),
		slack.NewContextBlock("", mrkdwn("Asked by <@U0BOB> · 3 sites: blog.example.org, shop.example.org, wiki.example.org")),
		table,
		slack.NewSectionBlock(mrkdwn(":warning: *guestbook* goes to a new major version\n:white_check_mark: Every site has room for its copy"), nil, nil),
		slack.NewActionBlock("plan", confirm, button("plan.compare", "Compare in full", ""), button("plan.cancel", "Cancel", slack.StyleDanger)),
	}
}

// progress is a running migration, as it is edited in place.
func progress(done int) []slack.Block {
	marks := []string{":white_check_mark: *blog.example.org* · shop-1.1.0 in 2.1 s", ":hourglass_flowing_sand: *shop.example.org* · checking the new copy", ":white_circle: *wiki.example.org* · waiting"}
	return []slack.Block{
		slack.NewHeaderBlock(plain("Upgrading 3 sites to shop-1.1.0")),
		slack.NewSectionBlock(mrkdwn(fmt.Sprintf("`▓▓▓▓▓░░░░░░░░░░` %d of 3 · about 8 s left", done)), nil, nil),
		slack.NewSectionBlock(mrkdwn(marks[0]+"\n"+marks[1]+"\n"+marks[2]), nil, nil),
		slack.NewContextBlock("", mrkdwn("Confirmed by <@U0BOB> · task `t-01J9` · the log is in the thread")),
	}
}

// digest lists what is out of date.
func digest() []slack.Block {
	menu := slack.NewOverflowBlockElement("digest.more", slack.NewOptionBlockObject("mute", plain("Mute this site"), nil), slack.NewOptionBlockObject("snooze", plain("Snooze for a week"), nil))
	target := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Show platform"), "digest.platform",
		slack.NewOptionBlockObject("shop-1.0.0", plain("shop-1.0.0"), nil), slack.NewOptionBlockObject("news-3", plain("news-3"), nil))
	return []slack.Block{
		slack.NewHeaderBlock(plain("3 of 12 sites are out of date")),
		slack.NewSectionBlock(nil, []*slack.TextBlockObject{mrkdwn("*Distribution*\nshop"), mrkdwn("*Target*\nshop-1.1.0"), mrkdwn("*Out of date*\n3 sites"), mrkdwn("*Oldest*\n41 days")}, nil),
		slack.NewDividerBlock(),
		slack.NewSectionBlock(mrkdwn("*wiki.example.org*\nshop-1.0.0 · rolled back, pinned by <@U0ALICE>"), nil, slack.NewAccessory(menu)),
		slack.NewActionBlock("digest", target, button("digest.upgrade", "Compare shop", "")),
		slack.NewContextBlock("", mrkdwn("Every weekday at 09:00 Europe/Amsterdam · next on Monday")),
	}
}

// fixture fills the workspace with one of each message the bot posts.
func (b *bench) fixture(t *testing.T) (plan, progressTS string) {
	t.Helper()
	b.ok("/workspace/say", map[string]any{"user": "alice", "channel": "sites", "text": "Morning! @bob is the shop release ready?"})
	b.post("#sites", "shop 1.1.0 is out.", announcement())
	plan = b.post("#sites", "Upgrade of 3 sites to shop-1.1.0 is ready to confirm.", comparison())
	progressTS = b.post("#sites", "Upgrading 3 sites to shop-1.1.0: 1 of 3.", progress(0))
	for _, line := range []string{"`blog.example.org` hold, clone, update, check", "`blog.example.org` switched in 0.4 s\n```\n$ bin/update\nschema 1 -> 2\n14 entries kept\n```", "> answered 200, 4,213 bytes\n:white_check_mark: *blog.example.org* is on shop-1.1.0"} {
		b.post("#sites", line, nil, slack.MsgOptionTS(progressTS))
	}
	if _, _, _, err := b.api.UpdateMessage("C0SITES", progressTS, slack.MsgOptionText("Upgrading 3 sites to shop-1.1.0: 1 of 3.", false), slack.MsgOptionBlocks(progress(1)...)); err != nil {
		t.Fatal(err)
	}
	b.post("#sites", "3 of 12 sites are out of date.", digest())
	if _, err := b.api.PostEphemeral("C0SITES", "U0ALICE", slack.MsgOptionText(":lock: Only maintainers may confirm an upgrade; ask @release-managers.", false)); err != nil {
		t.Fatal(err)
	}
	return plan, progressTS
}

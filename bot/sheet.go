package bot

import (
	"context"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// sheetID is the callback_id of sheets: modals that only show, in pages.
const sheetID = "sheet"

// maxSide bounds each side of a sheet's row, in runes.
const maxSide = 300

// sheetView draws a sheet. A modal holds no tables, so a row is two fields of a
// section, which Slack sets side by side where there is room.
func sheetView(s fleet.Sheet) slack.ModalViewRequest {
	blocks := richText(s.Lines)
	if s.Choose != nil {
		blocks = append(blocks, menu(*s.Choose))
	}
	for rows := s.Rows; len(rows) > 0; {
		n := min(len(rows), maxFields/2)
		var sides []*slack.TextBlockObject
		for _, r := range rows[:n] {
			sides = append(sides, mrkdwnObject(mrkdwn(r.Left.Spans, maxSide)), mrkdwnObject(mrkdwn(r.Right.Spans, maxSide)))
		}
		blocks = append(blocks, slack.NewSectionBlock(nil, sides, nil))
		rows = rows[n:]
	}
	blocks = append(blocks, richText(s.More)...)
	blocks = append(blocks, actions("", s.Buttons)...)
	return slack.ModalViewRequest{Type: slack.VTModal, CallbackID: sheetID, Title: plainObject(s.Title, 24), Close: plainObject("Close", 24),
		Blocks: slack.Blocks{BlockSet: blocks[:min(len(blocks), onView.blocks)]}}
}

// menu draws a select that acts as soon as something is chosen. Its block's id
// changes with what is chosen: Slack keeps what a person chose in a block of the
// same id, and would show that over what the new view says.
func menu(s fleet.Select) slack.Block {
	el := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainObject(s.Label, 150), s.Action+"#menu")
	for _, c := range s.Choices[:min(len(s.Choices), fleet.MaxChoices)] {
		if utf8.RuneCountInString(c.Value) > maxOption {
			continue // never cut: half an id is another id
		}
		o := slack.NewOptionBlockObject(c.Value, plainObject(c.Label, maxLabel), nil)
		el.Options = append(el.Options, o)
		if c.Value == s.Initial {
			el.InitialOption = o
		}
	}
	return slack.NewActionBlock(clip("menu."+s.Initial, maxBlockID), el)
}

// maxOption is Slack's limit of an option's value.
const maxOption = 150

// openSheet shows a reply's sheet as a modal and reports whether that worked.
func (d *dispatcher) openSheet(ctx context.Context, trigger string, m fleet.Message) bool {
	if m.Sheet == nil || trigger == "" {
		return false
	}
	view := sheetView(*m.Sheet)
	d.checkView(ctx, view)
	if _, err := d.api.OpenViewContext(ctx, trigger, view); err != nil {
		d.log.WarnContext(ctx, "a sheet was not opened; the answer is shown as a message", "title", m.Title, "error", err)
		return false
	}
	return true
}

// turnSheet answers a press on a sheet in its place: with another page, or with
// the sentence that says why there is none.
func (d *dispatcher) turnSheet(ctx context.Context, c slack.InteractionCallback, r commands.Reply) {
	view := answerModal(r.Message)
	if r.Message.Sheet != nil {
		view = sheetView(*r.Message.Sheet)
	}
	d.checkView(ctx, view)
	if _, err := d.api.UpdateViewContext(ctx, view, "", "", c.View.ID); err != nil {
		d.log.WarnContext(ctx, "a sheet was not turned", "view", c.View.ID, "error", err)
	}
}

func (d *dispatcher) checkView(ctx context.Context, v slack.ModalViewRequest) {
	for _, x := range CheckView(v.Blocks.BlockSet) {
		d.log.WarnContext(ctx, "a modal breaks a limit", "violation", x.String())
	}
}

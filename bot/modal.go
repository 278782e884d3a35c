package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// formID is the callback_id of forms; inputs have the block id "in.NAME" and
// the action id "value".
const (
	formID    = "form"
	inputPre  = "in."
	inputElem = "value"
)

// formPlace is where a form is opened from.
type formPlace struct {
	trigger string // single use, 3 s
	channel string // where the answer goes
}

// formMeta travels in private_metadata: ids only, nothing that authorises.
type formMeta struct {
	Command string `json:"command"`
	State   string `json:"state,omitempty"`
	Channel string `json:"channel,omitempty"`
}

// openForm opens f as a modal. It answers None when that worked, else words
// what to type instead.
func (d *dispatcher) openForm(ctx context.Context, f fleet.Form, at formPlace) commands.Reply {
	view, err := formView(f, at.channel)
	if err == nil {
		_, err = d.api.OpenViewContext(ctx, at.trigger, view)
	}
	if err == nil {
		return commands.Reply{None: true}
	}
	d.log.WarnContext(ctx, "form not opened", "command", f.Command, "error", err)
	return commands.Reply{Message: fleet.Message{
		Text: "The form could not be opened; type " + fleet.Slash + " help " + f.Command + " to see how to write it in one line.",
		Lines: []fleet.Line{fleet.Say("The form could not be opened; type ", fleet.Mono(fleet.Slash+" help "+f.Command),
			" to see how to write it in one line.")},
	}}
}

// formView draws a form.
func formView(f fleet.Form, channel string) (slack.ModalViewRequest, error) {
	meta, err := json.Marshal(formMeta{Command: f.Command, State: f.State, Channel: channel})
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	if len(meta) > maxMeta {
		return slack.ModalViewRequest{}, fmt.Errorf("private_metadata of %d bytes, Slack takes %d", len(meta), maxMeta)
	}
	submit := f.Submit
	if submit == "" {
		submit = "Submit"
	}
	blocks := richText(f.Intro)
	for i, in := range f.Inputs {
		block := input(in)
		if f.Fresh && i > 0 {
			block.BlockID += freshMark(f)
		}
		blocks = append(blocks, block)
		if in.Wrong != "" {
			blocks = append(blocks, slack.NewContextBlock("", plainObject("⚠️ "+in.Wrong, 300)))
		}
	}
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: formID, PrivateMetadata: string(meta),
		Title: plainObject(f.Title, 24), Submit: plainObject(submit, 24), Close: plainObject("Cancel", 24),
		Blocks: slack.Blocks{BlockSet: blocks[:min(len(blocks), onView.blocks)]},
	}, nil
}

// maxMeta is Slack's limit of private_metadata.
const maxMeta = 3000

// freshMark ends the ids of inputs that begin anew: Slack keeps what was typed into
// an input as long as its block keeps its id, whatever the view says.
func freshMark(f fleet.Form) string {
	sum := sha256.Sum256([]byte(f.Inputs[0].Initial))
	return "@" + hex.EncodeToString(sum[:4])
}

// inputName is the input of a block; false if it is no input of a form.
func inputName(block string) (string, bool) {
	name, ok := strings.CutPrefix(block, inputPre)
	name, _, _ = strings.Cut(name, "@")
	return name, ok
}

func input(in fleet.Input) *slack.InputBlock {
	b := slack.NewInputBlock(inputPre+in.Name, plainObject(in.Label, 2000), nil, nil)
	b.Optional = in.Optional
	b.DispatchAction = in.Redraw
	if in.Hint != "" {
		b.Hint = plainObject(in.Hint, 2000)
	}
	var hint *slack.TextBlockObject
	if in.Placeholder != "" {
		hint = plainObject(in.Placeholder, 150)
	}
	switch {
	case in.Many:
		b.Element = manyChoices(in, hint)
	case in.Search || len(in.Choices) > 0:
		b.Element = choices(in, hint)
	default:
		el := slack.NewPlainTextInputBlockElement(hint, inputElem)
		el.InitialValue, el.Multiline, el.MaxLength = clip(in.Initial, 3000), in.Multiline, 3000
		b.Element = el
	}
	return b
}

// choices draws a select; one that is searched asks for its options while the
// person types, from the first character on.
func choices(in fleet.Input, hint *slack.TextBlockObject) *slack.SelectBlockElement {
	el := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, hint, inputElem)
	el.Options = choiceOptions(in.Choices)
	for _, o := range el.Options {
		if o.Value == in.Initial {
			el.InitialOption = o
		}
	}
	if in.Search {
		none := 0
		el.Type, el.Options, el.MinQueryLength = slack.OptTypeExternal, nil, &none
	}
	return el
}

// choiceOptions draws choices as options, as many as a select holds. A value is
// never cut: half an id is another id. What is left out can still be typed as a
// command.
func choiceOptions(all []fleet.Choice) []*slack.OptionBlockObject {
	var out []*slack.OptionBlockObject
	for _, c := range all {
		if len(out) < fleet.MaxChoices && utf8.RuneCountInString(c.Value) <= maxOption {
			out = append(out, slack.NewOptionBlockObject(c.Value, plainObject(c.Label, maxLabel), nil))
		}
	}
	return out
}

// answerModal shows an answer where there is no channel to say it in.
func answerModal(m fleet.Message) slack.ModalViewRequest {
	title := m.Title
	if title == "" {
		title = "distrobot"
	}
	m.Title, m.Buttons = "", nil
	return slack.ModalViewRequest{Type: slack.VTModal, Title: plainObject(title, 24), Close: plainObject("Close", 24),
		Blocks: slack.Blocks{BlockSet: viewBlocks(m)}}
}

// viewBlocks draws a message for a view, which has no tables.
func viewBlocks(m fleet.Message) []slack.Block {
	if t := m.Table; t != nil {
		rows := []fleet.Line{fleet.Say(fleet.Bold(strings.Join(t.Header, " · ")))}
		for _, r := range t.Rows {
			rows = append(rows, fleet.Item(strings.Join(r, " · ")))
		}
		m.More, m.Table = append(rows, m.More...), nil
	}
	blocks := Render(m).Blocks
	return blocks[:min(len(blocks), onView.blocks)]
}

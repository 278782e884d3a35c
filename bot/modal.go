package bot

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
	submit := f.Submit
	if submit == "" {
		submit = "Submit"
	}
	blocks := richText(f.Intro)
	for _, in := range f.Inputs {
		blocks = append(blocks, input(in))
	}
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: formID, PrivateMetadata: string(meta),
		Title: plainObject(f.Title, 24), Submit: plainObject(submit, 24), Close: plainObject("Cancel", 24),
		Blocks: slack.Blocks{BlockSet: blocks},
	}, nil
}

func input(in fleet.Input) *slack.InputBlock {
	b := slack.NewInputBlock(inputPre+in.Name, plainObject(in.Label, 2000), nil, nil)
	b.Optional = in.Optional
	if in.Hint != "" {
		b.Hint = plainObject(in.Hint, 2000)
	}
	var hint *slack.TextBlockObject
	if in.Placeholder != "" {
		hint = plainObject(in.Placeholder, 150)
	}
	if in.Many {
		b.Element = manyChoices(in, hint)
		return b
	}
	if len(in.Choices) > 0 {
		b.Element = choices(in, hint)
		return b
	}
	el := slack.NewPlainTextInputBlockElement(hint, inputElem)
	el.InitialValue, el.Multiline, el.MaxLength = clip(in.Initial, 3000), in.Multiline, 3000
	b.Element = el
	return b
}

func choices(in fleet.Input, hint *slack.TextBlockObject) *slack.SelectBlockElement {
	el := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, hint, inputElem)
	for _, c := range in.Choices {
		if len(el.Options) == 100 || len(c.Value) > 150 {
			continue // Slack's limits; what is left out can still be typed as a command
		}
		o := slack.NewOptionBlockObject(c.Value, plainObject(c.Label, 75), nil)
		el.Options = append(el.Options, o)
		if c.Value == in.Initial {
			el.InitialOption = o
		}
	}
	return el
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

// submission runs the command of a form with its values. Faulty inputs keep the
// form open with a sentence beside each.
func (d *dispatcher) submission(ctx context.Context, c slack.InteractionCallback, a *acker) {
	var meta formMeta
	if c.View.CallbackID != formID || json.Unmarshal([]byte(c.View.PrivateMetadata), &meta) != nil {
		a.ack(nil)
		return
	}
	values := inputs(c.View)
	id := formRequest(c, values)
	late := time.AfterFunc(ackCommand, func() { a.ack(nil) })
	defer late.Stop()
	reply, err := d.desk.Press(ctx, commands.Press{ID: id, Command: meta.Command, Value: meta.State,
		Who: actorOf(c), Channel: meta.Channel, Inputs: values})
	if err != nil {
		reply = d.fault(ctx, id, err)
	}
	d.log.InfoContext(ctx, "form", "request", id, "command", meta.Command, "user", c.User.ID)
	if len(reply.Errors) > 0 && a.ack(fieldErrors(reply, c.View)) {
		return
	}
	a.ack(nil)
	if len(reply.Errors) > 0 && reply.Message.Text == "" {
		reply = errorsAsMessage(reply)
	}
	if !reply.None {
		d.say(ctx, target{channel: meta.Channel, user: c.User.ID}, reply)
	}
}

// formRequest gives the id of a submission: the same form with the same values
// by the same person. A form that was refused is submitted again with others.
func formRequest(c slack.InteractionCallback, values map[string]string) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(h, "%q=%q\n", name, values[name])
	}
	return fmt.Sprintf("form.%s.%x.%s", c.View.ID, h.Sum(nil)[:8], c.User.ID)
}

// errorsAsMessage words the errors of a form that Slack has closed by then.
func errorsAsMessage(r commands.Reply) commands.Reply {
	m := fleet.Message{Text: "The form was not accepted.", Tone: fleet.Warn, Lines: []fleet.Line{fleet.Say("The form was not accepted.")}}
	for _, name := range slices.Sorted(maps.Keys(r.Errors)) {
		m.Lines = append(m.Lines, fleet.Item(fleet.Bold(name), ": "+r.Errors[name]))
	}
	return commands.Reply{Message: m}
}

// inputs reads the values of a submitted form by the names of its inputs.
func inputs(v slack.View) map[string]string {
	out := map[string]string{}
	if v.State == nil {
		return out
	}
	for block, values := range v.State.Values {
		name, ok := strings.CutPrefix(block, inputPre)
		if !ok {
			continue
		}
		el := values[inputElem]
		out[name] = el.Value
		if el.SelectedOption.Value != "" {
			out[name] = el.SelectedOption.Value
		}
		if len(el.SelectedOptions) > 0 {
			out[name] = manyValues(el.SelectedOptions)
		}
	}
	return out
}

// fieldErrors words the errors of inputs. Slack silently drops those that name
// no input of the view, so they are put beside the first one.
func fieldErrors(r commands.Reply, v slack.View) *slack.ViewSubmissionResponse {
	errs, first := map[string]string{}, ""
	known := map[string]bool{}
	for _, b := range v.Blocks.BlockSet {
		if strings.HasPrefix(b.ID(), inputPre) {
			known[b.ID()] = true
			if first == "" {
				first = b.ID()
			}
		}
	}
	for name, text := range r.Errors {
		id := inputPre + name
		if !known[id] {
			id = first
		}
		errs[id] = strings.TrimSpace(errs[id] + " " + plain(text, 250))
	}
	return slack.NewErrorsViewSubmissionResponse(errs)
}

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

// submission runs the command of a form with its values. Faulty inputs keep the
// form open with a sentence beside each. What takes longer than Slack waits goes
// on in the open modal: it says so, and then shows the answer, or the form again
// with everything that was filled in.
func (d *dispatcher) submission(ctx context.Context, c slack.InteractionCallback, a *acker) {
	var meta formMeta
	if c.View.CallbackID != formID || json.Unmarshal([]byte(c.View.PrivateMetadata), &meta) != nil {
		a.ack(nil)
		return
	}
	f := filled{meta: meta, call: c, values: inputs(c.View), acker: a}
	late := time.AfterFunc(ackCommand, func() { a.ack(slack.NewUpdateViewSubmissionResponse(waitView(c.View))) })
	defer late.Stop()
	if c.TriggerID != "" { // of this very press on the form's button
		if !d.seen.begin(ctx, "form."+c.TriggerID) {
			a.ack(nil)
			return
		}
		defer d.seen.done(ctx, "form."+c.TriggerID)
	}
	id := formRequest(c, f.values)
	reply, err := d.desk.Press(ctx, commands.Press{ID: id, Command: meta.Command, Value: meta.State,
		Who: d.actorOf(c), Channel: meta.Channel, Inputs: f.values})
	if err != nil {
		reply = d.fault(ctx, id, err)
	}
	d.log.InfoContext(ctx, "form", "request", id, "command", meta.Command, "user", c.User.ID)
	switch {
	case len(reply.Errors) > 0:
		d.formAgain(ctx, f, reply)
	case reply.Message.Form != nil:
		d.formNext(ctx, f, *reply.Message.Form)
	case a.ack(nil):
		if !reply.None {
			d.say(ctx, target{channel: meta.Channel, user: c.User.ID}, reply)
		}
	default:
		d.formAnswer(ctx, f, reply)
	}
}

// filled is a form that was submitted.
type filled struct {
	meta   formMeta
	call   slack.InteractionCallback
	values map[string]string
	acker  *acker
}

// waitView says that the form is being worked on.
func waitView(v slack.View) *slack.ModalViewRequest {
	title := "One moment"
	if v.Title != nil && v.Title.Text != "" {
		title = v.Title.Text
	}
	return &slack.ModalViewRequest{Type: slack.VTModal, CallbackID: waitID, Title: plainObject(title, 24), Close: plainObject("Close", 24),
		Blocks: slack.Blocks{BlockSet: richText([]fleet.Line{fleet.Say("⏳ Working on it. This stays here until it is known how it went; you may close it, too.")})}}
}

// waitID is the callback_id of a modal that has nothing to fill in.
const waitID = "wait"

// formAgain shows what is wrong beside the inputs. A form that Slack has closed
// over the waiting is drawn again with what was filled in.
func (d *dispatcher) formAgain(ctx context.Context, f filled, r commands.Reply) {
	if f.acker.ack(fieldErrors(r, f.call.View)) {
		return
	}
	form, err := d.desk.Draft(ctx, d.draft(f))
	if err == nil {
		form = refilled(form, f.values)
		for i, in := range form.Inputs {
			form.Inputs[i].Wrong = r.Errors[in.Name]
		}
		if err = d.redraw(ctx, f, form); err == nil {
			return
		}
	}
	d.log.WarnContext(ctx, "form not shown again", "command", f.meta.Command, "error", err)
	m := fleet.Message{Text: "The form was not accepted.", Tone: fleet.Warn, Lines: []fleet.Line{fleet.Say("The form was not accepted.")}}
	for _, name := range slices.Sorted(maps.Keys(r.Errors)) {
		m.Lines = append(m.Lines, fleet.Item(fleet.Bold(name), ": "+r.Errors[name]))
	}
	d.formAnswer(ctx, f, commands.Reply{Message: m})
}

// formNext goes on with another form in the same modal.
func (d *dispatcher) formNext(ctx context.Context, f filled, next fleet.Form) {
	view, err := formView(next, f.meta.Channel)
	if err == nil && f.acker.ack(slack.NewUpdateViewSubmissionResponse(&view)) {
		return
	}
	if err == nil {
		_, err = d.api.UpdateViewContext(ctx, view, "", "", f.call.View.ID)
	}
	if err != nil {
		f.acker.ack(nil)
		d.log.WarnContext(ctx, "form not shown", "command", next.Command, "error", err)
	}
}

// formAnswer shows an answer in a modal that waits, or, if the person has closed
// it, where the form was opened. What is for the channel is said there in any case.
func (d *dispatcher) formAnswer(ctx context.Context, f filled, r commands.Reply) {
	_, err := d.api.UpdateViewContext(ctx, answerModal(r.Message), "", "", f.call.View.ID)
	if err == nil && !r.Public || r.None {
		return
	}
	d.say(ctx, target{channel: f.meta.Channel, user: f.call.User.ID}, r)
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

// inputs reads the values of a submitted form by the names of its inputs.
func inputs(v slack.View) map[string]string {
	out := map[string]string{}
	if v.State == nil {
		return out
	}
	for block, values := range v.State.Values {
		name, ok := inputName(block)
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
	known := map[string]string{}
	for _, b := range v.Blocks.BlockSet {
		if name, ok := inputName(b.ID()); ok {
			known[name] = b.ID()
			if first == "" {
				first = b.ID()
			}
		}
	}
	for name, text := range r.Errors {
		id := known[name]
		if id == "" {
			id = first
		}
		errs[id] = strings.TrimSpace(errs[id] + " " + plain(text, 250))
	}
	return slack.NewErrorsViewSubmissionResponse(errs)
}

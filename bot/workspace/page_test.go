package workspace_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/distrobot/distrobot/bot/workspace"
	"github.com/distrobot/distrobot/internal/browser"
)

// pageApp opens a modal on Compare and edits the plan on Confirm.
func pageApp(api *slack.Client, socket *socketmode.Client, ev socketmode.Event) {
	call, ok := ev.Data.(slack.InteractionCallback)
	if !ok || len(call.ActionCallback.BlockActions) == 0 {
		acknowledge(api, socket, ev)
		return
	}
	socket.Ack(*ev.Request)
	switch call.ActionCallback.BlockActions[0].ActionID {
	case "plan.compare":
		api.OpenView(call.TriggerID, wideModal())
	case "plan.confirm":
		api.UpdateMessage(call.Channel.ID, call.Message.Timestamp, slack.MsgOptionText("Confirmed.", false), slack.MsgOptionBlocks(
			slack.NewHeaderBlock(plain("Upgrade shop-1.0.0 to shop-1.1.0")), slack.NewContextBlock("", mrkdwn("Confirmed by <@"+call.User.ID+">, queued"))))
	}
}

// wideModal has one input of each usual kind.
func wideModal() slack.ModalViewRequest {
	option := func(value, text string) *slack.OptionBlockObject {
		return slack.NewOptionBlockObject(value, plain(text), nil)
	}
	url := slack.NewInputBlock("url", plain("Repository"), nil, slack.NewURLTextInputBlockElement(plain("https://…"), "url"))
	url.Optional = true
	return slack.ModalViewRequest{Type: slack.VTModal, Title: plain("Add a distribution"), Submit: plain("Add"), Close: plain("Cancel"),
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewSectionBlock(mrkdwn("A distribution is a family of platforms. Its first platform is built at once."), nil, nil),
			slack.NewInputBlock("name", plain("Name"), plain("Small letters, digits and dashes."), slack.NewPlainTextInputBlockElement(plain("shop"), "name")),
			url,
			slack.NewInputBlock("kind", plain("Kind"), nil, slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Choose a kind"), "kind",
				option("drupal", "Drupal"), option("generic", "generic"))),
			slack.NewInputBlock("policy", plain("Build"), nil, slack.NewRadioButtonsBlockElement("policy",
				option("auto", "At once"), option("ask", "When somebody asks"))),
			slack.NewInputBlock("owner", plain("Owner"), nil, slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plain("Choose a person"), "owner")),
		}}}
}

func TestPageAsAPersonUsesIt(t *testing.T) {
	b := open(t, workspace.Options{Limits: workspace.Limits{Off: true}, Banner: "Nothing is kept after this ends."})
	b.connect(pageApp)
	plan, root := b.fixture(t)
	w := browser.Open(t, "workspace")
	w.Look(1280, 860, "light")
	w.Do("open", chromedp.Navigate(b.url+"/?token="+b.Token()), chromedp.WaitVisible(at(plan)+".table-frame"))
	if address := browser.Script[string](w, `location.search`); address != "" {
		t.Errorf("the token stays in the address: %s", address)
	}
	showChannel(w)
	w.Do("open the thread", chromedp.Click(at(root)+".thread-link"), chromedp.WaitVisible(".side .message"))
	w.Shoot("thread-1280-light")
	decline(w, b, plan)
	fillModal(w, plan)
	narrow(w, b, plan)
	w.Quiet()
}

// at selects within a message.
func at(ts string) string { return `[data-ts="` + ts + `"] ` }

// showChannel takes pictures of the channel, its top and its end, in both
// colours and widths.
func showChannel(w *browser.Window) {
	for _, scheme := range []string{"light", "dark"} {
		for name, width := range map[string]int64{"1280": 1280, "390": 390} {
			w.Look(width, 860, scheme)
			for part, at := range map[string]string{"top": "0", "end": "1e6"} {
				browser.Script[float64](w, `document.querySelector(".messages").scrollTop = `+at)
				if got := browser.Script[float64](w, `document.querySelector(".messages").scrollTop`); part == "top" && got != 0 {
					w.Errorf("scrolled to the top, the list stands at %v", got)
				}
				w.Shoot("channel-" + part + "-" + name + "-" + scheme)
			}
			if over := browser.Script[float64](w, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				w.Errorf("at %s pixels the page is %v pixels too wide", name, over)
			}
		}
	}
	w.Look(1280, 860, "light")
}

// decline opens the confirm dialog and thinks better of it.
func decline(w *browser.Window, b *bench, plan string) {
	w.Do("ask to confirm", chromedp.Click(at(plan)+".button.primary"), chromedp.WaitVisible("dialog.confirm"))
	w.Shoot("confirm-1280-light")
	w.Do("not now", chromedp.Click("dialog.confirm .button:not(.primary)"), chromedp.WaitNotPresent(chromedp.CSS("dialog")))
	if c := b.state().Counters; c["delivered"] != 0 {
		w.Errorf("the app was told %d times though nobody confirmed", c["delivered"])
	}
}

// fillModal opens the modal and leaves a required field empty.
func fillModal(w *browser.Window, plan string) {
	w.Do("open the modal", chromedp.Click(`//li[@data-ts="`+plan+`"]//button[text()="Compare in full"]`), chromedp.WaitVisible("dialog.modal"))
	w.Shoot("modal-1280-light")
	w.Do("leave it empty", chromedp.Click("dialog.modal [type=submit]"), chromedp.WaitVisible(".invalid .field-error"))
	w.Shoot("modal-errors-1280-light")
	w.Look(390, 800, "dark")
	w.Shoot("modal-390-dark")
	w.Do("close the modal", chromedp.Click(".modal .dialog-buttons .button:not(.primary)"), chromedp.WaitNotPresent(chromedp.CSS("dialog")))
}

// narrow confirms on a small screen.
func narrow(w *browser.Window, b *bench, plan string) {
	w.Shoot("thread-390-dark")
	w.Do("close the thread", chromedp.Click(`[aria-label="Close thread"]`), chromedp.WaitNotVisible("#side"))
	w.Look(390, 800, "light")
	w.Do("confirm", chromedp.Click(at(plan)+".button.primary"), chromedp.WaitVisible("dialog.confirm"))
	w.Shoot("confirm-390-light")
	w.Do("yes", chromedp.Click("dialog.confirm .primary"), chromedp.WaitNotPresent(at(plan)+".table-frame"))
	w.Shoot("confirmed-390-light")
	if m := b.messages("sites")[2]; m.Edits != 1 {
		w.Errorf("after Confirm the plan has %d edits", m.Edits)
	}
	w.Do("open the drawer", chromedp.Click(".drawer-button"), chromedp.WaitVisible("#sidebar .who"))
	w.Shoot("drawer-390-light")
}

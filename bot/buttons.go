package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/fleet"
)

const (
	maxActions = 25 // elements of an actions block
	maxLabel   = 75
	maxValue   = 2000
	maxBlockID = 255
)

// actions draws buttons. The block's id carries the subject of the message, so
// that a press tells what it was pressed on without asking Slack for the
// message; it ends in a digest of the buttons, because Slack wants a new id
// when a message changes.
func actions(about fleet.Subject, buttons []fleet.Button) []slack.Block {
	var out []slack.Block
	for len(buttons) > 0 {
		n := min(len(buttons), maxActions)
		seen := map[string]int{}
		var elements []slack.BlockElement
		for _, b := range buttons[:n] {
			elements = append(elements, button(b, seen))
		}
		out = append(out, slack.NewActionBlock(actionsID(about, len(out), buttons[:n]), elements...))
		buttons = buttons[n:]
	}
	return out
}

// button draws one button. Its action_id is the constant action; a second
// button of the same action in one block gets "#2".
func button(b fleet.Button, seen map[string]int) *slack.ButtonBlockElement {
	id := b.Action
	if id == "" {
		id = "link"
	}
	seen[id]++
	if n := seen[id]; n > 1 {
		id += "#" + strconv.Itoa(n)
	}
	el := slack.NewButtonBlockElement(id, "", plainObject(b.Label, maxLabel))
	if u := safeURL(b.URL); u != "" {
		el.URL = u
		return el
	}
	if len(b.Value) <= maxValue {
		el.Value = b.Value // never cut: half an id is another id
	}
	switch b.Style {
	case fleet.Primary:
		el.Style = slack.StylePrimary
	case fleet.Danger:
		el.Style = slack.StyleDanger
	}
	if b.Confirm != nil {
		el.Confirm = confirm(*b.Confirm, el.Style)
	}
	return el
}

func confirm(a fleet.Ask, style slack.Style) *slack.ConfirmationBlockObject {
	yes, no := a.Yes, a.No
	if yes == "" {
		yes = "Yes"
	}
	if no == "" {
		no = "No"
	}
	c := slack.NewConfirmationBlockObject(plainObject(a.Title, 100), plainObject(a.Text, 300), plainObject(yes, 30), plainObject(no, 30))
	c.Style = style
	return c
}

// actionOf gives the constant action of an action_id.
func actionOf(id string) string {
	action, _, _ := strings.Cut(id, "#")
	return action
}

// actionsID makes "SUBJECT~N~DIGEST"; without a subject, or with one that is
// too long, the first part is empty.
func actionsID(about fleet.Subject, n int, buttons []fleet.Button) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", buttonKeys(buttons)))
	tail := fmt.Sprintf("~%d~%s", n, hex.EncodeToString(sum[:4]))
	if len(about)+len(tail) > maxBlockID {
		about = ""
	}
	return string(about) + tail
}

func buttonKeys(buttons []fleet.Button) []string {
	var out []string
	for _, b := range buttons {
		out = append(out, b.Action, b.Value, b.Label)
	}
	return out
}

// subjectOf reads the subject back from an actions block's id.
func subjectOf(blockID string) fleet.Subject {
	i := strings.LastIndexByte(blockID, '~')
	if i < 0 {
		return ""
	}
	i = strings.LastIndexByte(blockID[:i], '~')
	if i < 0 {
		return ""
	}
	return fleet.Subject(blockID[:i])
}

package aegir

import (
	"strings"

	"github.com/distrobot/distrobot/internal/job"
)

// How a followed task ended.
type ending int

const (
	endGood   ending = iota
	endFailed        // Aegir says so
	endHeavy         // refused before it began
	endNever         // the program is gone and left nothing
)

// verdict says how a task ended whose program has. state is "gone" or "ended N".
func (f *following) verdict(state, said string) (ending, error) {
	begun := f.nid != 0
	code, ended := strings.CutPrefix(state, "ended ")
	switch {
	case begun && (f.status == taskDone || f.status == taskWarning):
		return endGood, nil
	case begun && f.status == taskFailed && code == "1": // of a killed one nobody went back, whatever a second run says
		return endFailed, nil
	case begun:
		return 0, f.interrupted()
	case !ended:
		return endNever, nil
	case strings.Contains(said, "load on system too heavy"):
		return endHeavy, nil
	case code == "0" && f.Of == 0:
		return endGood, nil
	}
	f.bad = strings.TrimSpace(strings.TrimSuffix(lastLine(said), "[error]"))
	return endFailed, nil
}

// interrupted asks a person about a task that was killed, with what there is to look
// at. Of a migrate, provision's own drush may go on without the one that was killed,
// and a second run fails because the site is not where Aegir has it (seen on a
// real Aegir).
func (f *following) interrupted() error {
	look := "Look at it in Aegir."
	if f.Type == "migrate" || f.Type == "restore" {
		look = "Look whether drush still runs there, on which platforms the site's directory is, and whether its database fits its code; then make the site whole in Aegir."
	}
	if f.status == taskFailed {
		look = "Another run of it has failed: " + sentence(orDefault(f.bad, "its log does not say why")) + " " + look
	}
	return job.Ask("Aegir's task to %s was interrupted (node %d); nobody can tell how far it came. %s", verb(f.Type), f.nid, look)
}

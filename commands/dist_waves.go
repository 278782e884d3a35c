package commands

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// setWaves sets one option of how a distribution's plans move their sites. An
// empty value is the default.
func setWaves(p *fleet.Policy, name, value string) error {
	none := value == "" || strings.EqualFold(value, "none")
	switch name {
	case "waves":
		w, err := fleet.ParseWaves(value)
		if p.Waves = w.String(); value == "" || p.Waves == fleet.DefaultWaves {
			p.Waves = ""
		}
		return err
	case "canary":
		if p.Canary = strings.ToLower(value); none {
			p.Canary = ""
		} else if tag, tagged := cutFold(value, "tag:"); tagged {
			p.Canary = "tag:" + tag
		} else if u, err := fleet.ParseURI(value); err == nil {
			p.Canary = string(u)
		}
	case "window":
		if p.Window = value; none {
			p.Window = ""
		}
		_, err := fleet.ParseWindow(p.Window, "")
		return err
	case "failures":
		return setBudget(p, value)
	}
	if name == "at-once" || name == "per-host" {
		to := map[string]*int{"at-once": &p.AtOnce, "per-host": &p.PerHost}[name]
		if none {
			value = "0"
		}
		return number(to, value, 0, 10000)
	}
	return nil
}

// setBudget reads a number of sites, or a share of those that a plan moves.
func setBudget(p *fleet.Policy, value string) error {
	digits, share := strings.CutSuffix(value, "%")
	n, err := strconv.Atoi(strings.TrimSpace(digits))
	switch {
	case value == "":
		p.Failures, p.FailShare = 0, 0
	case err != nil || share && (n < 1 || n > 100) || n < -1 || n > 100000:
		return fleet.Errorf(fleet.Invalid, "%q is not a failure budget.", fleet.Clean(value, 40)).WithHint("It is a number of sites, a share of them such as 5%%, or -1 for any.")
	case share:
		p.Failures, p.FailShare = 0, n
	default:
		p.Failures, p.FailShare = n, 0
	}
	return nil
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// budget says how many failures a policy tolerates.
func budget(p fleet.Policy) string {
	switch {
	case p.FailShare > 0:
		return fmt.Sprintf("%d%%", p.FailShare)
	case p.Failures < 0:
		return "any number"
	}
	return strconv.Itoa(p.Failures)
}

// waveText says how plans of a distribution move their sites.
func waveText(p fleet.Policy) string {
	waves, atOnce := p.Waves, p.AtOnce
	if waves == "" {
		waves = fleet.DefaultWaves
	}
	if atOnce == 0 {
		atOnce = fleet.DefaultAtOnce
	}
	out := fmt.Sprintf("%s; at most %s at once", waves, fleet.Plural(atOnce, "site", "sites"))
	if p.PerHost > 0 {
		out += fmt.Sprintf(" and %d on a host", p.PerHost)
	}
	if p.Canary != "" {
		out += "; first " + fleet.Clean(p.Canary, 80)
	}
	return out + "; pauses after more failures than " + budget(p)
}

// waveInputs are the inputs of a form for how plans move their sites.
func waveInputs(p fleet.Policy) []fleet.Input {
	failures := strconv.Itoa(p.Failures)
	if p.FailShare > 0 {
		failures = fmt.Sprintf("%d%%", p.FailShare)
	}
	atOnce := ""
	if p.AtOnce > 0 {
		atOnce = strconv.Itoa(p.AtOnce)
	}
	return []fleet.Input{
		{Name: "waves", Label: "Waves of a plan", Placeholder: fleet.DefaultWaves, Hint: "Numbers of sites and shares of all.", Initial: p.Waves, Optional: true},
		{Name: "canary", Label: "Moved first", Placeholder: "shop.example.org or tag:canary", Initial: p.Canary, Optional: true},
		{Name: "at-once", Label: "Sites under way at once", Placeholder: strconv.Itoa(fleet.DefaultAtOnce), Initial: atOnce, Optional: true},
		{Name: "failures", Label: "Failures before a plan pauses", Placeholder: "3 or 5%", Initial: failures, Optional: true},
		{Name: "window", Label: "Maintenance window", Placeholder: "Mon-Fri 22:00-05:00 Europe/Zurich", Hint: "Leave it empty for always.", Initial: p.Window, Optional: true},
	}
}

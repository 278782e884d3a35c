package commands

import (
	"slices"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// distOptions are the settings of a distribution, for add and edit.
var distOptions = [...]Option{
	{"url", "URL", "the git repository"},
	{"source", "git|makefile:PATH|composer[:DIR]", "how a checkout becomes a platform (git)"},
	{"branch", "NAME", "follow a branch"},
	{"tags", "EXPRESSION", `follow tags that match, such as '1\.\d+\.\d+'`},
	{"versions", "RANGE", "follow tags in a range, such as ^10.2, ~1.4 or 7.x-3.*"},
	{"kind", "KIND", "drupal, backdrop, wordpress or generic; auto finds out when it builds (auto)"},
	{"build", "ask|auto", "build new versions at once, or ask first (ask)"},
	{"target", "ask|auto", "make a ready build the upgrade target, or ask first (ask)"},
	{"channel", "CHANNEL", "where it is announced"},
	{"wait", "HOURS", "a version counts as ready so long after it was announced (0)"},
	{"hurry-security", "yes|no", "releases that say they mend a security hole skip --wait; they are approved like any other (no)"},
	{"quiet-hours", "HH:MM-HH:MM [ZONE]", "only security releases are announced meanwhile; none for no such hours"},
	{"self-approval", "yes|no", "people may confirm their own requests (no)"},
	{"confirm-on-page", "yes|no", "plans may be confirmed on the page of their comparison, too, by the same rules (no)"},
	{"approval", "one|none", "none: sites with the tag of --free upgrade without a press (one)"},
	{"free", "TAG", "the tag of sites that upgrade without a press"},
	{"waves", "SIZE, SIZE …", "how a plan moves its sites: numbers of sites and shares of all (1, 10%, rest)"},
	{"canary", "SITE|tag:TAG", "what is moved first"},
	{"at-once", "NUMBER", "sites of a plan under way at once (50)"},
	{"per-host", "NUMBER", "of them on one host; 0 for no limit of its own (0)"},
	{"failures", "NUMBER|SHARE%", "failures a plan tolerates before it pauses; -1 for any (0)"},
	{"window", "[DAYS] HH:MM-HH:MM [ZONE]", "sites are moved only then, by their own zone's clocks if they have one; none for always"},
	{"backup", "HOURS", "back each site up so often; 0 for never (0)"},
	{"backups", "NUMBER", "backups kept of a site (7)"},
	{"rehearse", "yes|no", "try each move on a copy of the site first (no)"},
	{"look", "no|ask|skip", "compare how pages look before and after each move; where they cannot be looked at, ask a person or skip it (no)"},
	{"expiry", "HOURS", "until an undecided plan expires (24)"},
	{"keep", "HOURS", "an old copy of a site is kept (168)"},
	{"platforms", "NUMBER", "newest platforms that are kept without sites (3)"},
	{"retire", "ask|auto", "remove older platforms without sites by itself, or offer it in the digest (ask)"},
}

// kinds are the kinds of site distrobot knows.
var kinds = [...]string{string(fleet.AutoKind), "generic", "drupal", "backdrop", "wordpress"}

// setDist applies options to a distribution. An error is a wrongInput that names
// the option.
func setDist(d *fleet.Distribution, opts map[string]string) error {
	for _, o := range distOptions {
		value, given := opts[o.Name]
		if !given {
			continue
		}
		if err := setOne(d, o.Name, strings.TrimSpace(value)); err != nil {
			return wrong(o.Name, err)
		}
	}
	if opts["branch"] != "" && opts["tags"] != "" {
		return wrong("tags", fleet.Errorf(fleet.Invalid, "A distribution follows either a branch or tags.").WithHint("Give one of --branch and --tags."))
	}
	if opts["versions"] != "" && (opts["branch"] != "" || opts["tags"] != "") {
		return wrong("versions", fleet.Errorf(fleet.Invalid, "A distribution follows one of a branch, tags and a range of versions.").WithHint("Give one of --branch, --tags and --versions."))
	}
	if d.URL == "" && !d.Track.None() {
		return wrong("url", fleet.Errorf(fleet.Invalid, "Without a repository there is nothing to follow.").WithHint("Give --url as well."))
	}
	return nil
}

func setOne(d *fleet.Distribution, name, value string) error {
	p := &d.Policy
	switch name {
	case "url":
		d.URL = value
	case "source":
		return setSource(d, value)
	case "branch":
		setTrack(&d.Track, &d.Track.Branch, strings.TrimPrefix(value, "refs/heads/"))
	case "tags":
		setTrack(&d.Track, &d.Track.Tags, value)
		_, err := d.Track.Expr()
		return err
	case "versions":
		setTrack(&d.Track, &d.Track.Versions, value)
		if value != "" {
			_, err := fleet.ParseConstraint(value)
			return err
		}
	case "kind":
		return choose((*string)(&d.Kind), value, kinds[:])
	case "build":
		return choose((*string)(&p.Build), value, []string{"ask", "auto"})
	case "target":
		return choose((*string)(&p.Target), value, []string{"ask", "auto"})
	case "channel":
		p.Channel = strings.TrimPrefix(value, "#")
	case "wait":
		return number(&p.Wait, value, 0, 24*90)
	case "quiet-hours":
		if d.Hush.Hours = value; strings.EqualFold(value, "none") {
			d.Hush.Hours = ""
		}
	case "approval":
		return choose(&p.Approval, value, []string{"one", "none"})
	case "free":
		p.Free = value
	case "self-approval":
		return chooseYes(&p.Self, value)
	case "backup":
		return number(&p.Backup, value, 0, 24*90)
	case "backups":
		return number(&p.Backups, value, 1, 1000)
	case "rehearse":
		return chooseYes(&p.Rehearse, value)
	case "look":
		return setLook(&p.Look, value)
	case "waves", "canary", "at-once", "per-host", "failures", "window":
		return setWaves(p, name, value)
	case "confirm-on-page":
		return chooseYes(&p.OnPage, value)
	case "hurry-security":
		return chooseYes(&p.Hurry, value)
	case "expiry":
		return number(&p.Expiry, value, 1, 24*90)
	case "keep":
		return number(&p.Keep, value, 1, 24*365)
	case "platforms":
		return number(&p.Platforms, value, 1, 1000)
	case "retire":
		return choose((*string)(&p.Retire), value, []string{"ask", "auto"})
	}
	return nil
}

// setLook reads "no", "ask" or "skip".
func setLook(l *fleet.Looking, value string) error {
	err := choose(&value, value, []string{"no", string(fleet.LookOrAsk), string(fleet.LookOrSkip)})
	if err == nil {
		*l = fleet.Looking(strings.TrimPrefix(value, "no"))
	}
	return err
}

// setTrack sets one way of following and, when something is given, drops the
// others.
func setTrack(t *fleet.Track, one *string, value string) {
	if value != "" {
		*t = fleet.Track{}
	}
	*one = value
}

// setSource reads "git", "makefile:PATH", "composer" and "composer:DIR".
func setSource(d *fleet.Distribution, value string) error {
	kind, path, _ := strings.Cut(value, ":")
	kind = strings.ToLower(kind)
	switch {
	case kind == "" || kind == "git" && path == "":
		d.Source = fleet.Source{Type: "git"}
		return nil
	case kind == "makefile" && path != "", kind == "composer":
		if !inside(path) {
			return fleet.Errorf(fleet.Invalid, "%q leaves the repository.", fleet.Clean(path, 80)).WithHint("Give a path inside it, without .. and without a leading slash.")
		}
		d.Source = fleet.Source{Type: kind, Path: path}
		return nil
	}
	return fleet.Errorf(fleet.Invalid, "%q is not a source.", fleet.Clean(value, 60)).WithHint("Say git, makefile:PATH or composer[:DIR].")
}

// inside reports whether a relative path stays in its tree. "" is the tree.
func inside(path string) bool {
	if strings.HasPrefix(path, "/") || strings.HasPrefix(path, "-") || strings.ContainsAny(path, "\\\x00") || len(path) > 200 {
		return false
	}
	return !slices.Contains(strings.Split(path, "/"), "..")
}

func chooseYes(to *bool, value string) error {
	yes := ""
	err := choose(&yes, value, []string{"yes", "no"})
	*to = yes == "yes"
	return err
}

func choose(to *string, value string, from []string) error {
	value = strings.ToLower(value)
	if !slices.Contains(from, value) {
		return fleet.Errorf(fleet.Invalid, "%q is not one of %s.", fleet.Clean(value, 40), strings.Join(from, ", "))
	}
	*to = value
	return nil
}

func number(to *int, value string, low, high int) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		return fleet.Errorf(fleet.Invalid, "%q is not a number from %d to %d.", fleet.Clean(value, 40), low, high)
	}
	*to = n
	return nil
}

// wrongInput is an error about one input of a form or option of a command.
type wrongInput struct {
	input string
	err   error
}

func wrong(input string, err error) error {
	if err == nil {
		return nil
	}
	return &wrongInput{input, err}
}

// Error and Unwrap give the cause, which is what people read.
func (w *wrongInput) Error() string { return w.err.Error() }

// Unwrap gives the cause.
func (w *wrongInput) Unwrap() error { return w.err }

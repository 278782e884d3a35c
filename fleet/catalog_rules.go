package fleet

import (
	"path"
	"regexp"
	"strings"
)

// CheckDistribution says in one sentence what is wrong with a distribution as
// people typed it. It does not look at the repository: a Prober does, before.
func CheckDistribution(d Distribution) error {
	if err := CheckDistName(string(d.Name)); err != nil {
		return err
	}
	if d.Kind == "" {
		return Errorf(Invalid, "A distribution needs a kind.").WithHint("For example --kind generic.")
	}
	if d.URL == "" && !d.Track.None() {
		return Errorf(Invalid, "There is nothing to track without a repository.").WithHint("Add its URL, or leave out the branch and the tags.")
	}
	if err := checkTrack(d.Track); err != nil {
		return err
	}
	if err := d.Hush.check(); err != nil {
		return err
	}
	if err := CheckPattern(d.Adopts); err != nil {
		return err
	}
	if strings.ContainsAny(d.Track.Branch, " ~^:?*[\\\x00\n") || strings.HasPrefix(d.Track.Branch, "-") || len(d.Track.Branch) > 200 {
		return Errorf(Invalid, "%q cannot be the name of a branch.", Clean(d.Track.Branch, 60))
	}
	if err := checkSource(d); err != nil {
		return err
	}
	return checkPolicy(d.Policy)
}

func checkTrack(t Track) error {
	if bit(t.Branch != "")+bit(t.Tags != "")+bit(t.Versions != "") > 1 {
		return Errorf(Invalid, "A distribution follows a branch, tags by an expression or versions in a range, not both.")
	}
	_, err := t.chooser()
	return err
}

func checkSource(d Distribution) error {
	switch d.Source.Type {
	case "", "git", "makefile", "composer":
	default:
		return Errorf(Invalid, "%q is not a kind of source.", Clean(d.Source.Type, 40)).WithHint("It is git, makefile or composer.")
	}
	p := d.Source.Path
	if p == "" {
		if d.Source.Type == "makefile" {
			return Errorf(Invalid, "A makefile source needs the path of the makefile.").WithHint("For example --path distro.make.yml.")
		}
		return nil
	}
	if path.IsAbs(p) || path.Clean(p) != p || p == ".." || strings.HasPrefix(p, "../") || strings.HasPrefix(p, "-") ||
		strings.ContainsAny(p, "\\\x00\n") || len(p) > 200 {
		return Errorf(Invalid, "%q is not a path inside the repository.", Clean(p, 80)).
			WithHint("Type it from the top of the repository, without dots that go up.")
	}
	return nil
}

func checkPolicy(p Policy) error {
	for _, a := range []Auto{p.Build, p.Target, p.Retire} {
		if a != "" && a != AskFirst && a != Automatic {
			return Errorf(Invalid, "%q is neither ask nor auto.", Clean(string(a), 40))
		}
	}
	switch {
	case p.Approval != "" && p.Approval != "one" && p.Approval != "none":
		return Errorf(Invalid, "%q is not an approval rule.", Clean(p.Approval, 40)).WithHint("It is one or none.")
	case p.Approval == "none" && p.Free == "":
		return Errorf(Invalid, "Upgrades without approval are for tagged sites only.").WithHint("Name the tag, for example --free staging.")
	case p.Failures < -1:
		return Errorf(Invalid, "The failure budget is a number of sites, or -1 for any.")
	case p.Expiry < 0 || p.Expiry > 24*60:
		return Errorf(Invalid, "Plans expire after 1 to 1440 hours.")
	case p.Wait < 0 || p.Wait > 24*90:
		return Errorf(Invalid, "A version waits 0 to 2160 hours until it counts as ready.")
	case p.Keep < 0 || p.Keep > 24*365:
		return Errorf(Invalid, "Old copies of sites are kept for 1 to 8760 hours.")
	}
	if p.Look != LookNever && p.Look != LookOrAsk && p.Look != LookOrSkip {
		return Errorf(Invalid, "%q does not say what is done where pages cannot be looked at.", Clean(string(p.Look), 40)).WithHint("It is ask or skip.")
	}
	if err := checkWaves(p); err != nil {
		return err
	}
	if p.Platforms < 0 || p.Platforms > 1000 {
		return Errorf(Invalid, "Of a distribution 1 to 1000 platforms are kept.")
	}
	if p.Free != "" {
		return CheckTag(p.Free)
	}
	return nil
}

var tagName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// CheckTag refuses tags that cannot be typed or be part of an index's name.
func CheckTag(t string) error {
	if !tagName.MatchString(t) {
		return Errorf(Invalid, "%q cannot be a tag.", Clean(t, 60)).
			WithHint("Use up to 40 letters, digits, dots, dashes and underscores.")
	}
	return nil
}

// sameRules reports whether two values of a distribution authorise the same
// work: what is built from where, and who decides. Where it is announced and
// how long things are kept is no part of that.
func sameRules(a, b Distribution) bool {
	rules := func(d Distribution) Distribution {
		return Distribution{Kind: d.Kind, URL: d.URL, Source: d.Source, Track: d.Track, Policy: Policy{
			Approval: d.Policy.Approval, Free: d.Policy.Free, Self: d.Policy.Self, Failures: d.Policy.Failures, FailShare: d.Policy.FailShare,
			Waves: d.Policy.Waves, Canary: d.Policy.Canary, AtOnce: d.Policy.AtOnce, PerHost: d.Policy.PerHost, Window: d.Policy.Window, Hurry: d.Policy.Hurry,
		}}
	}
	return rules(a) == rules(b)
}

// editDistribution is the rule of Edit: change may alter what people set; what
// the services keep stays as it was, and Rules rises when it must.
func editDistribution(d Distribution, change func(*Distribution) error) (Distribution, error) {
	next := d
	if err := change(&next); err != nil {
		return d, err
	}
	next.Name, next.Target, next.Rules, next.Builds = d.Name, d.Target, d.Rules, d.Builds
	next.Created, next.By, next.News = d.Created, d.By, d.News
	if next.URL != "" && next.Source.Type == "" {
		next.Source.Type = "git"
	}
	if err := CheckDistribution(next); err != nil {
		return d, err
	}
	if !sameRules(d, next) {
		next.Rules++
	}
	return next, nil
}

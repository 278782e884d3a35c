package kind

import (
	"bytes"
	"context"
	"path"
	"slices"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// wordpressIgnored are tables that WordPress writes while nobody does anything
// worth keeping: a site whose new copy had no other writes may be rolled back
// without asking anybody.
//
//   - options and sitemeta hold transients, cron's list and locks, rewrite rules:
//     a plain visit writes them. Settings are there too, but somebody who saves
//     some has just upgraded the site, and does not walk away within the soak.
//   - usermeta gets a session token with every login. A new account, a new
//     password and WordPress's own rehash of one are in users, which counts.
//   - Action Scheduler's log and claims only say that its queue runs. The queue
//     itself counts: what it ran may have sent a mail or charged a card, and the
//     old copy would do so again.
//   - carts of visitors who have not ordered yet.
//
// Posts, their fields, comments, terms, accounts and orders count.
var wordpressIgnored = []string{
	"*_options", "*_sitemeta", "*_usermeta",
	"*_actionscheduler_logs", "*_actionscheduler_claims", "*_woocommerce_sessions",
}

// wordpressCheck is what a front page of any theme is. A site whose theme is
// missing answers 200 with no byte, and one that died half-way lacks the end.
var wordpressCheck = hosting.Check{Path: "/", Status: 200, MinBytes: 256, Marker: "</html>"}

// App implements hosting.Kind. What distrobot.yml says is kept: its paths are
// added to the uploads, its check takes the place of ours, its commands run
// after ours, and settings that it renders to wp-config.php are the only ones.
func (k wordpress) App(t hosting.Tree) hosting.App {
	a := appOf(t)
	a.PHP = true
	if a.Database == nil {
		a.Database = &hosting.Need{Engine: "mysql"}
	}
	a.Database.Ignored = append(slices.Clone(wordpressIgnored), a.Database.Ignored...)
	a.Check = checkOf(a.Check, wordpressCheck)
	in, err := openTree(t)
	if err != nil {
		return a
	}
	defer in.Close()
	c, found := k.core(in)
	if !found {
		// Nothing can be laid out of it; Settings says so.
		a.Settings = func(hosting.Place) ([]hosting.File, error) { return nil, errNoWordPress() }
		return a
	}
	a.Docroot = c.docroot
	a.Shared = withPath(t.Spec, path.Join(c.docroot, c.content, "uploads"))
	w := wordpressSite{wordpressCore: c, tree: t, cli: wordpressCLI(in), network: c.speaksOfNetwork(in)}
	theirs := a.Update
	a.Settings, a.Install, a.Login, a.Cron, a.Rename = w.settings, w.install, w.login, w.cron, w.rename
	a.Update = func(p hosting.Place) []hosting.Program {
		all := w.update(p)
		if theirs != nil {
			all = append(all, theirs(p)...)
		}
		return all
	}
	if install := appOf(t).Install; install != nil {
		a.Install = func(p hosting.Place) []hosting.Program { return append(w.install(p), install(p)...) }
	}
	a.Runs = append([]string{w.updateSays()}, a.Runs...)
	a.Inspect = func(ctx context.Context, q hosting.Query, p hosting.Place) (fleet.SiteSchema, error) {
		return wordpressDatabase{ctx, q}.inspect(p.Database)
	}
	a.Found = w.found
	return a
}

// speaksOfNetwork tells whether the tree's own settings, or their template, are
// those of a network of sites. Ours never are.
func (c wordpressCore) speaksOfNetwork(in tree) bool {
	at := path.Join(c.docroot, "wp-config.php")
	files := []string{at, "config/application.php"}
	for from, to := range in.spec.Settings {
		if to == at {
			files = append(files, from)
		}
	}
	return slices.ContainsFunc(files, func(name string) bool {
		return bytes.Contains(in.file(name, maxPHP), []byte("MULTISITE"))
	})
}

func errNoWordPress() error {
	return fleet.Errorf(fleet.Refused, "The platform holds no WordPress: wp-includes/version.php is in none of the places where it is looked for.").
		WithHint("Say the docroot in " + hosting.SpecFile + "; with Composer, WordPress must be installed when the platform is built.")
}

package commands_test

import (
	"fmt"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

func tag(v, commit string) fleet.Ref {
	return fleet.Ref{Name: "refs/tags/" + v, Hash: commit, Commit: commit, Version: v}
}

func branch(name, commit string) fleet.Ref {
	return fleet.Ref{Name: "refs/heads/" + name, Hash: commit, Commit: commit}
}

const (
	oldCommit = "1111111aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	newCommit = "2222222bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func commits(n int) []fleet.Commit {
	out := make([]fleet.Commit, n)
	for i := range out {
		out[i] = fleet.Commit{Hash: fmt.Sprintf("%07x%033d", 0xabc0000+i, i), Author: "Ada", At: noon, Subject: fmt.Sprintf("Fix <b>thing</b> & number %d", n-i)}
	}
	return out
}

func counts(ns ...int) []fleet.PlatformCount {
	out := []fleet.PlatformCount{}
	for i, n := range ns {
		out = append(out, fleet.PlatformCount{Platform: fleet.Platform{Name: fleet.PlatformName(fmt.Sprintf("atrium-1.%d.0", i))}, Sites: n})
	}
	return out
}

func newsCases() map[string]fleet.Message {
	base := fleet.Announcement{ID: "atrium/3", Distribution: "atrium", From: tag("1.0.0", oldCommit), To: tag("1.1.0", newCommit), Moves: 1,
		Commits: commits(7), Total: 12, State: fleet.NewsOpen, At: noon, Channel: "C1", Web: "https://git.example.org/compare/1.0.0...1.1.0", Others: []string{"1.0.5"}}
	ready := fleet.Platform{Name: "atrium-1.1.0", Distribution: "atrium", State: fleet.PlatformReady, Took: map[fleet.HostName]fleet.Duration{"local": 4200}}
	task := fleet.Task{ID: "t1", Steps: []fleet.StepRecord{{Name: "fetch", State: fleet.StepDone}, {Name: "lay out", State: fleet.StepStarted}, {Name: "verify", State: fleet.StepWaiting}}}
	dist := fleet.Distribution{Name: "atrium", Target: "atrium-1.1.0"}
	tell := func(change func(*fleet.NewsView)) fleet.Message {
		v := fleet.NewsView{News: base, Distribution: fleet.Distribution{Name: "atrium", Target: "atrium-1.0.0"}, Counts: counts(3)}
		change(&v)
		return fleet.TellNews(v)
	}
	return map[string]fleet.Message{
		"open_tag": tell(func(*fleet.NewsView) {}),
		"released": tell(func(v *fleet.NewsView) {
			v.News.Security, v.News.Released, v.News.Page = true, true, "https://git.example.org/releases/1.1.0"
			v.News.Note = "Spring release\nWhat's new\n– Pages are cached for visitors\nFixes CVE-2026-12345."
			v.News.Locks = []fleet.LockChange{
				{Path: "composer.lock", More: 10, Rows: []fleet.Row{{Package: "drupal/core", From: "10.2.6", To: "10.3.1", Change: fleet.Upgraded},
					{Package: "drupal/token", From: "1.13.0", To: "1.12.0", Change: fleet.Downgraded}, {Package: "drupal/views_slideshow", From: "5.0.0", Change: fleet.Removed}}},
				{Path: "web/package-lock.json", Rows: []fleet.Row{{Package: "left-pad", To: "1.3.0", Change: fleet.Added}, {Package: "lib", From: "dev-main#1a2b3c4", To: "dev-main#5d6e7f8", Change: fleet.Changed}}},
			}
		}),
		"open_first": tell(func(v *fleet.NewsView) {
			v.News.From, v.News.Commits, v.News.Total, v.Counts = fleet.Ref{}, nil, -1, nil
		}),
		"open_branch": tell(func(v *fleet.NewsView) {
			v.News.From, v.News.To = branch("main", oldCommit), branch("main", newCommit)
			v.News.Commits, v.News.Total, v.News.Others, v.Counts = commits(3), 3, nil, counts(8, 3, 2, 1, 1)
		}),
		"moved_tag": tell(func(v *fleet.NewsView) { v.News.From, v.News.Rewritten = tag("1.1.0", oldCommit), true }),
		"rewritten_branch": tell(func(v *fleet.NewsView) {
			v.News.From, v.News.To, v.News.Rewritten = branch("main", oldCommit), branch("main", newCommit), true
		}),
		"snoozed": tell(func(v *fleet.NewsView) {
			v.News.State, v.News.Until, v.News.By = fleet.NewsSnoozed, after(24*time.Hour), bob
		}),
		"building": tell(func(v *fleet.NewsView) {
			v.News.State, v.News.Platform, v.News.By, v.Task = fleet.NewsBuilding, "atrium-1.1.0", bob, task
		}),
		"building_unserved": tell(func(v *fleet.NewsView) {
			v.News.State, v.News.Platform, v.News.By = fleet.NewsBuilding, "atrium-1.1.0", policy
		}),
		"built_target": tell(func(v *fleet.NewsView) {
			v.News.State, v.News.Platform, v.News.By, v.Platform, v.Distribution = fleet.NewsBuilt, "atrium-1.1.0", bob, ready, dist
		}),
		"built_not_target": tell(func(v *fleet.NewsView) {
			v.News.State, v.News.Platform, v.News.By, v.Platform = fleet.NewsBuilt, "atrium-1.1.0", bob, ready
		}),
		"failed": tell(func(v *fleet.NewsView) {
			v.News.State, v.News.Platform, v.News.By = fleet.NewsFailed, "atrium-1.1.0", bob
			v.Platform = fleet.Platform{Name: "atrium-1.1.0", State: fleet.PlatformFailed, Reason: "The verification \"make check\" ended with status 2"}
		}),
		"superseded": tell(func(v *fleet.NewsView) { v.News.State = fleet.NewsSuperseded }),
	}
}

func platformCases() map[string]fleet.Message {
	base := fleet.Platform{Name: "atrium-1.1.0", Distribution: "atrium", Ref: tag("1.1.0", newCommit), State: fleet.PlatformQueued, Created: noon, By: bob}
	facts := fleet.PlatformFacts{Files: 18000, Packages: make([]fleet.Package, 42)}
	tell := func(change func(*fleet.PlatformView)) fleet.Message {
		v := fleet.PlatformView{Platform: base, Distribution: fleet.Distribution{Name: "atrium", Target: "atrium-1.1.0"}, Counts: counts(1)}
		change(&v)
		return fleet.TellPlatform(v)
	}
	return map[string]fleet.Message{
		"queued": tell(func(*fleet.PlatformView) {}),
		"ready_target": tell(func(v *fleet.PlatformView) {
			v.Platform.State, v.Facts, v.Known = fleet.PlatformReady, facts, true
			v.Platform.Took = map[fleet.HostName]fleet.Duration{"local": 65000}
		}),
		"ready_not_target": tell(func(v *fleet.PlatformView) {
			v.Platform.State, v.Distribution.Target = fleet.PlatformReady, "atrium-1.0.0"
		}),
		"ready_alone": tell(func(v *fleet.PlatformView) {
			v.Platform.State, v.Platform.Distribution, v.Distribution = fleet.PlatformReady, "", fleet.Distribution{}
		}),
		"building": tell(func(v *fleet.PlatformView) {
			v.Platform.State = fleet.PlatformBuilding
			v.Task = fleet.Task{ID: "01task", State: fleet.TaskRunning, Steps: []fleet.StepRecord{{Name: "fetch", Title: "fetch the code", State: fleet.StepStarted}}}
			v.Log = []fleet.LogLine{{Text: "views 7.x-3.24 -> sites/all/modules/views"}, {Text: "token <7.x-1.9> -> sites/all/modules/token"}}
		}),
		"failed": tell(func(v *fleet.PlatformView) {
			v.Platform.State, v.Platform.Reason = fleet.PlatformFailed, "The disk is full"
		}),
		"retired": tell(func(v *fleet.PlatformView) { v.Platform.State = fleet.PlatformRetired }),
	}
}

func taskCases() map[string]fleet.Message {
	base := fleet.Task{ID: "01jd0000000000000000000001", Kind: fleet.TaskCreate, Host: "web1", About: "shop.example.org", By: bob, Created: noon,
		State: fleet.TaskQueued, Steps: []fleet.StepRecord{{Name: "make database", State: fleet.StepDone}, {Name: "install", State: fleet.StepStarted}}}
	tell := func(change func(*fleet.Task)) fleet.Message {
		x := base
		change(&x)
		return fleet.TellTask(x)
	}
	return map[string]fleet.Message{
		"queued":  tell(func(*fleet.Task) {}),
		"running": tell(func(x *fleet.Task) { x.State = fleet.TaskRunning }),
		"held":    tell(func(x *fleet.Task) { x.State, x.Reason = fleet.TaskHeld, "The worker died during this step" }),
		"looks": tell(func(x *fleet.Task) {
			x.Kind, x.State, x.Reason = fleet.TaskMigrate, fleet.TaskHeld, "page /, 390 px: 14 % differs, 0.2 % is this page's noise"
			x.Steps[1] = fleet.StepRecord{Name: fleet.StepLookAfter, Title: "look at the new copy", State: fleet.StepUnknown}
		}),
		"done":      tell(func(x *fleet.Task) { x.State, x.Begun, x.Ended = fleet.TaskDone, noon, after(75*time.Second) }),
		"failed":    tell(func(x *fleet.Task) { x.State, x.Reason = fleet.TaskFailed, "The address answers with status 500." }),
		"cancelled": tell(func(x *fleet.Task) { x.State, x.Reason = fleet.TaskCancelled, "Cancelled by bob" }),
	}
}

func lookCases() map[string]fleet.Message {
	page := func(path string, width int, differs, noise float64) fleet.Sight {
		return fleet.Sight{Path: path, Width: width, Differs: differs, Noise: noise, Threshold: 0.01}
	}
	tell := func(change func(*fleet.Look)) fleet.Message {
		l := fleet.Look{Task: "01jd0000000000000000000001", Host: "web1", Site: "shop.example.org", Policy: fleet.LookOrAsk, At: noon,
			Pages: []fleet.Sight{page("/", 390, 0, 0), page("/", 1280, 0.004, 0.002)}}
		change(&l)
		var pictures []fleet.Picture
		for _, p := range l.Pages {
			pictures = append(pictures, fleet.Picture{Alt: fleet.TellSight(p)})
		}
		return fleet.TellLook(l, pictures)
	}
	return map[string]fleet.Message{
		"same": tell(func(*fleet.Look) {}),
		"otherwise": tell(func(l *fleet.Look) {
			l.Pages[1].Differs, l.Pages[1].Note, l.Blocked = 0.14, "it answers 500, before 200", []string{"fonts.example.com"}
		}),
		"never the same": tell(func(l *fleet.Look) { l.Pages[0].Noise, l.Policy = 0.2, fleet.LookOrSkip }),
		"unable":         tell(func(l *fleet.Look) { l.Pages, l.Unable = nil, "host web1: there is no Chromium" }),
		"one crashed":    tell(func(l *fleet.Look) { l.Pages[1].Wrong = "it took longer than 30s" }),
	}
}

func alarmCases() map[string]fleet.Message {
	a := fleet.Alarm{ID: "a1", Title: "The repository of atrium cannot be read", Text: "The server answers with status 403", Tone: fleet.Warn, About: "atrium", At: noon}
	over := a
	over.Over, over.Ended = true, after(time.Hour)
	button := a
	button.Title, button.Text = "shop.example.org is worse than before its upgrade", "It answers with status 500 since 12:01, and 3 orders were written since"
	button.Tone, button.Buttons = fleet.Bad, []fleet.Button{{Action: fleet.ActRollback, Label: "Roll back shop.example.org", Value: "shop.example.org|7", Style: fleet.Danger}}
	return map[string]fleet.Message{"on": fleet.TellAlarm(a), "over": fleet.TellAlarm(over), "site": fleet.TellAlarm(button)}
}

func digestCases() map[string]fleet.Message {
	standing := func(d string, out int, behind ...int) fleet.Standing {
		return fleet.Standing{Distribution: fleet.Distribution{Name: fleet.DistName(d), Target: fleet.PlatformName(d + "-2.0.0")}, Behind: counts(behind...), OnTarget: 4, OutOfDate: out}
	}
	sites := func(n int) []fleet.URI {
		out := make([]fleet.URI, n)
		for i := range out {
			out[i] = fleet.URI(fmt.Sprintf("site%02d.example.org", i))
		}
		return out
	}
	alone := standing("archive", 1)
	alone.Behind = []fleet.PlatformCount{{Platform: fleet.Platform{Name: "archive-1.0.0"}, Sites: 1}}
	full := fleet.DigestView{Name: "mondays", At: noon, Standings: []fleet.Standing{standing("intranet", 1, 1), standing("atrium", 25, 12, 7, 3, 2, 1), alone, standing("quiet", 0)},
		Sites:   map[fleet.DistName][]fleet.URI{"intranet": sites(1), "atrium": sites(10)},
		Pinned:  []fleet.Site{{URI: "old.example.org", Platform: "archive-1.0.0", Pinned: "its upgrade to atrium-1.1.0 failed: status 500"}},
		Failing: []fleet.Cursor{{Distribution: "intranet", Failing: "The server asks for a password"}},
		Held:    []fleet.Task{{ID: "01jd0000000000000000000002", Kind: fleet.TaskMigrate, About: "shop.example.org"}}}
	full.Details = map[fleet.DistName]fleet.DistDetail{"atrium": {Security: true, Cursor: fleet.Cursor{Distribution: "atrium", Checked: noon}, Target: fleet.Platform{Name: "atrium-2.0.0", Ready: after(-75 * time.Hour)}}}
	full.All = map[fleet.DistName]int{"intranet": 5}
	full.Silent = []fleet.Host{{Name: "web2", Seen: after(-time.Hour)}}
	full.Idle = []fleet.PlatformName{"atrium-0.9.0"}
	many := fleet.DigestView{At: noon, Sites: map[fleet.DistName][]fleet.URI{}}
	for i := range 20 {
		name := fmt.Sprintf("family%02d", i)
		many.Standings = append(many.Standings, standing(name, 60-i, 60-i))
		many.Sites[fleet.DistName(name)] = sites(10)
	}
	last := many
	last.Page = 2
	return map[string]fleet.Message{
		"many":  fleet.TellDigest(many),
		"last":  fleet.TellDigest(last),
		"full":  fleet.TellDigest(full),
		"one":   fleet.TellDigest(fleet.DigestView{At: noon, Standings: []fleet.Standing{standing("atrium", 1, 1)}, Sites: map[fleet.DistName][]fleet.URI{"atrium": sites(1)}}),
		"quiet": fleet.TellDigest(fleet.DigestView{Name: "mondays", At: noon, Standings: []fleet.Standing{standing("atrium", 0)}}),
		"held":  fleet.TellDigest(fleet.DigestView{At: noon, Held: full.Held}),
	}
}

package commands_test

import (
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// hostile is what authors, repositories and servers may send.
var hostile = map[string]string{
	"channel": "<!channel> <!here> <!everyone> <@UEVIL> <!subteam^S1|@all>",
	"link":    "<https://evil.example|Confirm> [click](https://evil.example)",
	"markup":  "*bold* _it_ ~no~ `code` ```block``` > quote &lt;!channel&gt; & < >",
	"long":    strings.Repeat("<!channel>x ", 900),
	"bidi":    "abc\u202Edef\u2066ghi\u200F",
	"nul":     "a\x00b\x07c\r\nd\te\u0085",
	"broken":  "\xff\xfe<\xc3\x28!channel>",
	"emoji":   ":tada: 👨\u200d👩\u200d👧 " + strings.Repeat("🙂", 500),
	"empty":   "",
}

// hostileMessages are messages in which every foreign word is s.
func hostileMessages(s string) map[string]fleet.Message {
	many := make([]fleet.Commit, 20)
	rows := make([]fleet.Row, fleet.MaxRows)
	notes := make([]fleet.Finding, 50)
	for i := range many {
		many[i] = fleet.Commit{Hash: s, Author: s, Subject: s}
	}
	for i := range rows {
		rows[i] = fleet.Row{Package: s, Type: s, From: s, To: s, Change: fleet.Upgraded}
	}
	for i := range notes {
		notes[i] = fleet.Finding{Block: i%2 == 0, Site: "a.example.org", Text: s}
	}
	ref := fleet.Ref{Name: "refs/tags/" + s, Commit: s, Version: s}
	news := fleet.Announcement{ID: "atrium/1", Distribution: "atrium", From: ref, To: ref, Commits: many, Total: 20, State: fleet.NewsOpen, At: noon, Web: s, Others: []string{s, s, s},
		Note: s, Page: s, Locks: []fleet.LockChange{{Path: s, Rows: rows[:12], More: 3}, {Path: s, Rows: rows[:1]}}}
	rewritten, head := news, news
	rewritten.Rewritten = true
	head.To = fleet.Ref{Name: "refs/heads/" + s, Commit: s}
	moves := make([]fleet.Move, 20)
	for i := range moves {
		moves[i] = fleet.Move{Row: rows[0], Major: true}
	}
	failed := fleet.Platform{Name: "atrium-1", State: fleet.PlatformFailed, Reason: s, By: fleet.Actor{ID: "U1", Name: s}, Ref: ref}
	out := map[string]fleet.Message{
		"news":      fleet.TellNews(fleet.NewsView{News: news}),
		"rewritten": fleet.TellNews(fleet.NewsView{News: rewritten}),
		"branch":    fleet.TellNews(fleet.NewsView{News: head}),
		"refresh": fleet.TellRefresh(fleet.RefreshView{Refresh: fleet.Refresh{ID: "atrium/1", Distribution: "atrium", Base: "atrium-1", Ref: ref,
			Moves: moves, Total: 20, Note: s, State: fleet.RefreshOpen, At: noon}}),
		"refresh_failed": fleet.TellRefresh(fleet.RefreshView{Refresh: fleet.Refresh{ID: "atrium/1", Distribution: "atrium", Ref: ref,
			Moves: moves, Total: 20, State: fleet.RefreshOrdered, Platform: "atrium-1", At: noon}, Platform: failed}),
		"build_log": fleet.TellPlatform(fleet.PlatformView{Platform: fleet.Platform{Name: "atrium-1", State: fleet.PlatformBuilding},
			Task: fleet.Task{ID: "t1", State: fleet.TaskRunning}, Log: []fleet.LogLine{{Text: s}, {Text: s}}}),
		"platform": fleet.TellPlatform(fleet.PlatformView{Platform: failed}),
		"stats": fleet.TellStats(fleet.Stats{Distribution: fleet.DistName(s), Rollouts: []fleet.Rollout{{Platform: fleet.PlatformName(s), Done: noon}}},
			fleet.Trend{Distribution: fleet.DistName(s), Days: []fleet.Day{{Date: s, Sites: -1, Behind: 1 << 40}, {Date: "2026-11-22", Oldest: 1 << 40, Behind: 1}}}),
		"look": fleet.TellLook(fleet.Look{Task: "1", Host: fleet.HostName(s), Site: fleet.URI(s), Unable: s, Blocked: []string{s},
			Pages: []fleet.Sight{{Path: s, Note: s, Wrong: s, Width: 390}, {Path: s, Differs: 1, Threshold: 0.5}}, At: noon}, []fleet.Picture{{Alt: s}}),
		"alarm":    fleet.TellAlarm(fleet.Alarm{ID: "1", Title: "A" + s, Text: s, At: noon}),
		"log_line": fleet.TellPlanEvent(fleet.PlanEvent{Text: "x" + s}),
		"glass": fleet.TellGlass(fleet.Plan{ID: "1", Title: "U" + s, Rule: fleet.ConfirmRule{Quorum: fleet.Quorum{{Need: 2, From: []fleet.Party{{Kind: fleet.PartyGroup, ID: s, Name: s}}}}}},
			fleet.Approval{Who: fleet.Actor{ID: "unix:1", Name: s}, At: noon, Reason: s}),
		"task": fleet.TellTask(fleet.Task{ID: "t1", Kind: fleet.TaskKind(s), Host: fleet.HostName(s), About: s, State: fleet.TaskHeld, Reason: s, Steps: []fleet.StepRecord{{Name: s, State: fleet.StepUnknown}}}),
		"digest": fleet.TellDigest(fleet.DigestView{Name: s, At: noon, Pinned: []fleet.Site{{URI: "a.example.org", Pinned: s}},
			Standings: hostileStandings(s), Silent: []fleet.Host{{Name: fleet.HostName(s), Seen: noon}}, Idle: []fleet.PlatformName{fleet.PlatformName(s)},
			Sites:   map[fleet.DistName][]fleet.URI{"atrium": {fleet.URI(s), fleet.URI(s)}},
			Failing: []fleet.Cursor{{Distribution: "atrium", Failing: s}}, Held: []fleet.Task{{ID: "t1", About: s}}}),
	}
	for _, state := range []fleet.PlanState{fleet.PlanReading, fleet.PlanProposed, fleet.PlanRunning, fleet.PlanPaused, fleet.PlanFailed, fleet.PlanSuperseded} {
		p := basePlan()
		p.State, p.Title, p.Reason, p.Rows, p.Notes, p.Requester = state, "U"+s, s, rows, notes, fleet.Actor{ID: "unix:1", Name: s}
		p.Sites = nil
		for range 30 {
			for _, x := range planSites(fleet.SiteWaiting, fleet.SiteBack, fleet.SiteBroken, fleet.SiteLeftOut, fleet.SiteRunning, fleet.SiteDone) {
				x.Note, x.Step = s, s
				p.Sites = append(p.Sites, x)
			}
		}
		out["plan_"+string(state)] = fleet.TellPlan(fleet.PlanView{Plan: p})
	}
	return out
}

// hostileStandings are out-of-date sites on platforms by names that none can have.
func hostileStandings(s string) []fleet.Standing {
	return []fleet.Standing{{Distribution: fleet.Distribution{Name: "atrium", Target: fleet.PlatformName(s)}, OutOfDate: 3,
		Behind: []fleet.PlatformCount{{Platform: fleet.Platform{Name: fleet.PlatformName(s)}, Sites: 3}}}}
}

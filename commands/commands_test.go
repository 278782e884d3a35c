package commands_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/golden"
)

// TestCommandsAreWhole holds every command to what help and the table rely on.
func TestCommandsAreWhole(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	help := plainText(w.ask(alice, "help").Message)
	for _, c := range w.table.List() {
		if !strings.Contains(help, strings.TrimSpace(c.Name()+" "+c.Args)+" "+c.Summary) {
			t.Errorf("help does not list %s; is its group %q a heading?", c.Name(), c.Group)
		}
		if seen[c.Name()] {
			t.Errorf("%s is listed twice", c.Name())
		}
		seen[c.Name()] = true
		if c.Verb != strings.ToLower(c.Verb) || c.Summary == "" || c.Run == nil || c.Group == "" {
			t.Errorf("%s lacks something: %+v", c.Name(), c)
		}
		if strings.HasSuffix(c.Summary, ".") || strings.Contains(c.Summary, "!") {
			t.Errorf("the summary of %s is %q", c.Name(), c.Summary)
		}
		if c.Max >= 0 && c.Max < c.Min {
			t.Errorf("%s takes %d to %d arguments", c.Name(), c.Min, c.Max)
		}
		w.says(w.ask(alice, "help "+c.Name()), c.Usage(), c.Summary[1:])
	}
	for _, verb := range []string{"add", "edit", "remove", "list", "show", "check", "build", "target", "assign", "unassign", "platforms", "sites", "site create",
		"site adopt", "site remove", "site unpin", "compare", "upgrade", "migrate", "rollback", "lock", "unlock", "tasks", "task", "cancel", "digest", "hosts", "snooze", "audit", "help"} {
		if !seen[verb] {
			t.Errorf("there is no command %s", verb)
		}
	}
}

// TestHelp shows each role the commands it may use, and fits into one answer.
func TestHelp(t *testing.T) {
	w := newWorld(t)
	for who, a := range map[string]fleet.Actor{"administrator": alice, "maintainer": bob, "reader": carol} {
		r := w.ask(a, "")
		golden.JSON(t, "help/"+who, r.Message)
		text := plainText(r.Message)
		if strings.Contains(text, "migrate SITE") != (who == "administrator") || strings.Contains(text, "\nbuild DIST") != (who != "reader") {
			t.Errorf("help of a %s:\n%s", who, text)
		}
	}
	w.says(w.ask(carol, "help biuld"), `Did you mean "build"?`)
	w.says(w.ask(carol, "HELP Site Create"), "/distro site create URI DIST|PLATFORM")
	w.says(w.ask(stranger, "whoami"), "You are not among the people", stranger.ID)
}

// TestLists reads a small fleet through every command that only reads.
func TestLists(t *testing.T) {
	w := newWorld(t)
	w.says(w.ask(bob, "list"), "There is no distribution yet.")
	w.says(w.ask(bob, "digest"), "Everything is up to date.")
	w.atrium()
	w.ask(bob, "site tag a.example.org staging eu")
	for text, want := range map[string]string{
		"list":                        "atrium | tags 1\\.\\d+\\.\\d+ | atrium-1.0.0 | 3 | 0",
		"platforms atrium":            "atrium-1.0.0 | ready, target | 3",
		"show atrium":                 "Target: atrium-1.0.0",
		"show ATRIUM-1.0.0":           `Did you mean "atrium-1.0.0"?`,
		"show platform:atrium-1.0.0":  "example/guestbook | application | 1.0.0",
		"show HTTPS://A.example.org/": "Site a.example.org is on atrium-1.0.0",
		"sites atrium --tag staging":  "a.example.org | atrium-1.0.0 | local | live, eu, staging",
		"sites --host local":          "There are 3 sites like that.",
		"sites --out-of-date":         "There is no out-of-date site like that.",
		"site tag a.example.org":      "has the tags eu, staging",
		"target atrium":               "The upgrade target of atrium is atrium-1.0.0.",
		"compare a.example.org":       "is up to date",
		"check atrium":                "was read",
		"tasks":                       "build atrium-1.0.0",
		"digest list":                 "No digest is scheduled.",
		"lock atrium-1.0.0":           "target",
		"build atrium 1.0.0":          "is built already, as atrium-1.0.0",
		"hosts":                       "No worker has reported itself yet.",
		"assign atrium-1.0.0 atrium":  "atrium",
	} {
		w.says(w.ask(bob, text), want)
	}
	w.says(w.ask(bob, "site create d.example.org atrium"), "Site d.example.org is being created on atrium-1.0.0")
	w.says(w.ask(bob, "digest add m 0 9 * * 1"), "Digest m is scheduled.")
	w.says(w.ask(bob, "digest list"), "m: 0 9 * * 1 UTC, in C1, next")
	w.says(w.ask(bob, "digest remove m"), "is not posted any more")
}

// TestAmbiguousNames asks which thing is meant when a name stands for several.
func TestAmbiguousNames(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	w.ask(bob, "add atrium-1.0.0")
	w.says(w.ask(bob, "show atrium-1.0.0"), "is the name of several things", "dist:atrium-1.0.0 or platform:atrium-1.0.0")
	w.says(w.ask(bob, "show dist:atrium-1.0.0"), "Distribution atrium-1.0.0")
}

// TestShell proposes, confirms and follows an upgrade with typed commands.
func TestShell(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	news := w.publish("1.1.0")
	w.press(bob, news, fleet.ActBuild, news.ID())
	w.built("atrium-1.1.0")
	w.work(fleet.TaskInspect, w.inspect)
	type_ := func(who fleet.Actor, text string) commands.Reply {
		t.Helper()
		r, err := w.table.Run(w.ctx, commands.Ask{ID: text, Text: text, Who: who, Shell: true})
		w.ok(err)
		w.carry()
		return r
	}
	p := w.plans(fleet.PlanProposed)[0]
	r := type_(bob, "upgrade atrium")
	w.says(r, `distrobot do "confirm `+string(p.ID), "example/guestbook | 1.0.0 | 1.1.0")
	w.says(type_(bob, "add"), `Something is missing after "add"`)
	w.says(type_(bob, "confirm "+string(p.ID)+" 99"), "out of date")
	w.says(type_(carol, "confirm "+string(p.ID)), "You may not do that")
	w.says(type_(bob, "confirm "+strings.ToUpper(string(p.ID))+" "+revision(p)), "Confirmed; the upgrade begins.")
	w.says(type_(alice, "confirm "+string(p.ID)+" "+revision(p)), "Already confirmed by bob")
	w.says(type_(alice, "continue "+string(p.ID)+" "+revision(p)), "not paused")
	w.work(fleet.TaskMigrate, w.move())
	w.says(type_(carol, "plan "+string(p.ID)), "3 sites were upgraded to atrium-1.1.0")
	w.says(type_(bob, "retry "+string(p.ID)), "No site of plan")
	tasks := w.ask(bob, "tasks").Message.Table.Rows
	i := slices.IndexFunc(tasks, func(r []string) bool { return strings.HasPrefix(r[1], "migrate") })
	w.ok(w.store.Append(w.ctx, fleet.TaskID(tasks[i][0]), "local", fleet.LogLine{Text: "<!channel> said \x00 the tool"}))
	w.says(w.ask(bob, "task "+tasks[i][0]), "Move site", "said the tool")
}

func revision(p fleet.Plan) string {
	_, rev, _ := strings.Cut(fleet.PlanValue(p.ID, p.Revision), "|")
	return rev
}

package commands_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// TestRefusals holds that bad input is answered to the asker alone, in a
// sentence with what to type instead, and changes nothing.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	w.atrium()
	w.ask(bob, "add alone")
	w.repos.wrong["https://git.example.org/private.git"] = fleet.Errorf(fleet.Later, "The repository asks for a password.").WithHint("Give the bot access to it.")
	w.repos.wrong["file:///etc"] = fleet.Errorf(fleet.Invalid, "file:// addresses are not read.")
	before := w.everything()
	for _, tt := range []struct{ who, text, want string }{
		{"bob", "updgrade a.example.org", `Did you mean "upgrade"?`},
		{"bob", "frobnicate", "There is no command \"frobnicate\". Type /distro help"},
		{"bob", "site", "Say one of: create, adopt"},
		{"bob", "site crate x y", `Did you mean "site create"?`},
		{"bob", "build", `Something is missing after "build". Type: /distro build DIST|PLATFORM [REF] [--again] [--host HOST]`},
		{"bob", "list all of them", `That is more than "list" takes.`},
		{"bob", "build nosuch", `There is no distribution "nosuch".`},
		{"bob", "build atriun", `Did you mean "atrium"?`},
		{"bob", "show atrium-1.0.1", `Did you mean "atrium-1.0.0"?`},
		{"bob", "build atrium 9.9.9", "No tag matches"},
		{"bob", "build alone", "has no repository to build from"},
		{"bob", "sites --tagg x", "did you mean --tag?"},
		{"bob", "sites --tag", "The option --tag needs a value"},
		{"bob", "sites --out-of-date=yes", "takes no value"},
		{"bob", "sites --page 0", "is not the number of a page"},
		{"bob", "sites --page 7", "There is 1 page."},
		{"bob", `add "bad name" --url x`, "cannot be the name of a distribution"},
		{"bob", "add ATRIUM", "There is a distribution ATRIUM already."},
		{"bob", `add x --url https://git.example.org/private.git --tags '1\..*'`, "The repository asks for a password. Give the bot access"},
		{"bob", "add x --url file:///etc --branch main", "file:// addresses are not read."},
		{"bob", "add x --tags '1.*'", "Without a repository there is nothing to follow."},
		{"bob", "add x --url " + atriumURL + " --tags '('", `"(" is not a regular expression.`},
		{"bob", "add x --url " + atriumURL + " --tags '9.*'", `No tag matches "9.*".`},
		{"bob", "add x --url " + atriumURL + " --source makefile:../../etc/passwd", "leaves the repository"},
		{"bob", "add x --url " + atriumURL + " --source tarball", "is not a source"},
		{"bob", "add x --kind joomla", `"joomla" is not one of auto, generic, drupal, backdrop, wordpress.`},
		{"bob", "add x --failures many", "is not a failure budget."},
		{"bob", `say "something`, "A quote is opened and never closed."},
		{"bob", strings.Repeat("x", 4001), "longer than 4000 characters"},
		{"bob", strings.Repeat("x ", 65), "more than 64 words"},
		{"bob", "site create shop.example.org atrium-9", "There is no distribution or platform"},
		{"bob", "site create a.example.org atrium", "There is a site a.example.org already"},
		{"bob", "site create -bad- atrium", "is not the address of a site"},
		{"bob", "site create shop.example.org alone", "has no upgrade target"},
		{"bob", "site unpin nosuch.example.org", `There is no site "nosuch.example.org".`},
		{"bob", "site tag a.example.org a!b", "cannot be a tag"},
		{"bob", "site adopt", "Say either the address of a site or --all."},
		{"bob", "site adopt --all --host nowhere", `There is no host "nowhere".`},
		{"bob", "upgrade a.example.org", "a.example.org is up to date"},
		{"bob", "upgrade alone", "has no upgrade target"},
		{"bob", "rollback a.example.org", "has no earlier copy to return to"},
		{"bob", "compare atrium-1.0.0 nosuch", "There is no platform"},
		{"bob", "check alone", "follows nothing"},
		{"bob", "snooze atrium", "Nothing was announced for atrium."},
		{"bob", "snooze atrium soon", "is not a number of hours"},
		{"bob", "confirm nosuch", `There is no plan "nosuch".`},
		{"bob", "cancel nosuch", `There is no plan and no task "nosuch".`},
		{"bob", "task nosuch", "There is no task"},
		{"bob", "digest add x wrong", `"wrong" is not a schedule.`},
		{"bob", `digest add x "0 9 * * 1" --zone Moon/Base`, "is not a schedule"},
		{"bob", "digest remove nosuch", "nosuch"},
		{"bob", "unpin a.example.org", `Did you mean "site unpin"?`},
		{"bob", "remove atrium", "it needs an administrator"},
		{"bob", "migrate a.example.org atrium-1.0.0", "You may not do that"},
		{"alice", "migrate a.example.org atrium-1.0.0", "is on atrium-1.0.0 already"},
		{"alice", "remove atrium", "sites"},
		{"alice", "site remove a.example.org", "type the address twice"},
		{"alice", "site remove a.example.org b.example.org", "kept apart on its host for 30 days"},
		{"carol", "build atrium", "Who can: alice, bob"},
		{"carol", "target atrium atrium-1.0.0", "You may not change the target"},
		{"eve", "list", "You are not among the people"},
	} {
		who := map[string]fleet.Actor{"alice": alice, "bob": bob, "carol": carol, "eve": stranger}[tt.who]
		r := w.ask(who, tt.text)
		if got := plainText(r.Message); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %.80q gives\n%swant %q", tt.who, tt.text, got, tt.want)
		}
		if r.Public {
			t.Errorf("%.80q is answered in public", tt.text)
		}
		if r.Code == "" {
			t.Errorf("%.80q is not marked as refused", tt.text)
		}
	}
	if after := w.everything(); after != before {
		t.Errorf("refused commands changed something:\n%s\nbefore:\n%s", after, before)
	}
}

// everything is what refused commands must not change.
func (w *world) everything() string {
	w.t.Helper()
	out := ""
	for _, q := range []string{"list", "platforms", "sites", "tasks", "digest list", "show atrium", "show a.example.org"} {
		out += plainText(w.ask(alice, q).Message)
	}
	return out
}

// TestFaultsAreNotShown holds that an error that is not for people is handed
// on, so that the bot shows a reference and not its text.
func TestFaultsAreNotShown(t *testing.T) {
	w := newWorld(t)
	w.ok(w.store.Close())
	r, err := w.table.Run(w.ctx, commands.Ask{Text: "list", Who: bob, Channel: "C1"})
	if code := fleet.CodeOf(err); err == nil && r.Code != fleet.Later || code != "" {
		t.Fatalf("reply %q, error %v", r.Message.Text, err)
	}
	if strings.Contains(plainText(r.Message), "redis") || strings.Contains(plainText(r.Message), "closed") {
		t.Errorf("the reply shows the fault: %s", plainText(r.Message))
	}
}

// TestUnknownRole holds that a person whose role cannot be told reads only,
// and is told so.
func TestUnknownRole(t *testing.T) {
	w := newWorld(t)
	w.table.Roles = people{away: errors.New("usergroups.list: 503")}
	w.says(w.ask(alice, "add x"), "Your role cannot be told at the moment")
	w.says(w.ask(alice, "list"), "There is no distribution yet")
}

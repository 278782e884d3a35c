package commands_test

import (
	"context"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// only is the one channel the bot is in.
type only string

func (o only) Joined(_ context.Context, channel string) error {
	if channel == string(o) {
		return nil
	}
	return fleet.Errorf(fleet.Refused, "I am not in #%s.", channel).WithHint("Type /invite @distrobot in it first.")
}

func TestWhereTheBotIsNotNothingIsPosted(t *testing.T) {
	w := newWorld(t)
	w.table.Rooms = only("C0MAIN")
	w.says(w.ask(bob, `add atrium --url `+atriumURL+` --tags '1\..*'`), "as I am not in this one", "/invite @distrobot")
	d, err := w.table.Catalog.Distribution(w.ctx, "atrium")
	w.ok(err)
	if d.Policy.Channel != "C0MAIN" {
		t.Errorf("announcements go to %q", d.Policy.Channel)
	}
	posts, err := w.store.List(w.ctx, fleet.PostsOf(fleet.SubjectOf(fleet.AboutPlatform, "atrium-1.0.0")), fleet.Page{})
	w.ok(err)
	if strings.Join(posts, " ") != "C0MAIN" {
		t.Errorf("the build is shown in %q", posts)
	}
	for _, line := range []string{"edit atrium --channel C9", "add other --channel C9", `digest add mondays "0 9 * * 1" --channel C9`} {
		if r := w.ask(bob, line); r.Code != fleet.Refused {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

// A repository is read also when nothing of it is followed: its address would
// otherwise be kept unseen, with whatever secret is in it.
func TestAddressIsCheckedThoughNothingIsFollowed(t *testing.T) {
	w := newWorld(t)
	const bad = "https://user:secret@git.example.org/x.git"
	w.repos.wrong[bad] = fleet.Errorf(fleet.Invalid, "The URL contains a user name or a password.")
	w.ask(bob, "add plain")
	for _, line := range []string{"add atrium --url " + bad, "edit plain --url " + bad} {
		if r := w.ask(bob, line); r.Code != fleet.Invalid {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

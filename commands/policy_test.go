package commands_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// groups are the user groups of the tests, and their directory.
type groups struct {
	members map[string][]string // by id of the group or channel
	away    error
}

func (g *groups) Belongs(_ context.Context, who fleet.Actor, p fleet.Party) (fleet.Membership, error) {
	return fleet.Membership{In: slices.Contains(g.members[p.ID], who.ID), Read: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}, g.away
}

func (g *groups) Party(_ context.Context, name string) (fleet.Party, error) {
	id := "S0" + strings.ToUpper(strings.TrimPrefix(name, "@"))
	if g.members[id] != nil {
		return fleet.Party{Kind: fleet.PartyGroup, ID: id, Name: strings.TrimPrefix(name, "@")}, nil
	}
	return fleet.Party{}, fleet.Errorf(fleet.NotFound, "There is no user group %q.", name)
}

func (g *groups) Person(_ context.Context, name string) (fleet.Actor, error) {
	for _, a := range []fleet.Actor{alice, bob, carol} {
		if a.Name == strings.TrimPrefix(name, "@") {
			return a, nil
		}
	}
	return fleet.Actor{}, fleet.Errorf(fleet.NotFound, "%q is no full member of the Slack workspace.", name)
}

// governed is a world with groups: bob releases, carol is the client.
func governed(t *testing.T) (*world, *groups) {
	w := newWorld(t)
	g := &groups{members: map[string][]string{"S0RELEASE": {bob.ID}, "S0CLIENT": {carol.ID}, "S0ONCALL": {carol.ID}, "S0EVE": {stranger.ID}}}
	w.table.Members, w.table.Directory = g, g
	w.atrium()
	return w, g
}

// planned offers a fresh plan for atrium 1.1.0 and gives its subject and button.
func (w *world) planned() (fleet.Plan, fleet.Subject, string) {
	w.t.Helper()
	if len(w.plans(fleet.PlanProposed)) == 0 {
		news := w.publish("1.1.0")
		w.press(alice, news, fleet.ActBuild, news.ID())
		w.built("atrium-1.1.0")
	}
	w.work(fleet.TaskInspect, w.inspect)
	p := w.plans(fleet.PlanProposed)[0]
	return p, fleet.SubjectOf(fleet.AboutPlan, string(p.ID)), fleet.PlanValue(p.ID, p.Revision)
}

// TestPolicyOfTwoGroups follows the commands of docs/policy.md: two groups, a
// reason, an explanation, a veto, and back to the roles.
func TestPolicyOfTwoGroups(t *testing.T) {
	w, g := governed(t)
	old, _, _ := w.planned()
	w.says(w.ask(bob, `policy set atrium --confirm @release`), "You may not do that; it needs an administrator")
	w.says(w.ask(alice, `policy set * --freeze @release --break-glass @oncall --alarm incidents`), "The policy of * is changed, revision 1")
	w.says(w.ask(alice, `policy set atrium --confirm "2 of @release, @client" --need-reason yes`), "The policy of atrium is changed", "2 approvals from different ones of @release or @client")
	p, s, value := w.planned()
	if p.ID == old.ID || p.Quorum != 2 {
		t.Fatalf("the plan was not drawn again: %+v", p.Rule)
	}
	w.says(w.ask(carol, "policy show atrium"), "freeze | @release | policy of *", "confirm | @release or @client | policy of atrium", "build | maintainers | roles", "incidents")
	w.says(w.ask(carol, "policy check bob confirm atrium"), "bob may confirm plans of atrium.", "bob is in the group @release, as Slack said", "bob is not in the group @client", "Each approval needs a reason")
	w.says(w.ask(carol, "policy check me freeze atrium"), "carol may not freeze atrium.", "freeze is for @release")
	w.says(w.ask(carol, "policy check mallory freeze"), "is no full member")
	w.says(w.press(alice, s, fleet.ActConfirm, value), "the policy names @release or @client")
	w.says(w.ask(alice, "freeze atrium --until 3d --reason x"), "the policy of * says who may", "@release")

	form := w.press(bob, s, fleet.ActConfirm, value).Message.Form
	if form == nil || form.Command != "confirm" || form.State != value {
		t.Fatalf("no form asks for the reason: %+v", form)
	}
	r, err := w.table.Press(w.ctx, commands.Press{ID: "f1", Command: "confirm", Value: form.State, Inputs: map[string]string{"reason": " "}, Who: bob, Channel: "C1"})
	w.ok(err)
	if !strings.Contains(r.Errors["reason"], "needs a reason") {
		t.Fatalf("%+v", r)
	}
	r, err = w.table.Press(w.ctx, commands.Press{ID: "f2", Command: "confirm", Value: form.State, Inputs: map[string]string{"reason": "tested on staging"}, Who: bob, Channel: "C1"})
	w.ok(err)
	w.says(r, "1 of 2 approvals; one more is needed, from @client.")
	if text := plainText(w.shown(s)); !strings.Contains(text, "1 of 2 approvals; one more is needed, from @client.") {
		t.Errorf("the message says:\n%s", text)
	}
	g.away = errors.New("slack is away")
	w.says(w.ask(carol, fmt.Sprintf(`confirm %s %d --reason ok`, p.ID, p.Revision)), "Slack cannot tell at the moment whether carol is in @release")
	g.away, g.members["S0RELEASE"] = nil, []string{} // bob has left: his approval does not count any more
	w.says(w.ask(carol, fmt.Sprintf(`confirm %s %d --reason ok`, p.ID, p.Revision)), "1 of 2 approvals; one more is needed, from @release.")
	g.members["S0RELEASE"] = []string{bob.ID}
	w.says(w.ask(bob, fmt.Sprintf(`reject %s %d`, p.ID, p.Revision)), "Cancelled; nothing was changed.")

	w.says(w.ask(alice, "policy reset atrium"), "says nothing any more")
	w.says(w.ask(alice, "policy reset *"), "says nothing any more")
	w.says(w.ask(alice, "policy reset *"), "There is no policy of *")
	w.says(w.ask(carol, "policy"), "confirm | maintainers | roles")
}

// TestPolicyIsRefused says what cannot be a policy, and why.
func TestPolicyIsRefused(t *testing.T) {
	w, _ := governed(t)
	for line, want := range map[string]string{
		`policy set atrium --confirm "3 of @release, @client"`: "can never come together",
		`policy set atrium --confirm "2 of U0BOB1"`:            "There is no user group",
		`policy set atrium --confirm "0 of @release"`:          "at least one approval",
		`policy set atrium --confirm @nobody`:                  "There is no user group",
		`policy set atrium --need-reason perhaps`:              "perhaps",
		`policy set nosuch --freeze @release`:                  "There is no distribution",
		`policy set atrium --second-factor yes`:                "DISTROBOT_PUBLIC_URL",
		`policy check bob fly`:                                 "is nothing that a policy decides",
	} {
		w.says(w.ask(alice, line), want)
	}
}

// TestBreakGlass confirms alone, with a reason and an alarm, but never what has
// changed.
func TestBreakGlass(t *testing.T) {
	w, _ := governed(t)
	w.says(w.ask(alice, `policy set atrium --confirm "2 of @release, @client" --break-glass @oncall --alarm C0ALARM`), "May break the glass: @oncall")
	p, _, _ := w.planned()
	confirm := fmt.Sprintf("confirm %s %d --break-glass", p.ID, p.Revision)
	w.says(w.ask(bob, confirm+" --reason fire"), "You may not break the glass; @oncall may.")
	w.says(w.ask(carol, confirm), "needs a reason")
	w.says(w.ask(carol, fmt.Sprintf("confirm %s 1 --break-glass --reason fire", p.ID)), "out of date")
	w.says(w.ask(carol, confirm+" --reason fire"), "Confirmed by breaking the glass")
	post := fleet.Post{Subject: fleet.SubjectOf(fleet.AboutGlass, string(p.ID)), Channel: "C0ALARM"}
	if found, err := w.store.Read(w.ctx, &post); err != nil || !found[0] {
		t.Fatalf("the channel is not told: %v", err)
	}
	text := plainText(w.shown(post.Subject))
	for _, want := range []string{"carol confirmed alone", "Reason: fire", "different ones of @release or @client"} {
		if !strings.Contains(text, want) {
			t.Errorf("the alarm lacks %q:\n%s", want, text)
		}
	}
	w.says(w.ask(alice, "audit"), "plan.glass-broken", "plan.confirmed")
}

var linkIn = regexp.MustCompile(`https://bot\.example\.org(/confirm/\S+)`)

// TestSecondFactor: a press gives a link, which counts once, by POST, for the
// person, the plan and ten minutes; opening it counts nothing.
func TestSecondFactor(t *testing.T) {
	w, g := governed(t)
	w.table.Second = commands.Second{URL: "https://bot.example.org/", Key: []byte("a key of the tests, long enough")}
	w.says(w.ask(alice, `policy set atrium --confirm @release --second-factor yes`), "The policy of atrium is changed")
	p, s, value := w.planned()
	page := w.table.SecondFactor(func(err error) { t.Error(err) })
	call := func(method, path string, header ...string) (int, string) {
		r := httptest.NewRequest(method, path, nil)
		if len(header) > 0 {
			r.Header.Set("Sec-Fetch-Site", header[0])
		}
		rec := httptest.NewRecorder()
		page.ServeHTTP(rec, r)
		if rec.Header().Get("Referrer-Policy") != "no-referrer" || rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("X-Frame-Options") != "DENY" {
			t.Errorf("headers: %v", rec.Header())
		}
		return rec.Code, rec.Body.String()
	}
	is := func(method, path string, code int, words string, header ...string) {
		t.Helper()
		if got, body := call(method, path, header...); got != code || !strings.Contains(body, words) {
			t.Fatalf("%s gives %d, not %d with %q:\n%s", method, got, code, words, body)
		}
	}
	invite := w.press(bob, s, fleet.ActConfirm, value)
	w.says(invite, "once more, in your browser")
	path := linkIn.FindStringSubmatch(invite.Message.Text)[1]
	is("GET", path, http.StatusOK, "Confirm as bob")
	if out := os.Getenv("DISTROBOT_TEST_PAGE"); out != "" {
		_, body := call("GET", path)
		w.ok(os.WriteFile(out, []byte(body), 0o600))
	}
	is("HEAD", path, http.StatusOK, "")
	is("PUT", path, http.StatusMethodNotAllowed, "")
	is("POST", path, http.StatusForbidden, "from another page", "cross-site")
	is("POST", path[:len(path)-2]+"xx", http.StatusForbidden, "not one of mine")
	is("GET", "/confirm/", http.StatusForbidden, "not one of mine")
	if votes := w.plans(fleet.PlanProposed)[0].Votes; len(votes) != 0 {
		t.Fatalf("looking has counted: %+v", votes)
	}
	g.members["S0RELEASE"] = []string{carol.ID}
	is("POST", path, http.StatusConflict, "You may not decide")
	g.members["S0RELEASE"] = []string{bob.ID}
	again := linkIn.FindStringSubmatch(w.press(bob, s, fleet.ActConfirm, value).Message.Text)[1]
	is("POST", path, http.StatusConflict, "You may not decide") // used
	is("POST", again, http.StatusOK, "Confirmed", "same-origin")
	is("POST", again, http.StatusOK, "Confirmed")
	is("GET", again, http.StatusOK, "Nothing to confirm")
	now := fleet.Plan{ID: p.ID}
	if _, err := w.store.Read(w.ctx, &now); err != nil || len(now.Votes) != 1 || !now.Votes[0].Second || now.State == fleet.PlanProposed {
		t.Fatalf("%v %+v", err, now.Votes)
	}
}

// TestEveryChangeHasARight holds that what more than readers may do can be given
// to people by a policy.
func TestEveryChangeHasARight(t *testing.T) {
	w := newWorld(t)
	for _, c := range w.table.List() {
		if c.Role > fleet.Reader && c.Verb != "audit" && !commands.HasRight(c.Name()) {
			t.Errorf("%s is ruled by no right: add it to demands", c.Name())
		}
	}
	for _, action := range commands.Unruled(w.table) {
		t.Errorf("the button %s is ruled by no right: add it to pressDemands", action)
	}
}

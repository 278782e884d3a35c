package fleet_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
)

// pagesAt is the service of the pages over a storage, on one clock.
func pagesAt(s *fleettest.Memory) *fleet.Pages {
	return &fleet.Pages{Store: s, URL: "https://bot.example.org/", Key: []byte(strings.Repeat("k", 32)), Now: s.Now}
}

func tokenOf(t *testing.T, p *fleet.Pages, who fleet.Actor, path string) string {
	t.Helper()
	link, err := p.Link(who, path)
	if err != nil {
		t.Fatal(err)
	}
	token, found := strings.CutPrefix(link, "https://bot.example.org/page/open/")
	if !found {
		t.Fatalf("the link is %s", link)
	}
	return token
}

// TestPageLinks: a link signs its person in once and in time, and nobody else.
func TestPageLinks(t *testing.T) {
	ctx, s := context.Background(), fleettest.New()
	p := pagesAt(s)
	alice, bob := fleet.Actor{ID: "U0ALICE", Team: "T0"}, fleet.Actor{ID: "U0BOB", Team: "T0"}
	refuses := func(what string, code fleet.Code, err error) {
		t.Helper()
		if fleet.CodeOf(err) != code {
			t.Errorf("%s: %v, want %s", what, err, code)
		}
	}
	token := tokenOf(t, p, alice, "plan/p1")
	for _, bad := range []string{"", "x", token[1:], token[:len(token)-2], strings.Replace(token, ".", "x.", 1), token + "A", "." + token, strings.Repeat("a", 9000) + token} {
		_, _, err := p.Open(ctx, bad, nil)
		refuses("a link that was changed", fleet.Forbidden, err)
	}
	other := *p
	other.Key = []byte(strings.Repeat("o", 32))
	_, _, err := other.Open(ctx, token, nil)
	refuses("a link under another key", fleet.Forbidden, err)

	_, _, err = p.Open(ctx, token, &fleet.PageSession{ID: "s", Who: bob})
	refuses("another person's link", fleet.Forbidden, err)
	got, path, err := p.Open(ctx, token, nil)
	if err != nil || path != "plan/p1" || got.Who != alice {
		t.Fatalf("%+v %s %v", got, path, err)
	}
	_, _, err = p.Open(ctx, token, nil)
	refuses("a link that was opened before", fleet.Forbidden, err)
	if again, path, err := p.Open(ctx, token, &got); err != nil || path != "plan/p1" || again != got {
		t.Errorf("the person's own browser is led on: %+v %v", again, err)
	}
	late := tokenOf(t, p, alice, "fleet/")
	s.Pass(fleet.PageLinkLife)
	_, _, err = p.Open(ctx, late, nil)
	refuses("a link that is too old", fleet.Refused, err)
	none := fleet.Pages{Store: s, Key: p.Key}
	_, err = none.Link(alice, "fleet/")
	refuses("a link where there are no pages", fleet.Refused, err)
}

// TestPageSessions: a session is what was signed for a session, in its time and
// until its person signs out; a form's token is of one session.
func TestPageSessions(t *testing.T) {
	ctx, s := context.Background(), fleettest.New()
	p := pagesAt(s)
	alice := fleet.Actor{ID: "U0ALICE", Name: "alice", Team: "T0"}
	session := p.Begin(alice)
	cookie, err := p.Cookie(session)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Session(ctx, cookie); err != nil || got.Who != alice || got.ID != session.ID {
		t.Fatalf("%+v %v", got, err)
	}
	for what, bad := range map[string]string{"nothing": "", "a link": tokenOf(t, p, alice, "fleet/"), "one that was cut": cookie[:len(cookie)-1]} {
		if _, err := p.Session(ctx, bad); fleet.CodeOf(err) != fleet.Forbidden {
			t.Errorf("%s is a session: %v", what, err)
		}
	}
	if _, _, err := p.Open(ctx, cookie, nil); fleet.CodeOf(err) != fleet.Forbidden {
		t.Errorf("a session is a link: %v", err)
	}
	next := p.Begin(alice)
	if !p.OwnForm(session, p.FormToken(session)) || p.OwnForm(next, p.FormToken(session)) || p.OwnForm(session, "") {
		t.Error("a form's token is not of its session alone")
	}
	if err := p.End(ctx, session); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Session(ctx, cookie); fleet.CodeOf(err) != fleet.Forbidden {
		t.Errorf("a session lives on after its end: %v", err)
	}
	if cookie, err = p.Cookie(next); err != nil {
		t.Fatal(err)
	}
	s.Pass(fleet.PageSessionLife - time.Second)
	if _, err := p.Session(ctx, cookie); err != nil {
		t.Errorf("a session ends early: %v", err)
	}
	s.Pass(time.Second)
	if _, err := p.Session(ctx, cookie); fleet.CodeOf(err) != fleet.Forbidden {
		t.Errorf("a session has no end: %v", err)
	}
}

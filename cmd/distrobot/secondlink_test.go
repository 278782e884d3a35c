package main

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// TestSecondFactorLinks uses links of the second factor over the listeners of two
// replicas: those of people who may not, and one that is opened and pressed by many
// at once, which counts once.
func TestSecondFactorLinks(t *testing.T) {
	g := newGate(t)
	link := func(who string, until time.Duration) string {
		l := fleet.VoteLink{Nonce: g.next(), Plan: g.plan.ID, Revision: g.plan.Revision, Fingerprint: g.plan.Fingerprint,
			Who: fleet.Actor{ID: who, Name: strings.ToLower(who[2:]), Team: "T0LOCAL"}, Until: time.Now().Add(until)}
		token, err := l.Token(g.replicas[0].keys[0])
		must(t, err)
		return commands.SecondPath + token
	}
	do := func(method, path string, door int) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, g.doors[door]+path, nil)
		must(t, err)
		resp, err := http.DefaultClient.Do(req)
		must(t, err)
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		must(t, err)
		return resp.StatusCode, string(page)
	}
	votes := func() int {
		p := fleet.Plan{ID: g.plan.ID}
		must(t, fleet.One(t.Context(), g.replicas[0].store, &p, "plan"))
		return len(p.Votes)
	}
	for name, path := range map[string]string{"a reader's": link("U0CAROL", time.Minute), "a guest's": link("U0GUEST", time.Minute), "a foreigner's": link("U0FOREIGN", time.Minute)} {
		if code, page := do(http.MethodPost, path, 0); code != http.StatusConflict || !strings.Contains(page, "You may not decide") || votes() != 0 {
			t.Errorf("%s link: %d, %d votes\n%s", name, code, votes(), page)
		}
	}
	over := link("U0BOB", -time.Second)
	if code, page := do(http.MethodGet, over, 0); code != http.StatusOK || !strings.Contains(page, "This link has expired") || strings.Contains(page, "<button") {
		t.Errorf("an expired link, opened: %d\n%s", code, page)
	}
	if code, page := do(http.MethodPost, over, 1); code != http.StatusConflict || !strings.Contains(page, "expired") || votes() != 0 {
		t.Errorf("an expired link, pressed: %d, %d votes\n%s", code, votes(), page)
	}
	good := link("U0BOB", time.Minute)
	for door := range g.doors { // programs that scan links open them
		if code, page := do(http.MethodGet, good, door); code != http.StatusOK || !strings.Contains(page, "Confirm once more") || votes() != 0 {
			t.Errorf("opened: %d, %d votes\n%s", code, votes(), page)
		}
	}
	var g2 sync.WaitGroup
	codes := make([]int, 12)
	for i := range codes {
		g2.Go(func() { codes[i], _ = do(http.MethodPost, good, i%len(g.doors)) })
	}
	g2.Wait()
	for i, code := range codes {
		if code != http.StatusOK {
			t.Errorf("press %d of the same link is answered %d", i, code)
		}
	}
	if n := votes(); n != 1 {
		t.Errorf("%d votes by one link", n)
	}
	if code, page := do(http.MethodGet, good, 1); code != http.StatusOK || strings.Contains(page, "<button") {
		t.Errorf("opened again: %d\n%s", code, page)
	}
	if code, page := do(http.MethodPost, link("U0ALICE", time.Minute), 0); code != http.StatusConflict || votes() != 1 {
		t.Errorf("another's after it was decided: %d, %d votes\n%s", code, votes(), page)
	}
}

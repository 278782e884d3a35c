package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
)

// TestWhoIsLetIn: nobody without a session; a link once, in time and to its own
// person; not who lost the right to look meanwhile.
func TestWhoIsLetIn(t *testing.T) {
	w := newWorld(t)
	plan := w.furnish(3)
	path := fleet.PagePath + "plan/" + string(plan.ID)
	refused := func(what string, code int, text string, want string) {
		t.Helper()
		if code < 400 || code >= 500 || !strings.Contains(text, want) || strings.Contains(text, "webform") {
			t.Errorf("%s: %d %s", what, code, text)
		}
	}
	for _, p := range []string{path, fleet.PagePath + "fleet", fleet.PagePath + "fleet/sites", fleet.PagePath + "task/01task", fleet.PagePath + "live/fleet/tasks", fleet.PagePath + "live/task/01task", fleet.PagePath + "compare/atrium-1.0.0/atrium-2.0.0"} {
		code, text := w.browser().ask("GET", p, nil)
		refused("without a session, "+p, code, text, "You are not signed in.")
	}
	link := w.link(alice, "plan/01plan")
	code, text := w.browser().ask("GET", link[:len(link)-3], nil)
	refused("a link that was cut", code, text, "not one of mine")
	code, text = w.signedIn(bob).ask("GET", link, nil)
	refused("another person's link", code, text, "belongs to somebody else")

	// What looks at links beforehand does not use them up.
	if code, text = w.browser().ask("GET", link, nil, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: empty"); code != 200 || !strings.Contains(text, "Open the page</button>") {
		t.Errorf("a program that looks at a link: %d %s", code, text)
	}
	v := w.browser()
	if code, text = v.ask("POST", link, url.Values{}, "Origin: https://evil.example"); code != 403 {
		t.Errorf("another site opens a link: %d %s", code, text)
	}
	if code, text = v.ask("POST", link, url.Values{}); code != 200 || !strings.Contains(text, "webform_0000") {
		t.Fatalf("the person opens the link: %d %s", code, text)
	}
	code, text = w.browser().ask("GET", link, nil)
	refused("a link that was opened before", code, text, "was opened before")
	if code, _ = v.ask("GET", link, nil); code != 200 {
		t.Errorf("the person's own browser is not led on: %d", code)
	}
	late := w.link(alice, "fleet")
	w.store.Pass(fleet.PageLinkLife)
	code, text = w.browser().ask("GET", late, nil)
	refused("a link that is too old", code, text, "too old")

	code, text = w.browser().ask("GET", w.link(guest, "fleet"), nil)
	refused("somebody who may not look", code, text, "not among the people")
	if code, text = v.ask("POST", fleet.PagePath+"sign-out", url.Values{"token": {"x"}}); code != 403 {
		t.Errorf("a form of nobody signs out: %d %s", code, text)
	}
	_, text = v.ask("GET", path, nil)
	kept := v.client.Jar.Cookies(mustURL(t, w.server.URL))
	if code, text = v.ask("POST", fleet.PagePath+"sign-out", url.Values{"token": {token(t, text)}}); code != 200 {
		t.Errorf("signing out: %d %s", code, text)
	}
	v.client.Jar.SetCookies(mustURL(t, w.server.URL), kept)
	code, text = v.ask("GET", path, nil)
	refused("a copy of a session that was ended", code, text, "signed out")
}

func mustURL(t *testing.T, s string) *url.URL {
	u, err := url.Parse(s)
	must(t, err)
	return u
}

var (
	tokenIn = regexp.MustCompile(`name="token" value="([^"]+)"`)
	pressIn = regexp.MustCompile(`name="press" value="([^"]+)"`)
)

func token(t *testing.T, page string) string {
	t.Helper()
	m := tokenIn.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no form on %s", page)
	}
	return m[1]
}

// TestHeaders: no page can be framed, kept, or load anything from elsewhere, and
// the session's cookie is no script's.
func TestHeaders(t *testing.T) {
	w := newWorld(t)
	w.furnish(1)
	r, err := http.NewRequestWithContext(t.Context(), "GET", w.link(alice, "fleet"), nil)
	must(t, err)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	a, err := http.DefaultTransport.RoundTrip(r)
	must(t, err)
	a.Body.Close()
	if c := a.Cookies(); len(c) != 1 || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode || c[0].Path != "/" || c[0].Secure {
		t.Errorf("the cookie is %v", a.Header["Set-Cookie"])
	}
	if csp := a.Header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("the policy is %s", csp)
	}
	if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("headers %v", a.Header)
	}
	w.pages.URL = "https://bot.example.org"
	rec, err := http.NewRequestWithContext(t.Context(), "GET", w.server.URL+strings.TrimPrefix(w.link(alice, "fleet"), w.pages.URL), nil)
	must(t, err)
	rec.Header = r.Header
	a, err = http.DefaultTransport.RoundTrip(rec)
	must(t, err)
	a.Body.Close()
	if c := a.Cookies(); len(c) != 1 || !c[0].Secure || !strings.HasPrefix(c[0].Name, "__Host-") {
		t.Errorf("behind TLS the cookie is %v", a.Header["Set-Cookie"])
	}
}

// TestConfirmOnPage: by the rule of every other press, recorded as one on the
// page; never by another site, another session's form, where the distribution
// does not ask for it, or by who may not.
func TestConfirmOnPage(t *testing.T) {
	w := newWorld(t)
	plan := w.furnish(3)
	path := fleet.PagePath + "plan/01plan"
	v := w.signedIn(alice)
	_, page := v.ask("GET", path, nil)
	form := func(revision string) url.Values {
		return url.Values{"token": {token(t, page)}, "revision": {revision}, "press": {pressIn.FindStringSubmatch(page)[1]}}
	}
	undecided := func(what string, code int, text string) {
		t.Helper()
		p := fleet.Plan{ID: plan.ID}
		_, err := w.store.Read(t.Context(), &p)
		must(t, err)
		if code < 400 || p.State != fleet.PlanProposed || len(p.Votes) > 0 {
			t.Errorf("%s: %d, the plan is %s: %s", what, code, p.State, text)
		}
	}
	code, text := v.ask("POST", path+"/confirm", url.Values{"revision": {"2"}})
	undecided("a form without its token", code, text)
	other := w.signedIn(bob)
	code, text = other.ask("POST", path+"/confirm", form("2"))
	undecided("a form of another session", code, text)
	code, text = v.ask("POST", path+"/confirm", form("2"), "Origin: https://evil.example")
	undecided("a form on another site", code, text)
	code, text = v.ask("POST", path+"/confirm", form("2"), "Sec-Fetch-Site: cross-site")
	undecided("a form that another site sent", code, text)
	code, text = v.ask("POST", path+"/confirm", form("1"))
	undecided("an older revision", code, text)
	reader := w.signedIn(alice)
	w.table.Roles.(people)[alice.ID] = fleet.Reader
	_, page2 := reader.ask("GET", path, nil)
	code, text = reader.ask("POST", path+"/confirm", url.Values{"token": {token(t, page2)}, "revision": {"2"}, "press": {"x"}})
	undecided("somebody who may not", code, text)
	w.table.Roles.(people)[alice.ID] = fleet.Maintainer

	code, text = v.ask("POST", path+"/confirm", form("2"))
	p := fleet.Plan{ID: plan.ID}
	_, err := w.store.Read(t.Context(), &p)
	must(t, err)
	if code != 200 || p.State != fleet.PlanApproved || len(p.Votes) != 1 || p.Votes[0].Who.ID != alice.ID {
		t.Fatalf("confirmed: %d %s, the plan is %s with %+v", code, text, p.State, p.Votes)
	}
	if again, _ := v.ask("POST", path+"/confirm", form("2")); again >= 500 {
		t.Errorf("the same press again: %d", again)
	}
	pending, err := w.store.Pending(t.Context(), fleet.PlanFamily(plan.ID), 100)
	must(t, err)
	via := ""
	for _, e := range pending {
		if e.Effect.Audit != nil && e.Effect.Audit.What == "plan.confirmed" {
			via = e.Effect.Audit.Via
		}
	}
	if via != fleet.ViaPage {
		t.Errorf("the record says it came by %q", via)
	}
}

// TestConfirmOnPageIsAskedFor: without the policy there is no form, and a form of
// one's own making is refused.
func TestConfirmOnPageIsAskedFor(t *testing.T) {
	w := newWorld(t)
	plan := w.furnish(3)
	d, err := w.table.Catalog.Distribution(t.Context(), "atrium")
	must(t, err)
	d.Policy.OnPage = false
	w.put(&d)
	v := w.signedIn(alice)
	_, page := v.ask("GET", fleet.PagePath+"plan/01plan", nil)
	if strings.Contains(page, "/confirm") {
		t.Error("there is a form")
	}
	code, text := v.ask("POST", fleet.PagePath+"plan/01plan/confirm", url.Values{"token": {token(t, page)}, "revision": {"2"}})
	p := fleet.Plan{ID: plan.ID}
	_, err = w.store.Read(t.Context(), &p)
	must(t, err)
	if code != 409 || !strings.Contains(text, "confirmed in Slack alone") || p.State != fleet.PlanProposed {
		t.Errorf("%d %s: %s", code, p.State, text)
	}
}

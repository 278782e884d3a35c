package commands

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// SecondPath is where the page of the second factor is served.
const SecondPath = "/confirm/"

//go:embed second.html
var secondFiles embed.FS

// A secondPage is what the page shows.
type secondPage struct {
	Title  string
	Text   string // what happened, or what to do
	Person string
	Plan   fleet.Plan
	Sites  []fleet.URI
	More   int // sites beyond those
	Ask    bool
	Reason string
	Glass  bool
}

// sitesOnPage is how many sites the page names.
const sitesOnPage = 20

// SecondFactor serves the page on which a person confirms once more, under
// /confirm/TOKEN. GET shows what would be confirmed and never counts, because
// programs that scan links follow them; POST counts. The token in the address is
// all the page knows of the person: it needs no cookie, so that no other site can
// make a browser confirm anything, and it is given to nobody else (no referrer,
// no cache, no frame). fault is told what is wrong with us.
func (t *Table) SecondFactor(fault func(error)) http.Handler {
	page := template.Must(template.ParseFS(secondFiles, "second.html"))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		status, p, err := t.second(r)
		if status == http.StatusInternalServerError {
			fault(err)
		}
		if status == http.StatusMethodNotAllowed {
			h.Set("Allow", "GET, HEAD, POST")
		}
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			_ = page.Execute(w, p) // the reader has gone
		}
	})
}

// second answers one request.
func (t *Table) second(r *http.Request) (int, secondPage, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		return http.StatusMethodNotAllowed, secondPage{Title: "Not like this", Text: "Open the link in a browser."}, nil
	}
	token, _ := strings.CutPrefix(r.URL.Path, SecondPath)
	l, err := fleet.ParseVoteLink(token, t.Second.Key)
	if err != nil {
		return refusedPage(err)
	}
	if r.Method == http.MethodPost {
		if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
			return http.StatusForbidden, secondPage{Title: "Not confirmed", Text: "This came from another page. Open the link itself and press the button there."}, nil
		}
		return t.castSecond(r.Context(), l)
	}
	return t.showSecond(r.Context(), l)
}

// showSecond shows what would be confirmed, and the button while it could be.
func (t *Table) showSecond(ctx context.Context, l fleet.VoteLink) (int, secondPage, error) {
	plan, err := t.plan(ctx, string(l.Plan))
	if err != nil {
		return refusedPage(err)
	}
	p := secondPage{Title: "Confirm once more", Plan: plan, Person: nameOf(l.Who), Reason: l.Reason, Glass: l.Glass, Ask: true}
	switch {
	case plan.State != fleet.PlanProposed:
		p.Title, p.Ask, p.Text = "Nothing to confirm", false, fleet.DecidedText(plan)
	case plan.Fingerprint != l.Fingerprint || plan.Revision != l.Revision:
		p.Title, p.Ask, p.Text = "Nothing to confirm", false, "The plan has changed since you pressed; look at it as it is now and press again."
	case !t.now().Before(l.Until): // the press itself goes by the store's clock
		p.Title, p.Ask, p.Text = "Nothing to confirm", false, "This link has expired. Press Confirm again for a fresh one."
	}
	for _, s := range plan.Sites {
		switch {
		case s.Progress != fleet.SiteWaiting:
		case len(p.Sites) == sitesOnPage:
			p.More++
		default:
			p.Sites = append(p.Sites, s.URI)
		}
	}
	return http.StatusOK, p, nil
}

// castSecond counts the vote that a link stands for, by the rule of a press:
// rights, fingerprint and expiry are asked again.
func (t *Table) castSecond(ctx context.Context, l fleet.VoteLink) (int, secondPage, error) {
	ctx, cancel := context.WithTimeout(ctx, voteTime)
	defer cancel()
	v := l.Vote()
	role, err := t.Roles.Role(ctx, l.Who)
	if err == nil {
		v.Role = role
	}
	d, err := t.decider().Press(ctx, v)
	if err != nil {
		return refusedPage(err)
	}
	p := secondPage{Title: "Not confirmed", Text: d.Text, Plan: d.Plan, Person: nameOf(l.Who)}
	if d.Outcome == fleet.Approved || d.Outcome == fleet.Counted {
		p.Title = "Confirmed"
		return http.StatusOK, p, nil
	}
	return http.StatusConflict, p, nil
}

func nameOf(who fleet.Actor) string {
	if who.Name != "" {
		return who.Name
	}
	return who.ID
}

// refusedPage shows an error for people; a fault of ours is not shown.
func refusedPage(err error) (int, secondPage, error) {
	var e *fleet.Error
	if !errors.As(err, &e) {
		return http.StatusInternalServerError, secondPage{Title: "Not confirmed", Text: "Something is wrong here; nothing was confirmed. The log of distrobot says what."}, err
	}
	status := map[fleet.Code]int{fleet.Forbidden: http.StatusForbidden, fleet.NotFound: http.StatusNotFound, fleet.Later: http.StatusServiceUnavailable}[e.Code]
	if status == 0 {
		status = http.StatusConflict
	}
	return status, secondPage{Title: "Not confirmed", Text: strings.TrimSpace(e.Text + " " + e.Hint)}, err
}

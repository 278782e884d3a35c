package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// A visit is one request of somebody who is signed in and may look.
type visit struct {
	session fleet.PageSession
	site    *Site
}

func (v visit) who() string {
	if v.session.Who.Name != "" {
		return v.session.Who.Name
	}
	return v.session.Who.ID
}

// frame is a page for this visitor.
func (v visit) frame(title, name string, page any) frame {
	return frame{Title: title, Name: name, Who: v.who(), Token: v.site.Pages.FormToken(v.session), Page: page}
}

// inside lets in who is signed in and may look; what they may is asked anew each
// time, as they may have left since.
func (s *Site) inside(h func(http.ResponseWriter, *http.Request, visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session, err := s.session(r)
		if err == nil {
			err = s.Desk.MayLook(r.Context(), session.Who)
		}
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		v := visit{session: session, site: s}
		if r.Method == http.MethodPost {
			if err := s.ownForm(r, session); err != nil {
				s.refuse(w, r, err)
				return
			}
		}
		h(w, r, v)
	}
}

// ownForm refuses a form that was not sent from a page of this session.
func (s *Site) ownForm(r *http.Request, session fleet.PageSession) error {
	if site := r.Header.Get("Sec-Fetch-Site"); foreign(r) || site != "" && site != "same-origin" {
		return fleet.Errorf(fleet.Forbidden, "This came from another page; nothing was done.").WithHint("Press the button on the page itself.")
	}
	if !s.Pages.OwnForm(session, r.PostFormValue("token")) {
		return fleet.Errorf(fleet.Forbidden, "This form is not of your session; nothing was done.").WithHint("Load the page again and press the button there.")
	}
	return nil
}

// foreign reports whether a browser says that another origin made it ask.
func foreign(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || !strings.EqualFold(u.Host, r.Host)
}

// secure reports whether browsers reach the pages by TLS.
func (s *Site) secure() bool { return strings.HasPrefix(s.Pages.URL, "https://") }

// cookieName binds the cookie to this host, where browsers can hold that.
func (s *Site) cookieName(what string) string {
	if s.secure() {
		return "__Host-distrobot-" + what
	}
	return "distrobot-" + what
}

// setCookie keeps a value in the browser for so many seconds; -1 drops it. It is
// sent along when a link in Slack leads here, never with what other sites do.
func (s *Site) setCookie(w http.ResponseWriter, what, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(what), Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode})
}

func (s *Site) cookie(r *http.Request, what string) string {
	c, err := r.Cookie(s.cookieName(what))
	if err != nil {
		return ""
	}
	return c.Value
}

func (s *Site) session(r *http.Request) (fleet.PageSession, error) {
	return s.Pages.Session(r.Context(), s.cookie(r, "session"))
}

// begin keeps a session in the browser and leads to a page.
func (s *Site) begin(w http.ResponseWriter, r *http.Request, session fleet.PageSession, path string) {
	value, err := s.Pages.Cookie(session)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.setCookie(w, "session", value, int(fleet.PageSessionLife.Seconds()))
	http.Redirect(w, r, fleet.PagePath+path, http.StatusSeeOther)
}

// open exchanges a link for a session. Programs that look at links beforehand must
// not use it up: what does not say that a person follows it gets a page with a
// button.
func (s *Site) open(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	if foreign(r) && r.Method == http.MethodPost {
		s.refuse(w, r, fleet.Errorf(fleet.Forbidden, "This came from another page.").WithHint("Open the link itself."))
		return
	}
	followed := r.Method == http.MethodPost || r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" &&
		r.Header.Get("Sec-Fetch-Dest") == "document" && r.Header.Get("Sec-Purpose") == "" && r.Header.Get("Purpose") == ""
	if !followed {
		s.show(w, r, http.StatusOK, frame{Title: "Open the page", Name: "notice", Page: notice{
			Text: "This link is yours alone and can be opened once.", Open: fleet.PagePath + "open/" + url.PathEscape(token)}})
		return
	}
	var have *fleet.PageSession
	if session, err := s.session(r); err == nil {
		have = &session
	} else if fleet.CodeOf(err) != fleet.Forbidden {
		s.refuse(w, r, err)
		return
	}
	session, path, err := s.Pages.Open(r.Context(), token, have)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	if path, err = inPages(path); err != nil {
		s.refuse(w, r, err)
		return
	}
	s.begin(w, r, session, path)
}

// inPages refuses a path that would lead out of the pages.
func inPages(path string) (string, error) {
	u, err := url.Parse(fleet.PagePath + path)
	if err != nil || u.Host != "" || u.Scheme != "" || strings.Contains(path, "//") || strings.Contains(u.Path, "..") {
		return "", fleet.Errorf(fleet.NotFound, "There is no such page.")
	}
	return path, nil
}

// signOut ends the session for good.
func (s *Site) signOut(w http.ResponseWriter, r *http.Request, v visit) {
	if err := s.Pages.End(r.Context(), v.session); err != nil {
		s.refuse(w, r, err)
		return
	}
	s.setCookie(w, "session", "", -1)
	s.show(w, r, http.StatusOK, frame{Title: "Signed out", Name: "notice", Page: notice{Text: "You have signed out.",
		Hint: "Compare, and " + fleet.Slash + " page, give you a link to come back.", SignIn: s.SignIn != nil}})
}

// signIn sends the person to Slack.
func (s *Site) signIn(w http.ResponseWriter, r *http.Request) {
	if s.SignIn == nil {
		s.refuse(w, r, noSignIn())
		return
	}
	address, keep, err := s.SignIn.begin(r.Context(), s.Pages)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.setCookie(w, "state", keep, int(stateLife.Seconds()))
	http.Redirect(w, r, address, http.StatusFound)
}

// signedIn takes the answer that Slack sends the person back with.
func (s *Site) signedIn(w http.ResponseWriter, r *http.Request) {
	if s.SignIn == nil {
		s.refuse(w, r, noSignIn())
		return
	}
	keep := s.cookie(r, "state")
	s.setCookie(w, "state", "", -1)
	who, err := s.SignIn.end(r.Context(), r.URL.Query(), keep, s.Pages)
	if err == nil {
		err = s.Desk.MayLook(r.Context(), who)
	}
	var e *fleet.Error
	if err != nil && !errors.As(err, &e) {
		s.fault(r, err)
		err = fleet.Errorf(fleet.Later, "Slack could not be asked who you are.").WithHint("Try again in a minute.")
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.begin(w, r, s.Pages.Begin(who), "fleet")
}

func noSignIn() error {
	return fleet.Errorf(fleet.NotFound, "Signing in with Slack is not set up here.").WithHint("Ask for a link of your own: %s page", fleet.Slash)
}

package fleet

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// PagePath is where the pages are served, below the public address.
const PagePath = "/page/"

// How long a link to a page can be opened, and how long a person stays signed in
// after that. Rights are asked anew with every page.
const (
	PageLinkLife    = 30 * time.Minute
	PageSessionLife = 8 * time.Hour
)

// A PageLink is what a link to a page stands for: one person, who is signed in by
// the first opening, and where it leads them. It can be opened once.
type PageLink struct {
	Nonce string    `json:"n"`
	Who   Actor     `json:"w"`
	Path  string    `json:"p"` // of the page, below PagePath
	Until time.Time `json:"u"` // by the store's clock
}

// A PageSession says who somebody is whose browser holds it. It is bound to one
// person and says nothing of what they may do.
type PageSession struct {
	ID    string    `json:"i"`
	Who   Actor     `json:"w"`
	Until time.Time `json:"u"`
}

// Pages makes and checks what lets people into the pages: links, and the sessions
// they are exchanged for. Both are signed under keys of their own, derived from
// Key; the store only remembers which of them are used up.
type Pages struct {
	Store Store
	URL   string // public address, without PagePath; "" offers no pages
	Key   []byte
	Now   func() time.Time // of the machine; nil means time.Now
}

// Offered reports whether links can be made.
func (p *Pages) Offered() bool { return p != nil && p.URL != "" && len(p.Key) > 0 }

// The purposes of the keys; a change makes everything signed before worthless.
const (
	pageLinkKey    = "distrobot page link, version 1"
	pageSessionKey = "distrobot page session, version 1"
	pageFormKey    = "distrobot page form, version 1"
	pageKeep       = "distrobot page, version 1: "
)

// Link gives the address of a page for one person. path is below PagePath.
func (p *Pages) Link(who Actor, path string) (string, error) {
	if !p.Offered() {
		return "", Errorf(Refused, "There are no pages here.").
			WithHint("Set DISTROBOT_LISTEN and DISTROBOT_PUBLIC_URL, the address at which browsers reach it, and start the bot again.")
	}
	token, err := seal(p.Key, pageLinkKey, PageLink{Nonce: NewID(), Who: who, Path: path, Until: p.now().Add(PageLinkLife)})
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(p.URL, "/") + PagePath + "open/" + token, nil
}

// Open exchanges a link for a session, once. have is the session of the browser
// that opens it, nil without one: a link of the same person only leads on, also
// when it was opened before; one of another person is refused. Errors: Forbidden
// for what is no link, another person's or used up; Refused when it is too late.
func (p *Pages) Open(ctx context.Context, token string, have *PageSession) (PageSession, string, error) {
	var l PageLink
	if err := unseal(p.Key, pageLinkKey, token, &l); err != nil || l.Nonce == "" {
		return PageSession{}, "", Errorf(Forbidden, "This link is not one of mine, or was cut.").WithHint("Ask for a fresh one: %s page", Slash)
	}
	if have != nil && have.Who.ID != l.Who.ID {
		return PageSession{}, "", Errorf(Forbidden, "This link belongs to somebody else than the person signed in here.").
			WithHint("Ask for one of your own: %s page", Slash)
	}
	if have != nil {
		return *have, l.Path, nil
	}
	err := p.Store.Update(ctx, Meta, func(tx Tx) error {
		used := Request{Family: Meta, ID: "page." + l.Nonce}
		switch found, err := tx.Get(&used); {
		case err != nil:
			return err
		case found:
			return Errorf(Forbidden, "This link was opened before; each can be opened once.").WithHint("Ask for a fresh one: %s page", Slash)
		case !tx.Now().Before(l.Until):
			return Errorf(Refused, "This link is too old; each can be opened for %d minutes.", int(PageLinkLife.Minutes())).
				WithHint("Ask for a fresh one: %s page", Slash)
		}
		used.Answer = l.Who.ID
		tx.Put(&used)
		tx.Until(l.Until)
		tx.Emit(audited(tx, l.Who, "page.opened", l.Path))
		return nil
	})
	return p.Begin(l.Who), l.Path, err
}

// Begin makes a session of a person who has proved to be it.
func (p *Pages) Begin(who Actor) PageSession {
	return PageSession{ID: NewID(), Who: who, Until: p.now().Add(PageSessionLife)}
}

// Cookie is a session as a browser keeps it.
func (p *Pages) Cookie(s PageSession) (string, error) { return seal(p.Key, pageSessionKey, s) }

// Session reads what a browser kept; Forbidden if it is none of mine, over, or
// was ended.
func (p *Pages) Session(ctx context.Context, cookie string) (PageSession, error) {
	var s PageSession
	if err := unseal(p.Key, pageSessionKey, cookie, &s); err != nil || s.ID == "" || !p.now().Before(s.Until) {
		return PageSession{}, Errorf(Forbidden, "You are not signed in.").WithHint("Ask for a link of your own: %s page", Slash)
	}
	ended := Request{Family: Meta, ID: "page.end." + s.ID}
	found, err := p.Store.Read(ctx, &ended)
	if err != nil {
		return PageSession{}, err
	}
	if found[0] {
		return PageSession{}, Errorf(Forbidden, "You have signed out.").WithHint("Ask for a link of your own: %s page", Slash)
	}
	return s, nil
}

// End makes a session worthless, wherever a copy of it may be.
func (p *Pages) End(ctx context.Context, s PageSession) error {
	return p.Store.Update(ctx, Meta, func(tx Tx) error {
		ended := Request{Family: Meta, ID: "page.end." + s.ID}
		if _, err := tx.Get(&ended); err != nil {
			return err
		}
		ended.Answer = s.Who.ID
		tx.Put(&ended)
		return nil
	})
}

// FormToken is what a form of a session must carry, so that no other site can
// make a browser send it.
func (p *Pages) FormToken(s PageSession) string {
	return base64.RawURLEncoding.EncodeToString(purposeMAC(p.Key, pageFormKey, []byte(s.ID)))
}

// OwnForm reports whether a form carried the token of its session.
func (p *Pages) OwnForm(s PageSession, token string) bool {
	return hmac.Equal([]byte(token), []byte(p.FormToken(s)))
}

// Seal signs a value that a browser keeps, for one purpose; Unseal reads it back
// and refuses whatever was not sealed for that purpose.
func (p *Pages) Seal(purpose string, v any) (string, error) {
	return seal(p.Key, pageKeep+purpose, v)
}

// Unseal implements the other half of Seal.
func (p *Pages) Unseal(purpose, token string, v any) error {
	return unseal(p.Key, pageKeep+purpose, token, v)
}

// A PageVote is a press of Confirm on the page of a plan.
type PageVote struct {
	Plan     PlanID
	Revision int
	Who      Actor
	Reason   string
	Request  string // the same press has the same id
}

func (p *Pages) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

// seal writes v with a MAC for one purpose; it is fit for a path and a cookie.
func seal(key []byte, purpose string, v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	return enc.EncodeToString(raw) + "." + enc.EncodeToString(purposeMAC(key, purpose, raw)), nil
}

// unseal reads what seal wrote for the same purpose under the same key.
func unseal(key []byte, purpose, token string, v any) error {
	body, mac, found := strings.Cut(token, ".")
	if !found || len(token) > maxLink || len(key) == 0 {
		return Errorf(Forbidden, "It was not signed here.")
	}
	enc := base64.RawURLEncoding.Strict()
	raw, err := enc.DecodeString(body)
	if err != nil {
		return err
	}
	given, err := enc.DecodeString(mac)
	if err != nil {
		return err
	}
	if !hmac.Equal(given, purposeMAC(key, purpose, raw)) {
		return Errorf(Forbidden, "It was not signed here.")
	}
	return json.Unmarshal(raw, v)
}

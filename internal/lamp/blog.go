package lamp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// A Blog is a person who writes on a WordPress site, over HTTP as their browser
// does. Log in first.
type Blog struct {
	*Visitor
	nonce string // of the REST interface, for this login
}

// LogIn fills in the form of the login page.
func (b *Blog) LogIn(ctx context.Context, user, password string) error {
	if _, err := b.Get(ctx, "/wp-login.php"); err != nil { // gives the test cookie
		return err
	}
	p, err := b.Submit(ctx, "/wp-login.php", url.Values{"log": {user}, "pwd": {password}, "testcookie": {"1"}, "redirect_to": {"/wp-admin/profile.php"}})
	if err != nil {
		return err
	}
	if !strings.Contains(p.Body, `value="`+user+`"`) || !strings.Contains(p.URL, "/wp-admin/") {
		return p.unexpected("the profile of " + user)
	}
	return b.Begin(ctx)
}

// Begin makes a visitor who has just been logged in, by a one-time link for
// instance, ready to write. It fails for one who is not logged in.
func (b *Blog) Begin(ctx context.Context) error {
	p, err := b.Get(ctx, "/wp-admin/admin-ajax.php?action=rest-nonce")
	if err != nil {
		return err
	}
	if p.Status != http.StatusOK || len(p.Body) != 10 {
		return p.unexpected("a nonce for somebody who is logged in")
	}
	b.nonce = p.Body
	return nil
}

// An Item is a thing that WordPress has made: a post, a file or a user.
type Item struct {
	ID     int    `json:"id"`
	Link   string `json:"link"`       // its page
	Source string `json:"source_url"` // of an uploaded file
}

// Publish writes a post that everybody sees.
func (b *Blog) Publish(ctx context.Context, title, text string) (Item, error) {
	return b.rest(ctx, "posts", map[string]string{"title": title, "content": text, "status": "publish"})
}

// AddAuthor makes an account that may publish.
func (b *Blog) AddAuthor(ctx context.Context, name, password string) (Item, error) {
	return b.rest(ctx, "users", map[string]string{"username": name, "password": password, "email": name + "@example.org", "roles": "author"})
}

// Upload puts a file into the media library; the name's extension says its type.
func (b *Blog) Upload(ctx context.Context, name string, content []byte) (Item, error) {
	return b.send(ctx, "media", request{body: content, header: map[string]string{
		"Content-Type": http.DetectContentType(content), "Content-Disposition": fmt.Sprintf("attachment; filename=%q", name),
	}})
}

func (b *Blog) rest(ctx context.Context, what string, fields map[string]string) (Item, error) {
	body, err := json.Marshal(fields)
	if err != nil {
		return Item{}, err
	}
	return b.send(ctx, what, request{body: body, header: map[string]string{"Content-Type": "application/json"}})
}

func (b *Blog) send(ctx context.Context, what string, r request) (Item, error) {
	r.method, r.path = http.MethodPost, "/?rest_route=/wp/v2/"+what
	r.header["X-WP-Nonce"] = b.nonce
	p, err := b.do(ctx, r)
	if err != nil {
		return Item{}, err
	}
	var made Item
	if err := json.Unmarshal([]byte(p.Body), &made); err != nil || p.Status != http.StatusCreated {
		return Item{}, p.unexpected("201 and the new thing of " + what)
	}
	return made, nil
}

// Follow opens a one-time link and presses its button.
func (b *Blog) Follow(ctx context.Context, link string) error {
	p, err := b.Get(ctx, link)
	if err != nil {
		return err
	}
	if p.Status != http.StatusOK || !strings.Contains(p.Body, "<button") {
		return p.unexpected("a page with a button")
	}
	if p, err = b.Submit(ctx, link, nil); err != nil {
		return err
	}
	if !strings.Contains(p.URL, "/wp-admin/") || p.Status != http.StatusOK {
		return p.unexpected("the dashboard")
	}
	return b.Begin(ctx)
}

// Activate turns a plugin on: "akismet/akismet".
func (b *Blog) Activate(ctx context.Context, plugin string) error {
	p, err := b.do(ctx, request{
		method: http.MethodPost, path: "/?rest_route=/wp/v2/plugins/" + plugin, body: []byte(`{"status": "active"}`),
		header: map[string]string{"Content-Type": "application/json", "X-WP-Nonce": b.nonce},
	})
	if err != nil {
		return err
	}
	if p.Status != http.StatusOK || !strings.Contains(p.Body, `"status":"active"`) {
		return p.unexpected("an active plugin")
	}
	return nil
}

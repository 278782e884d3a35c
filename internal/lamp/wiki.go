package lamp

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
)

// A Wiki is a person who writes on a MediaWiki site through its API.
type Wiki struct{ *Visitor }

// LogIn opens a session.
func (w *Wiki) LogIn(ctx context.Context, user, password string) error {
	token, err := w.token(ctx, "login")
	if err != nil {
		return err
	}
	return w.ask(ctx, "clientlogin", "PASS", url.Values{
		"username": {user}, "password": {password}, "logintoken": {token}, "loginreturnurl": {w.base},
	})
}

// Edit writes a page.
func (w *Wiki) Edit(ctx context.Context, title, text string) error {
	token, err := w.token(ctx, "csrf")
	if err != nil {
		return err
	}
	return w.ask(ctx, "edit", "Success", url.Values{"title": {title}, "text": {text}, "token": {token}})
}

// Upload stores a file; the wiki must allow uploads.
func (w *Wiki) Upload(ctx context.Context, name string, content []byte) error {
	token, err := w.token(ctx, "csrf")
	if err != nil {
		return err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for k, v := range map[string]string{"action": "upload", "format": "json", "filename": name, "token": token, "ignorewarnings": "1"} {
		_ = form.WriteField(k, v) // a buffer takes everything
	}
	file, err := form.CreateFormFile("file", name)
	if err != nil {
		return err
	}
	_, _ = file.Write(content)
	_ = form.Close()
	p, err := w.do(ctx, request{method: http.MethodPost, path: "/api.php", body: body.Bytes(), header: map[string]string{"Content-Type": form.FormDataContentType()}})
	if err != nil {
		return err
	}
	return p.outcome("upload", "Success")
}

// WikiFile is the path at which a wiki serves an uploaded file.
func WikiFile(name string) string {
	sum := fmt.Sprintf("%x", md5.Sum([]byte(name))) // how MediaWiki spreads files over directories
	return "/images/" + sum[:1] + "/" + sum[:2] + "/" + name
}

// token asks for what a change needs: "login" or "csrf".
func (w *Wiki) token(ctx context.Context, kind string) (string, error) {
	p, err := w.Get(ctx, "/api.php?action=query&meta=tokens&format=json&type="+kind)
	if err != nil {
		return "", err
	}
	var a struct {
		Query struct{ Tokens map[string]string }
	}
	if err := json.Unmarshal([]byte(p.Body), &a); err != nil || a.Query.Tokens[kind+"token"] == "" {
		return "", p.unexpected("a token")
	}
	return a.Query.Tokens[kind+"token"], nil
}

// ask calls an action that changes something and wants its outcome.
func (w *Wiki) ask(ctx context.Context, action, want string, form url.Values) error {
	form.Set("action", action)
	form.Set("format", "json")
	p, err := w.Submit(ctx, "/api.php", form)
	if err != nil {
		return err
	}
	return p.outcome(action, want)
}

// outcome reads the answer of an action: {"edit": {"result": "Success"}}.
func (p Page) outcome(action, want string) error {
	var a map[string]json.RawMessage
	var part struct{ Status, Result string }
	if json.Unmarshal([]byte(p.Body), &a) == nil && json.Unmarshal(a[action], &part) == nil && (part.Status == want || part.Result == want) {
		return nil
	}
	return p.unexpected(action + " with " + want)
}

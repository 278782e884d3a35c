package local

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
)

//go:embed page.html
var pageText string

// retryAfter is what visitors of a held site are told, in seconds; also how
// often the page asks again by itself.
const retryAfter = 3

// page answers with a small page of our own.
func page(w http.ResponseWriter, status int) {
	data := small{Status: status, Title: "Something went wrong", Text: "The page could not be made. Please try again in a while."}
	switch status {
	case http.StatusServiceUnavailable:
		data.Title, data.Text = "Back in a moment", "This site is being updated. The page comes back by itself; nothing you have written is lost."
		data.Refresh = retryAfter
		w.Header().Set("Retry-After", fmt.Sprint(retryAfter))
	case http.StatusNotFound:
		data.Title, data.Text = "Not here", "There is no such page on this site."
	case http.StatusMethodNotAllowed:
		data.Title, data.Text = "Not possible", "This page can only be read."
	case http.StatusRequestEntityTooLarge:
		data.Title, data.Text = "Too much", "What you sent is larger than this site accepts."
	}
	data.write(w)
}

// movedAfter is when visitors of a site that moved may ask here again, in seconds:
// their network then has its new address.
const movedAfter = 300

// movedPage tells visitors of a site that has moved to another machine.
func movedPage(w http.ResponseWriter) {
	w.Header().Set("Retry-After", fmt.Sprint(movedAfter))
	small{Status: http.StatusServiceUnavailable, Title: "This site has moved",
		Text: "It is on another machine now, and your network still remembers the old one. Please try again in a few minutes; nothing you have written is lost."}.write(w)
}

// A small page of ours; Refresh is after how many seconds it asks again.
type small struct {
	Status      int
	Title, Text string
	Refresh     int
}

func (data small) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(data.Status)
	_ = template.Must(template.New("page").Parse(pageText)).Execute(w, data)
}

// detached is the context of work that goes on when the visitor has left.
func detached(r *http.Request) context.Context { return context.WithoutCancel(r.Context()) }

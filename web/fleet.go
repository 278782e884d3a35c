package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A section is one table of the fleet.
type section struct {
	name, title string
	read        func(*Site, context.Context, url.Values) (table, error)
}

// sections lists the tables in the order of the menu.
func sections() []section {
	return []section{
		{"distributions", "Distributions", (*Site).distributions},
		{"platforms", "Platforms", (*Site).platforms},
		{"sites", "Sites", (*Site).listSites},
		{"plans", "Plans", (*Site).plans},
		{"tasks", "Tasks", (*Site).listTasks},
		{"hosts", "Hosts", (*Site).hosts},
	}
}

// A table is a section as it is drawn.
type table struct {
	Name, Title string
	Sum         string
	Command     string // what shows the same where commands are typed
	Fields      []field
	Header      []string
	Rows        []row
	Bad         []string // records that were changed by somebody without the key
	Next, Prev  string   // addresses of other pages
	At          time.Time
}

// A field is one input of the filters.
type field struct {
	Name, Label, Value string
	Choices            []string // a select; nil is a text
	Switch             bool     // a checkbox
}

// A row is a line of a table.
type row struct{ Cells []cell }

// A cell is foreign text, with where it leads.
type cell struct {
	Text, Link string
	Tone       fleet.Tone
	Right      bool
	Slack      string // address of the message about it
	At         time.Time
}

// perPage is how many rows a page of the fleet has.
const perPage = 50

// fleet shows one section.
func (s *Site) fleet(w http.ResponseWriter, r *http.Request, v visit) {
	t, at, err := s.section(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	f := v.frame(at.title, "fleet", t)
	f.At, f.Refresh, f.Live = at.name, 20, fleet.PagePath+"live/fleet/"+at.name+"?"+r.URL.RawQuery
	s.show(w, r, http.StatusOK, f)
}

// section reads the section that a request asks for.
func (s *Site) section(r *http.Request) (table, section, error) {
	name := r.PathValue("what")
	if name == "" {
		name = sections()[0].name
	}
	i := slices.IndexFunc(sections(), func(x section) bool { return x.name == name })
	if i < 0 {
		return table{}, section{}, fleet.Errorf(fleet.NotFound, "There is no such page.")
	}
	t, err := sections()[i].read(s, r.Context(), r.URL.Query())
	t.Name, t.Title, t.At = sections()[i].name, sections()[i].title, s.Now()
	return t, sections()[i], err
}

// bad takes what cannot be trusted out of an error.
func (t *table) bad(err error) error {
	t.Bad = fleet.Distrusted(err)
	if t.Bad != nil {
		return nil
	}
	return err
}

// turn adds the ways to other pages.
func (t *table) turn(q url.Values, page int, more bool) {
	to := func(n int) string {
		next := url.Values{}
		for name, value := range q {
			next[name] = value
		}
		next.Set("page", strconv.Itoa(n))
		return "?" + next.Encode()
	}
	if page > 1 {
		t.Prev = to(page - 1)
	}
	if more {
		t.Next = to(page + 1)
	}
}

// pageOf reads which page is asked for.
func pageOf(q url.Values) int {
	n, err := strconv.Atoi(q.Get("page"))
	if err != nil || n < 1 || n > 1_000_000 {
		return 1
	}
	return n
}

func text(s string) cell { return cell{Text: s} }

func count(n int) cell { return cell{Text: strconv.Itoa(n), Right: true} }

func moment(t time.Time) cell {
	if t.IsZero() {
		return cell{}
	}
	return cell{At: t}
}

// to leads to another section.
func to(what, name, value string) string {
	return fleet.PagePath + "fleet/" + what + "?" + url.Values{name: {value}}.Encode()
}

// stateTone is the mood of a state, which its word says as well.
func stateTone(state string) fleet.Tone {
	switch state {
	case "ready", "live", "done", "working":
		return fleet.Good
	case "failed", "held", "silent":
		return fleet.Bad
	case "queued", "building", "verifying", "running", "moving", "paused", "proposed", "approved":
		return fleet.Warn
	}
	return fleet.Neutral
}

func state(s string) cell { return cell{Text: s, Tone: stateTone(s)} }

// message is where a subject was posted first.
func (s *Site) message(ctx context.Context, about fleet.Subject) string {
	if s.Permalink == nil || about == "" {
		return ""
	}
	channels, err := s.Planner.Store.List(ctx, fleet.PostsOf(about), fleet.Page{Limit: 1})
	if err != nil || len(channels) == 0 {
		return "" // a link that is missing keeps nobody from reading
	}
	p := fleet.Post{Subject: about, Channel: channels[0]}
	if found, err := s.Planner.Store.Read(ctx, &p); err != nil || !found[0] || p.TS == "" {
		return ""
	}
	return s.Permalink(p.Channel, p.TS)
}

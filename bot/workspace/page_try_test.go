package workspace_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/bot/workspace"
	"github.com/distrobot/distrobot/internal/browser"
)

// trial stands for the program round the workspace under `try`.
type trial struct {
	mu        sync.Mutex
	published map[string]bool
	version   string
}

func (tr *trial) serve(mux *http.ServeMux, s *workspace.Server, site string) {
	answer := func(f func(*http.Request) any) http.Handler {
		return s.Guard(s.RequireToken(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tr.mu.Lock()
			defer tr.mu.Unlock()
			json.NewEncoder(w).Encode(f(r))
		})))
	}
	mux.Handle("GET /try/sites", answer(func(*http.Request) any {
		var list []map[string]string
		for i, uri := range []string{"blog.example.org", "shop.example.org", "wiki.example.org"} {
			list = append(list, map[string]string{"uri": uri, "url": site + "/" + uri, "platform": "sample-" + tr.version, "version": tr.version, "state": []string{"live", "moving", "failed"}[i]})
		}
		return list
	}))
	mux.Handle("GET /try/releases", answer(func(*http.Request) any {
		return []map[string]any{{"tag": "1.2.0", "published": tr.published["1.2.0"]}, {"tag": "1.3.0", "published": tr.published["1.3.0"]}}
	}))
	mux.Handle("POST /try/publish", answer(func(r *http.Request) any {
		var req struct{ Tag string }
		json.NewDecoder(r.Body).Decode(&req)
		tr.published[req.Tag], tr.version = true, req.Tag
		return map[string]any{}
	}))
}

// openTry starts a workspace with the panel of a trial and a site to show.
func openTry(t *testing.T) (*bench, *trial) {
	t.Helper()
	tr := &trial{published: map[string]bool{}, version: "1.0.0"}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<body style="font:20px sans-serif;margin:24px"><h1>%s</h1><p>Welcome. Sign the guest book.</p></body>`, strings.Trim(r.URL.Path, "/"))
	}))
	t.Cleanup(site.Close)
	s := workspace.New(workspace.Options{Limits: workspace.Limits{Off: true}, Try: true, Banner: "Nothing is kept after this ends."})
	mux := http.NewServeMux()
	tr.serve(mux, s, site.URL)
	mux.Handle("/", s.Handler())
	srv := httptest.NewServer(mux)
	t.Cleanup(func() { s.Close(); srv.Close() })
	b := &bench{Server: s, t: t, url: srv.URL}
	b.api = b.client()
	return b, tr
}

func TestPageOfATrial(t *testing.T) {
	b, _ := openTry(t)
	b.connect(acknowledge)
	b.fixture(t)
	w := browser.Open(t, "workspace")
	w.Look(1280, 860, "light")
	w.Do("open", chromedp.Navigate(b.url+"/?token="+b.Token()), chromedp.WaitVisible(".site iframe"))
	w.Shoot("try-1280-light")
	w.Do("publish", chromedp.Click(`//button[text()="Publish 1.2.0"]`), chromedp.WaitVisible(`//p[text()="Published: 1.2.0"]`),
		chromedp.WaitVisible(`//*[text()="sample-1.2.0"]`))
	w.Look(1280, 860, "dark")
	w.Shoot("try-1280-dark")
	w.Look(390, 800, "light")
	w.Do("narrow has the panel behind a button", chromedp.WaitNotVisible("#side"), chromedp.Click(".sites-button"), chromedp.WaitVisible(".site iframe"))
	w.Shoot("try-390-light")
	w.Do("close it", chromedp.Click(`[aria-label="Close sites"]`), chromedp.WaitNotVisible("#side"))
	w.Quiet()
}

func TestPageWritingAndActingAsOthers(t *testing.T) {
	b := open(t, noLimits())
	b.connect(storyApp)
	w := browser.Open(t, "workspace")
	w.Look(1280, 860, "light")
	w.Do("open", chromedp.Navigate(b.url+"/?token="+b.Token()), chromedp.WaitVisible(".composer-text"))
	w.Shoot("empty-1280-light")
	w.Do("a slash shows the commands", chromedp.SendKeys(".composer-text", "/"), chromedp.WaitVisible(".hints code"))
	w.Shoot("hints-1280-light")
	w.Do("enter completes", chromedp.SendKeys(".composer-text", kb.Enter+"upgrade shop"+kb.Enter), chromedp.WaitVisible(".ephemeral"),
		chromedp.WaitVisible(`//button[text()="Confirm"]`))
	if m := b.state().Ephemerals["U0ALICE"]; len(m) != 1 || m[0].Text != "on it: upgrade shop" {
		t.Errorf("the app answered %+v", m)
	}
	w.Do("act as bob", chromedp.Click(`//strong[text()="Bob Brown"]`), chromedp.WaitNotPresent(chromedp.CSS(".ephemeral")))
	w.Do("mention", chromedp.SendKeys(".composer-text", "@dis"), chromedp.WaitVisible(".hints strong"), chromedp.SendKeys(".composer-text", kb.Tab+"hello <b>there</b>"+kb.Enter),
		chromedp.WaitVisible(`//li[contains(., "hello <b>there</b>")]`))
	if m := b.messages("sites")[1]; m.User != "U0BOB" || m.Text != "<@U0DISTROBOT> hello &lt;b&gt;there&lt;/b&gt;" {
		t.Errorf("bob said %+v", m)
	}
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: digest()}}
	if _, err := b.api.PublishView("U0BOB", home, ""); err != nil {
		t.Fatal(err)
	}
	w.Do("home", chromedp.Click(`//span[text()="distrobot"]`), chromedp.Click(`//button[text()="Home"]`), chromedp.WaitVisible(".home .block-header"))
	w.Shoot("home-1280-light")
	w.Do("back", chromedp.Click(`//span[text()="sites"]`), chromedp.WaitVisible(`//button[text()="Confirm"]`))
	b.post("D0BOB", "your build is ready", nil)
	w.Do("a direct message is unread", chromedp.WaitVisible(".badge"))
	w.Shoot("unread-1280-light")
	w.Quiet()
}

// Foreign text that would do harm if it were parsed: as HTML, or as a mention.
func TestPageShowsHostileTextAsText(t *testing.T) {
	b := open(t, noLimits())
	evil := `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(evil + " <!channel> <https://evil.example|click>")
	table := slack.NewTableBlock("t")
	table.AddRow(slack.NewTableRawTextCell(evil), slack.NewTableRawTextCell("<!channel>"))
	ts := b.post("C0SITES", escaped, []slack.Block{slack.NewHeaderBlock(plain("<b>x</b> <!channel>")), slack.NewSectionBlock(mrkdwn(escaped), nil, nil), table,
		slack.NewSectionBlock(mrkdwn("<javascript:alert(1)|go> <data:text/html,x|there>"), nil, nil),
		slack.NewActionBlock("", button("b", "<i>press</i>", ""))})
	w := browser.Open(t, "workspace")
	w.Do("open", chromedp.Navigate(b.url+"/?token="+b.Token()), chromedp.WaitVisible(at(ts)+".table-frame"))
	w.Shoot("hostile")
	if title := browser.Script[string](w, "document.title"); strings.Contains(title, "owned") {
		t.Errorf("foreign script ran: %s", title)
	}
	for _, inside := range []string{"img", "script", "b", "i", ".mention", "a"} {
		if n := browser.Script[float64](w, `document.querySelectorAll('`+at(ts)+` .content `+inside+`').length`); n != 0 {
			t.Errorf("foreign text became %v %s", n, inside)
		}
	}
	w.Quiet()
}

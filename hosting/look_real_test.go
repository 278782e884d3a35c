package hosting_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/look"
	"github.com/distrobot/distrobot/internal/run"
)

// shopPage is a page as themes make them: a header, a menu, articles, a sidebar
// with a block, and the date of today in it.
func shopPage(date string) string {
	var b strings.Builder
	b.WriteString(`<!doctype html><meta name=viewport content="width=device-width"><title>Shop</title><link rel=stylesheet href=/theme.css>` +
		`<header><h1>The shop of shops</h1><nav><a href=/a>Goods</a> <a href=/b>Prices</a> <a href=/c>About us</a></nav></header><main>`)
	for i := range 6 {
		fmt.Fprintf(&b, "<article><h2>Article %d</h2><p>%s</p></article>", i, strings.Repeat("Wares of every sort, sold by the piece and by the dozen. ", 5))
	}
	b.WriteString(`</main><aside><section class=offer><h2>Offer of the week</h2><p>Three for the price of two.</p></section><p class=date>` + date + `</p></aside>`)
	return b.String()
}

const shopTheme = `body { margin: 0; font: 16px/1.5 sans-serif; color: #222 } header { background: #234e70; color: white; padding: 16px } nav a { color: white }
main { margin: 16px; max-width: 720px } article { border-bottom: 1px solid #ccc } aside { background: #fbf8be; padding: 16px; position: relative }
.offer { background: #e07a5f; color: white; padding: 8px; width: 260px } @keyframes beat { to { opacity: .2 } } nav a { animation: beat 1s infinite alternate }`

// boutique is a platform with that page. change edits its files.
func boutique(change func(tree)) tree {
	files := tree{
		"distrobot.yml":  "version: 1\ndocroot: web\ncheck: {path: /, marker: The shop}\nlook: {mask: [.masked]}\n",
		"web/index.html": shopPage("Monday, 16 November 2026"), "web/theme.css": shopTheme,
	}
	if change != nil {
		change(files)
	}
	return files
}

// chromium gives the worker of a world the real Chromium, with its sandbox, as
// nobody where the test is root.
func (w *world) chromium() {
	o := look.Options{Wrap: func(c run.Command) run.Command { return hosting.Offline(context.Background(), c) }}
	if os.Getuid() == 0 {
		o.As = &run.User{UID: 65534, GID: 65534}
	}
	w.worker.Looks = filepath.Join(w.dir, "looks")
	if os.Getenv("DISTROBOT_TEST_THOROUGH") != "" {
		w.worker.Eyes = func(ctx context.Context) (hosting.Eye, error) { return look.Open(ctx, o) }
		return
	}
	e, err := look.Open(context.Background(), o)
	must(w.t, err)
	w.t.Cleanup(e.Close)
	w.worker.Eyes = func(context.Context) (hosting.Eye, error) { return lasting{e}, nil }
}

// lasting is a browser that several steps use, which saves starting it.
type lasting struct{ *look.Engine }

func (lasting) Close() {}

// TestChromiumLooks moves sites over to a platform whose theme is broken, whose
// stylesheet is missing, or whose block has moved: each is caught, a changed date
// and a platform that looks the same are not. A short run tries the two that are
// hardest to tell apart, once.
func TestChromiumLooks(t *testing.T) {
	runs := 1
	if os.Getenv("DISTROBOT_TEST_THOROUGH") != "" {
		runs = 20
	}
	w := openWorld(t, t.TempDir(), "memory")
	t.Cleanup(func() { makeWritable(w.dir) })
	w.chromium()
	w.publish("old", boutique(nil))
	trials := 0
	for name, tt := range map[string]struct {
		change func(tree)
		caught bool
	}{
		"same":       {func(tree) {}, false},
		"date":       {func(f tree) { f["web/index.html"] = shopPage("Sunday, 22 November 2026") }, false},
		"theme":      {func(f tree) { f["web/theme.css"] = "body { color: red" + f["web/theme.css"] }, true},
		"stylesheet": {func(f tree) { delete(f, "web/theme.css") }, true},
		"block": {func(f tree) {
			f["web/theme.css"] += "\n@media all { .offer { position: absolute; right: 16px } aside { min-height: 200px } }"
		}, true},
	} {
		if runs == 1 && name != "date" && name != "block" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			w.publish(fleet.PlatformName(name), boutique(tt.change))
			for i := range runs {
				v := *w
				v.t = t
				uri := fleet.URI(fmt.Sprintf("%s%d.example", name, i))
				v.create(uri, "old")
				want := map[bool]fleet.TaskState{true: fleet.TaskHeld, false: fleet.TaskDone}[tt.caught]
				got := v.want(v.run(lookingMove(&v, uri, fleet.PlatformName(name), fleet.LookOrAsk)), want)
				w.tasks = v.tasks
				l := v.seen(got)
				over, unsure := l.Count()
				if unsure != 0 || (over > 0) != tt.caught || len(l.Pages) != 2 {
					t.Errorf("run %d: %+v", i, l)
				}
				for _, p := range l.Pages {
					t.Log(fleet.TellSight(p))
				}
				trials++
				keepPictures(t, v.store, name, l)
			}
		})
	}
	t.Attr("trials", fmt.Sprint(trials))
}

// keepPictures leaves the pictures of a look for people, where tests leave them.
func keepPictures(t *testing.T, s fleet.Store, name string, l fleet.Look) {
	dir := os.Getenv("DISTROBOT_ARTIFACTS")
	if dir == "" {
		return
	}
	pictures, err := fleet.Pictures(t.Context(), s, l)
	must(t, err)
	must(t, os.MkdirAll(filepath.Join(dir, "looks"), 0o755))
	for _, p := range pictures {
		must(t, os.WriteFile(filepath.Join(dir, "looks", fmt.Sprintf("%s-%d.png", name, p.N)), p.PNG, 0o644))
	}
}

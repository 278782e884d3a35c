package look_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/look"
	"github.com/distrobot/distrobot/internal/run"
)

// options are those under which tests run Chromium: as root it runs as nobody, as
// in production, and its sandbox is always on.
func options() look.Options {
	if os.Getuid() == 0 {
		return look.Options{As: &run.User{UID: 65534, GID: 65534}}
	}
	return look.Options{}
}

func open(t *testing.T) *look.Engine {
	t.Helper()
	e, err := look.Open(t.Context(), options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// pages answers by path; what is not there is not found.
type pages map[string]string

func (p pages) get(_ context.Context, path string) (look.Response, error) {
	body, ok := p[path]
	kind := "text/html; charset=utf-8"
	switch {
	case !ok:
		return look.Response{Status: http.StatusNotFound, Body: []byte("not found")}, nil
	case strings.HasPrefix(path, "/css"):
		kind = "text/css"
	case strings.HasPrefix(body, "@"):
		return look.Response{Status: http.StatusFound, Header: http.Header{"Location": {body[1:]}}}, nil
	}
	return look.Response{Status: http.StatusOK, Header: http.Header{"Content-Type": {kind}}, Body: []byte(body)}, nil
}

func (p pages) shot(path string) look.Shot {
	return look.Shot{Site: "https://shop.example", Path: path, Width: 390, Get: p.get}
}

func TestShoot(t *testing.T) {
	e := open(t)
	site := pages{
		"/":          `<link rel=stylesheet href=/css/a.css><h1>Shop</h1><img src=https://tracker.example/pixel.gif><script src=/gone.js></script><p class=now>12:04`,
		"/css/a.css": `body { background: rgb(0, 128, 0); height: 3000px; margin: 0 } .now { position: absolute; top: 500px; left: 10px; width: 100px; height: 50px }`,
		"/moved":     "@/",
		"/long":      `<body style="height: 20000px">`,
	}
	pic, err := e.Shoot(t.Context(), look.Shot{Site: "https://shop.example", Path: "/", Width: 390, Masks: []string{".now"}, Get: site.get})
	if err != nil {
		t.Fatal(err)
	}
	if b := pic.Image.Bounds(); b.Dx() != 390 || b.Dy() < 3000 || b.Dy() > 3100 || pic.Cut {
		t.Errorf("it is %v, cut: %t", b, pic.Cut)
	}
	if c := pic.Image.RGBAAt(300, 2000); c.R != 0 || c.G != 128 || c.B != 0 {
		t.Errorf("the stylesheet did not come: %v", c)
	}
	if len(pic.Masked) != 1 || pic.Masked[0].Min.X != 10 {
		t.Errorf("masked: %v", pic.Masked)
	}
	if pic.Status != 200 || pic.Failed != 1 || fmt.Sprint(pic.Others) != "[tracker.example]" {
		t.Errorf("status %d, %d failed, others %v", pic.Status, pic.Failed, pic.Others)
	}
	if moved, err := e.Shoot(t.Context(), site.shot("/moved")); err != nil || moved.Status != 200 || moved.Image.RGBAAt(300, 2000).G != 128 {
		t.Errorf("a redirect: %d %v", moved.Status, err)
	}
	if long, err := e.Shoot(t.Context(), site.shot("/long")); err != nil || !long.Cut || long.Image.Bounds().Dy() != look.MaxHeight {
		t.Errorf("a long page: %v", err)
	}
	if none, err := e.Shoot(t.Context(), site.shot("/none")); err != nil || none.Status != 404 {
		t.Errorf("a page that is not there: %d %v", none.Status, err)
	}
	if _, err := e.Shoot(t.Context(), look.Shot{Site: "https://shop.example", Path: "/", Width: 390, Masks: []string{"::("}, Get: site.get}); err == nil || !strings.Contains(err.Error(), "::(") {
		t.Errorf("a mask that is none: %v", err)
	}
}

// Pages that do their worst are looked at, or refused in time; the engine lives on.
func TestHostilePages(t *testing.T) {
	e := open(t)
	for name, page := range map[string]string{
		"dialogs":        `<script>while (Math.random() < .9) alert(1); confirm(2); prompt(3); print(); open("https://evil.example")</script>x`,
		"files":          `<iframe src="file:///etc/passwd"></iframe><img src="file:///etc/hostname"><script>fetch("file:///etc/passwd").catch(() => 0)</script>x`,
		"elsewhere":      `<script>fetch("http://127.0.0.1:22/").catch(() => 0); new WebSocket("ws://127.0.0.1:22/"); new RTCPeerConnection({iceServers: [{urls: "stun:127.0.0.1"}]})</script>x`,
		"asks for ever":  `<script>let n = 0; setInterval(() => fetch("/x" + n++), 20)</script>x`,
		"moves for ever": `<style>@keyframes a { to { transform: translateX(200px) } } b { animation: a 1s infinite; display: block }</style><b>x</b><marquee>y</marquee>`,
	} {
		t.Run(name, func(t *testing.T) {
			site := pages{"/": page}
			if _, err := e.Shoot(t.Context(), site.shot("/")); err != nil {
				t.Error(err)
			}
		})
	}
	for name, page := range map[string]string{
		"busy":       `<script>for (;;);</script>`,
		"goes away":  `<script>location = "https://evil.example/"</script>`,
		"never ends": `@/`,
	} {
		t.Run(name, func(t *testing.T) {
			shot := pages{"/": page}.shot("/")
			shot.Limit = 2 * time.Second
			begun := time.Now()
			_, err := e.Shoot(t.Context(), shot)
			if name != "goes away" && err == nil {
				t.Error("it was looked at")
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
	if _, err := e.Shoot(t.Context(), pages{"/": "fine"}.shot("/")); err != nil {
		t.Errorf("the engine does not live on: %v", err)
	}
}

// A Chromium that is killed is said, and a caller that goes away is not waited for.
func TestEngineEnds(t *testing.T) {
	e := open(t)
	inside := make(chan struct{})
	var once sync.Once
	hang := look.Shot{Site: "https://shop.example", Path: "/", Width: 390, Get: func(ctx context.Context, _ string) (look.Response, error) {
		once.Do(func() { close(inside) })
		<-ctx.Done()
		return look.Response{}, ctx.Err()
	}}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := fmt.Errorf("the task is another's")
	go func() { <-inside; cancel(why) }()
	if _, err := e.Shoot(ctx, hang); err != why {
		t.Errorf("a caller that goes away: %v", err)
	}
	pids := look.Pids(e)
	if len(pids) == 0 {
		t.Fatal("there is no process")
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Shoot(t.Context(), pages{"/": "x"}.shot("/")); err == nil {
		t.Error("a browser that was killed took a picture")
	}
}

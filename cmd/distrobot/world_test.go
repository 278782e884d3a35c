package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/distrobot/distrobot/cmd/distrobot/sample"
	"github.com/distrobot/distrobot/internal/mirror"
)

// cmdSample: sample makes the sample's repository and serves it with git's own
// server program; its address is in $REPO.
func cmdSample(ts *testscript.TestScript, _ bool, _ []string) {
	root := filepath.Join(ts.Getenv("WORK"), "forge")
	ts.Check(sample.Make(context.Background(), filepath.Join(root, sample.Repository)))
	h, err := mirror.HTTPBackend(root)
	ts.Check(err)
	srv := httptest.NewServer(h)
	ts.Defer(srv.Close)
	ts.Setenv("REPO", srv.URL+"/"+sample.Repository)
}

// cmdPublish: publish TAG adds a release to the sample, through try or, after
// the command sample, to its repository.
func cmdPublish(ts *testscript.TestScript, _ bool, args []string) {
	if ts.Getenv("REPO") == "" {
		ts.Check(theChat(ts).Call("POST", "/try/publish", map[string]string{"tag": args[0]}, nil))
		return
	}
	ts.Check(sample.Publish(context.Background(), filepath.Join(ts.Getenv("WORK"), "forge", sample.Repository), args[0]))
}

// cmdFreePort: freeport NAME... sets each variable to a port nobody uses.
func cmdFreePort(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		_, port, err := net.SplitHostPort(ln.Addr().String())
		ts.Check(err)
		ts.Check(ln.Close())
		ts.Setenv(name, port)
	}
}

// cmdFault: fault KIND [MILLISECONDS] disturbs the workspace.
func cmdFault(ts *testscript.TestScript, _ bool, args []string) {
	in := map[string]any{"kind": args[0]}
	if len(args) > 1 {
		var ms int
		_, err := fmt.Sscan(args[1], &ms)
		ts.Check(err)
		in["for_ms"] = ms
	}
	ts.Check(theChat(ts).Call("POST", "/workspace/fault", in, nil))
}

// cmdDeliver: deliver SIGNATURE STATUS sends a slash command over HTTP mode
// with a good, bad, old or missing signature and wants the app's status.
func cmdDeliver(ts *testscript.TestScript, _ bool, args []string) {
	var out struct {
		Status int    `json:"status"`
		Error  string `json:"error"`
	}
	ts.Check(theChat(ts).Call("POST", "/workspace/deliver", map[string]any{"kind": "command", "signature": args[0],
		"body": "command=%2Fdistro&text=list&user_id=U0ALICE&channel_id=C0SITES"}, &out))
	if fmt.Sprint(out.Status) != args[1] {
		ts.Fatalf("status %d, want %s (%s)", out.Status, args[1], out.Error)
	}
}

// cmdSite: site URI REGEXP waits until the site answers with the words: a site
// of try, or one served by its Host header at $DISTROBOT_SITES_LISTEN.
func cmdSite(ts *testscript.TestScript, _ bool, args []string) {
	re, last := regexp.MustCompile(args[1]), ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if last = siteBody(ts, args[0]); re.MatchString(last) {
			return
		}
	}
	ts.Fatalf("%s does not show %q:\n%s", args[0], args[1], last)
}

// siteBody fetches a site's front page, whatever its status.
func siteBody(ts *testscript.TestScript, uri string) string {
	if addr := ts.Getenv("DISTROBOT_SITES_LISTEN"); addr != "" {
		return fetch("http://"+addr+"/", uri)
	}
	var sites []struct{ URI, URL string }
	if err := theChat(ts).Call("GET", "/try/sites", nil, &sites); err != nil {
		return err.Error()
	}
	for _, s := range sites {
		if s.URI == uri {
			return fetch(s.URL, "")
		}
	}
	return fmt.Sprintf("no such site: %v", sites)
}

// cmdGet: get URL REGEXP waits until the address answers with the words.
func cmdGet(ts *testscript.TestScript, _ bool, args []string) {
	re, last := regexp.MustCompile(args[1]), ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if last = fetch(args[0], ""); re.MatchString(last) {
			return
		}
	}
	ts.Fatalf("%s does not say %q:\n%s", args[0], args[1], last)
}

// fetch gives status and body of an address, asked by a host name if given.
func fetch(url, host string) string {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	req.Host = host
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s\n%s", resp.Status, raw)
}

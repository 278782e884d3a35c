package main

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdSign: sign SITE NAME TEXT writes into the guest book of a site at
// $DISTROBOT_SITES_LISTEN, as a visitor does.
func cmdSign(ts *testscript.TestScript, _ bool, args []string) {
	form := url.Values{"name": {args[1]}, "text": {args[2]}}
	req, err := http.NewRequest(http.MethodPost, "http://"+ts.Getenv("DISTROBOT_SITES_LISTEN")+"/guestbook.cgi", strings.NewReader(form.Encode()))
	ts.Check(err)
	req.Host = args[0]
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultTransport.RoundTrip(req)
	ts.Check(err)
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusSeeOther {
		ts.Fatalf("sign: %s\n%s", resp.Status, body)
	}
}

// cmdGuests: guests SITE REGEXP waits until the guest book shows the words.
func cmdGuests(ts *testscript.TestScript, _ bool, args []string) {
	re, last := regexp.MustCompile(args[1]), ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if last = fetch("http://"+ts.Getenv("DISTROBOT_SITES_LISTEN")+"/guestbook.cgi", args[0]); re.MatchString(last) {
			return
		}
	}
	ts.Fatalf("the guest book of %s does not show %q:\n%s", args[0], args[1], last)
}

// cmdUpload: upload DATA SITE FILE TEXT puts a file among the shared ones of a
// site, as its application would.
func cmdUpload(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(uploaded(ts, args), []byte(args[3]), 0o644))
}

// cmdHolds: holds DATA SITE FILE TEXT checks that it is there.
func cmdHolds(ts *testscript.TestScript, _ bool, args []string) {
	got, err := os.ReadFile(uploaded(ts, args))
	ts.Check(err)
	if string(got) != args[3] {
		ts.Fatalf("%s of %s is %q", args[2], args[1], got)
	}
}

func uploaded(ts *testscript.TestScript, args []string) string {
	return filepath.Join(ts.Getenv("WORK"), args[0], "sites", args[1], "shared", "web", "files", args[2])
}

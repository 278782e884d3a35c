package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/distrobot/distrobot/internal/chat"
)

// cmdAsk: ask USER CHANNEL TEXT WORDS... types a command and waits for an
// answer to it, for that person alone, that holds all the words.
func cmdAsk(ts *testscript.TestScript, _ bool, args []string) {
	c := theChat(ts)
	before, err := c.State()
	ts.Check(err)
	old := len(private(before, args[0]))
	p, err := c.Say(args[0], args[1], args[2])
	ts.Check(err)
	if p.Error != "" {
		ts.Fatalf("ask: error %q", p.Error)
	}
	ts.Check(c.Await(patience, func(s chat.State) (bool, string) {
		fresh := private(s, args[0])[old:]
		for _, m := range fresh {
			if m.Holds(args[3:]...) {
				return true, ""
			}
		}
		return false, fmt.Sprintf("%q was not answered with %q, but %v", args[2], args[3:], words(fresh))
	}))
}

// private lists what a person was shown alone, in its order.
func private(s chat.State, user string) []chat.Message {
	var out []chat.Message
	for who, list := range s.Ephemerals {
		if strings.Contains(strings.ToLower(who), user) {
			out = append(out, list...)
		}
	}
	return out
}

func words(list []chat.Message) []string {
	var out []string
	for _, m := range list {
		out = append(out, m.Words())
	}
	return out
}

// cmdExits: exits CODE COMMAND runs do and wants its exit code.
func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	program, err := exec.LookPath("distrobot")
	ts.Check(err)
	cmd := exec.Command(program, "do", args[1])
	cmd.Dir, cmd.Env = ts.Getenv("WORK"), scriptEnv(ts)
	out, _ := cmd.CombinedOutput()
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("%q ended with %s, want %s:\n%s", args[1], got, args[0], out)
	}
}

// cmdHook: hook SIGNATURE EVENT STATUS delivers what GitHub sends about $REPO
// for a push or a new tag: signed, unsigned, sha1 (the old header alone), forged
// (another secret), empty (the empty secret) or huge (above what GitHub sends).
func cmdHook(ts *testscript.TestScript, _ bool, args []string) {
	body := fmt.Sprintf(`{"ref":"refs/heads/main","ref_type":"branch","repository":{"id":1,"clone_url":%q,"html_url":%[1]q}}`, ts.Getenv("REPO"))
	if args[1] == "create" {
		body = fmt.Sprintf(`{"ref":"1.2.0","ref_type":"tag","repository":{"id":1,"clone_url":%q,"html_url":%[1]q}}`, ts.Getenv("REPO"))
	}
	secret := ts.Getenv("DISTROBOT_GITHUB_SECRET")
	if args[0] == "huge" {
		body += strings.Repeat(" ", 30<<20)
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+ts.Getenv("DISTROBOT_LISTEN")+"/hooks/github", strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-GitHub-Event", args[1])
	req.Header.Set("X-GitHub-Delivery", "delivery-"+args[0]+args[1])
	switch args[0] {
	case "signed", "huge":
		req.Header.Set("X-Hub-Signature-256", "sha256="+signature(sha256.New, secret, body))
	case "sha1":
		req.Header.Set("X-Hub-Signature", "sha1="+signature(sha1.New, secret, body))
	case "forged":
		req.Header.Set("X-Hub-Signature-256", "sha256="+signature(sha256.New, "a guess", body))
	case "empty":
		req.Header.Set("X-Hub-Signature-256", "sha256="+signature(sha256.New, "", body))
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	if got := strconv.Itoa(resp.StatusCode); got != args[2] {
		ts.Fatalf("a delivery that is %s: status %s, want %s", args[0], got, args[2])
	}
}

func signature(h func() hash.Hash, key, body string) string {
	mac := hmac.New(h, []byte(key))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// cmdLocked: locked STATUS serves a repository that answers everybody with the
// status; its address is in $LOCKED.
func cmdLocked(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		w.WriteHeader(status)
	}))
	ts.Defer(srv.Close)
	ts.Setenv("LOCKED", srv.URL+"/private.git")
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/internal/chat"
)

// TestMain makes the test binary the program itself, so that scripts start,
// kill and restart real processes.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"distrobot": func() {
			if dir := os.Getenv(mineEnv); dir != "" && os.Args[1] == "serve" {
				os.Exit(executeMined(dir))
			}
			os.Exit(execute(os.Args[1:]))
		},
	})
}

// patience bounds every wait of a script; it is long because machines differ,
// and nothing sleeps for it.
const patience = 60 * time.Second

// TestScripts tells the whole story with the real binary: testdata/*.txtar.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", Cmds: scriptCommands(t),
		Condition: func(name string) (bool, error) {
			if name != "thorough" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return thorough(), nil
		},
		Setup: func(env *testscript.Env) error { return setupScript(env) },
	})
}

// scriptCommands are what scripts can say beside the commands of testscript.
func scriptCommands(t *testing.T) map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"start": cmdStart, "quit": cmdStop, "redis": cmdRedis, "sample": cmdSample, "publish": cmdPublish, "freeport": cmdFreePort,
		"say": cmdSay, "click": cmdClick, "see": cmdSee, "private": cmdPrivate, "sheet": cmdSheet, "once": cmdOnce, "storm": cmdStorm, "site": cmdSite, "counters": cmdCounters,
		"fault": cmdFault, "deliver": cmdDeliver, "get": cmdGet,
		"depot": cmdDepot, "pack": cmdPack, "release": cmdRelease, "wares": cmdWares,
		"ask": cmdAsk, "exits": cmdExits, "hook": cmdHook, "locked": cmdLocked, "storms": cmdStorms, "endredis": cmdEndRedis, "front": cmdFront, "aegir": cmdAegir, "sshd": cmdSSHD(t),
		"gone": cmdGone, "floor": cmdFloor, "flush": cmdFlush, "freeze": cmdFreeze, "latch": cmdLatch, "door": cmdDoor, "live": cmdLive, "copyout": cmdCopyOut, "putback": cmdPutBack, "await": cmdAwait, "says": cmdSays,
		"schema": cmdSchema,
		"sign":   cmdSign, "guests": cmdGuests, "upload": cmdUpload, "holds": cmdHolds, "doc": cmdDoc,
		"real": cmdReal, "eventually": cmdEventually, "overlay": cmdOverlay,
	}
}

func setupScript(env *testscript.Env) error {
	for dir := env.WorkDir; dir != filepath.Clean(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o711); err != nil { // the user of builds has to get to the data directory
			return err
		}
	}
	env.Setenv("DISTROBOT_DATA", env.WorkDir+"/data")
	env.Setenv("DISTROBOT_LOG_LEVEL", "info")
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		return err
	}
	env.Setenv("EXAMPLES", examples)
	env.Setenv("DOCS", filepath.Join(examples, "../docs"))
	env.Values[procsKey{}] = procs{}
	env.Defer(func() { env.Values[procsKey{}].(procs).killAll() })
	return nil
}

// theChat is the workspace of the script: its page's address is in $PAGE.
func theChat(ts *testscript.TestScript) *chat.Client {
	c, err := chat.New(ts.Getenv("PAGE"))
	ts.Check(err)
	return c
}

// cmdSay: say USER CHANNEL TEXT [WORDS-OF-THE-PRIVATE-ANSWER...]
func cmdSay(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: say USER CHANNEL TEXT [WORDS...]")
	}
	p, err := theChat(ts).Say(args[0], args[1], args[2])
	ts.Check(err)
	if p.Error != "" != neg {
		ts.Fatalf("say: error %q", p.Error)
	}
	for _, want := range args[3:] {
		waitPrivate(ts, args[0], want)
	}
}

// cmdClick: click USER CHANNEL WORDS LABEL presses the button whose label
// begins with LABEL on the newest message that holds WORDS.
func cmdClick(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: click USER CHANNEL WORDS LABEL")
	}
	c, found := theChat(ts), chat.Button{}
	var on chat.Message
	err := c.Await(patience, func(s chat.State) (bool, string) {
		m, ok := s.FindWith(args[1], func(m chat.Message) bool { _, has := m.Button(args[3]); return has }, args[2])
		if ok {
			on = m
			found, _ = m.Button(args[3])
		}
		return ok, fmt.Sprintf("no button %q on a message with %q:\n%s", args[3], args[2], s.Dump(args[1]))
	})
	ts.Check(err)
	p, err := c.Click(args[0], args[1], on.TS, found)
	ts.Check(err)
	// Slack says so when no socket of the app took the press: nothing reached it,
	// and a person presses again.
	for end := time.Now().Add(patience); p.Error == "dispatch_failed" && time.Now().Before(end); {
		p, err = c.Click(args[0], args[1], on.TS, found)
		ts.Check(err)
	}
	if p.Error != "" != neg {
		ts.Fatalf("click: error %q", p.Error)
	}
	if p.AckMS > 2500 {
		ts.Fatalf("click: acknowledged after %v ms", p.AckMS)
	}
}

// cmdSee: [!] see CHANNEL WORDS... waits until one message of the channel
// holds all the words; with ! none may hold them now.
func cmdSee(ts *testscript.TestScript, neg bool, args []string) {
	c := theChat(ts)
	if neg {
		s, err := c.State()
		ts.Check(err)
		if m, ok := s.Find(args[0], args[1:]...); ok {
			ts.Fatalf("unexpected message: %s", m.Words())
		}
		return
	}
	ts.Check(c.Await(patience, func(s chat.State) (bool, string) {
		_, ok := s.Find(args[0], args[1:]...)
		return ok, fmt.Sprintf("no message holds %q:\n%s", args[1:], s.Dump(args[0]))
	}))
}

// cmdPrivate: private USER WORDS waits for an ephemeral message.
func cmdPrivate(ts *testscript.TestScript, _ bool, args []string) {
	for _, want := range args[1:] {
		waitPrivate(ts, args[0], want)
	}
}

func waitPrivate(ts *testscript.TestScript, user, want string) {
	ts.Check(theChat(ts).Await(patience, func(s chat.State) (bool, string) {
		var all []string
		for who, list := range s.Ephemerals {
			if !strings.Contains(strings.ToLower(who), user) {
				continue
			}
			for _, m := range list {
				all = append(all, m.Words())
				if strings.Contains(m.Words(), want) || strings.Contains(m.Text, want) {
					return true, ""
				}
			}
		}
		return false, fmt.Sprintf("%s was not told %q, but:\n%s", user, want, strings.Join(all, "\n"))
	}))
}

// cmdSheet: sheet USER TEXT... waits until what is open before a person says each
// text.
func cmdSheet(ts *testscript.TestScript, _ bool, args []string) {
	for _, want := range args[1:] {
		ts.Check(theChat(ts).Await(patience, func(s chat.State) (bool, string) {
			var all []string
			for _, v := range s.Views {
				if strings.Contains(strings.ToLower(v.User), args[0]) {
					all = append(all, v.Words())
				}
			}
			return strings.Contains(strings.Join(all, "\n"), want), fmt.Sprintf("nothing before %s says %q, but:\n%s", args[0], want, strings.Join(all, "\n"))
		}))
	}
}

// cmdCounters: counters checks that nothing was refused or left unanswered.
func cmdCounters(ts *testscript.TestScript, _ bool, _ []string) {
	s, err := theChat(ts).State()
	ts.Check(err)
	if s.Counters.Rejected != 0 || s.Counters.Unacknowledged != 0 {
		ts.Fatalf("counters: %+v", s.Counters)
	}
	ts.Logf("posts %d, edits %d", s.Counters.Posts, s.Counters.Edits)
}

// cmdOnce: once CHANNEL WORDS fails unless exactly one root message of the
// channel holds the words.
func cmdOnce(ts *testscript.TestScript, _ bool, args []string) {
	s, err := theChat(ts).State()
	ts.Check(err)
	n := 0
	for _, ch := range s.Channels {
		for _, m := range ch.Messages {
			if "#"+ch.Name == args[0] && m.ThreadTS == "" && m.Holds(args[1:]...) {
				n++
			}
		}
	}
	if n != 1 {
		ts.Fatalf("%d messages hold %q:\n%s", n, args[1:], s.Dump(args[0]))
	}
}

// cmdStorm: storm CHANNEL WORDS LABEL USER... lets everybody press the same
// button eight times at once.
func cmdStorm(ts *testscript.TestScript, _ bool, args []string) {
	c := theChat(ts)
	s, err := c.State()
	ts.Check(err)
	m, ok := s.FindWith(args[0], func(m chat.Message) bool { _, has := m.Button(args[2]); return has }, args[1])
	if !ok {
		ts.Fatalf("no button %q on %q:\n%s", args[2], args[1], s.Dump(args[0]))
	}
	b, _ := m.Button(args[2])
	var g errgroup.Group
	for i := range 8 * len(args[3:]) {
		g.Go(func() error {
			// As it was seen: the first press may have taken the button away.
			_, err := c.ClickWorn(args[3+i%len(args[3:])], args[0], m.TS, b)
			return err
		})
	}
	ts.Check(g.Wait())
}

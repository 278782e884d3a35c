package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// ConformSite is the site that Conform makes and takes away again; nothing else
// is touched.
const ConformSite = fleet.URI("distrobot-check.example")

// Conform tries a program with a small site of its own and gives what is wrong
// with it, one sentence each; none means that it keeps the contract as far as it
// can be seen from outside. say is told what is done. The error says that it
// could not be tried, or not be tidied up after.
func Conform(ctx context.Context, p Program, say func(string)) ([]string, error) {
	dir, err := os.MkdirTemp("", "distrobot-check-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	c := &conformer{Program: p, dir: dir, say: say, fence: time.Now().Unix()}
	for _, name := range []string{"one", "two"} {
		if err := c.tree(name); err != nil {
			return nil, err
		}
	}
	c.walk(ctx)
	if ctx.Err() != nil {
		return c.findings, context.Cause(ctx)
	}
	return c.findings, nil
}

// A conformer walks through the verbs.
type conformer struct {
	Program
	dir      string
	say      func(string)
	fence    int64
	findings []string
}

// tree makes a platform that says its name, with one file of data.
func (c *conformer) tree(name string) error {
	for file, content := range map[string]string{
		"index.html": "distrobot check " + name + "\n", "data/log": "begin\n",
		hosting.SpecFile: "version: 1\nversioned: [data]\ncheck: {path: /, marker: distrobot check}\n",
	} {
		at := filepath.Join(c.dir, name, file)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(at, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (c *conformer) found(format string, args ...any) {
	c.findings = append(c.findings, fmt.Sprintf(format, args...))
	c.say("  ✗ " + c.findings[len(c.findings)-1])
}

// platform names a scratch platform.
func platform(name string) fleet.PlatformName { return fleet.PlatformName("distrobot-check-" + name) }

// request is about a generation of the site; 0 about none.
func (c *conformer) request(v Verb, on string, generation, from int64) Request {
	r := Request{Op: fmt.Sprintf("check-%d/%s/%d", c.fence, v, generation), Fence: c.fence, Host: "check",
		Site: &Site{URI: ConformSite, ID: "01check", Kind: "generic"}}
	if on != "" {
		r.To = &Generation{Platform: platform(on), Tree: filepath.Join(c.dir, on), Docroot: ".", Number: generation, Commit: strings.Repeat("1", 40)}
	}
	if from > 0 {
		r.From = &Generation{Number: from}
	}
	return r
}

// ok calls a verb, and calls it once more as after a crash: both must succeed.
func (c *conformer) ok(ctx context.Context, v Verb, r Request) bool {
	c.say(fmt.Sprintf("%s, twice", v))
	for i, when := range []string{"", ", called a second time with the same op,"} {
		if err := c.do(ctx, call{verb: v, request: r, log: c.log}, nil); err != nil {
			c.found("%s%s fails: %v", v, when, err)
			return i > 0
		}
	}
	return true
}

func (c *conformer) log(line string) { c.say("    " + line) }

// live wants observe to tell a state.
func (c *conformer) live(ctx context.Context, on string, generation int64, held bool) {
	var o Observed
	if err := c.do(ctx, call{verb: Observe, request: Request{Op: "observe", Host: "check", Site: &Site{URI: ConformSite}}}, &o); err != nil {
		c.found("observe fails: %v", err)
		return
	}
	want := fleet.PlatformName("")
	if on != "" {
		want = platform(on)
	}
	if o.URI != ConformSite || o.Generation != generation || generation > 0 && (o.Platform != want || o.Held != held) {
		c.found("observe says %s is at generation %d on %q, held %t; it should be %d on %q, held %t",
			o.URI, o.Generation, o.Platform, o.Held, generation, want, held)
	}
}

// page wants check to show the page of a generation.
func (c *conformer) page(ctx context.Context, on string, generation int64) {
	r := c.request(Check, on, generation, 0)
	r.Params = map[string]any{"path": "/"}
	var p Page
	err := c.do(ctx, call{verb: Check, request: r, log: c.log}, &p)
	switch {
	case err != nil:
		c.found("check of generation %d fails: %v", generation, err)
	case p.Status != 200 || !strings.Contains(p.Body, "distrobot check "+on):
		c.found("check of generation %d answers %d %q; the page of %s was expected", generation, p.Status, fleet.Clean(p.Body, 60), on)
	}
}

// listed wants list to have the site, or not.
func (c *conformer) listed(ctx context.Context, want bool) {
	var all []Observed
	if err := c.do(ctx, call{verb: List, request: Request{Op: "list", Host: "check"}}, &all); err != nil {
		c.found("list fails: %v", err)
		return
	}
	n := 0
	for _, o := range all {
		if o.URI == ConformSite {
			n++
		}
	}
	if want && n != 1 || !want && n != 0 {
		c.found("list has the site %d times", n)
	}
}

// refused wants a call to fail with exit code 1.
func (c *conformer) refused(ctx context.Context, v Verb, r Request, what string) {
	c.say(what + " must be refused")
	err := c.do(ctx, call{verb: v, request: r}, nil)
	var unknown *errUnknown
	switch {
	case err == nil:
		c.found("%s: %s was done instead of being refused with exit code 1", what, v)
	case errors.As(err, &unknown):
		c.found("%s: %s cannot tell (%v); a refusal is exit code 1", what, v, err)
	}
}

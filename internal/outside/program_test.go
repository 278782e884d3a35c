package outside_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// patience bounds each wait of these tests: long beside what anything here
// takes, even on a busy machine under the race detector.
const patience = 30 * time.Second

// program is a running script that reports by lines of JSON.
type program struct {
	t     *testing.T
	mu    sync.Mutex
	begun []byte // of a line
	lines []line
	noise []string      // what it said that is no report
	news  chan struct{} // closed and replaced at each line
	ended error
}

// line is one report.
type line struct {
	What  string
	taken bool
	raw   json.RawMessage
}

// start runs a script of a project under Node until the test ends.
func (got tools) start(t *testing.T, script string, env ...string) *program {
	t.Helper()
	p := &program{t: t, news: make(chan struct{})}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := run.Run(ctx, run.Command{Program: got.node, Args: []string{filepath.Base(script)}, Dir: filepath.Dir(script),
			Env: append([]string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "NO_COLOR=1"}, env...), Stdout: p, Lines: p.complain, KillGrace: time.Second})
		if ctx.Err() == nil {
			p.end(errors.Join(errors.New("it has ended by itself"), err))
		}
	}()
	t.Cleanup(func() {
		stop()
		<-done
		if t.Failed() {
			t.Logf("%s also said:\n%s", filepath.Base(script), strings.Join(p.noise, "\n"))
		}
	})
	return p
}

// Write takes what it reports, whose lines may be long.
func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun = append(p.begun, b...)
	for {
		text, rest, whole := bytes.Cut(p.begun, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		l := line{raw: bytes.Clone(text)}
		p.begun = rest
		if json.Unmarshal(l.raw, &l) != nil || l.What == "" {
			p.noise = append(p.noise, string(text))
			continue
		}
		p.lines = append(p.lines, l)
		close(p.news)
		p.news = make(chan struct{})
	}
}

// complain takes a line of its standard error.
func (p *program) complain(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.noise = append(p.noise, text)
}

func (p *program) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = err
	close(p.news)
	p.news = make(chan struct{})
}

// next waits for the next report of a kind and takes it away.
func (p *program) next(what string, into any) {
	p.t.Helper()
	limit := time.After(patience)
	for {
		raw, news, err := p.take(what)
		if raw != nil && into != nil {
			if err := json.Unmarshal(raw, into); err != nil {
				p.t.Fatalf("%s: %v\n%s", what, err, raw)
			}
		}
		switch {
		case raw != nil:
			return
		case err != nil:
			p.t.Fatalf("no %q: %v", what, err)
		}
		select {
		case <-news:
		case <-limit:
			p.t.Fatalf("no %q after %v; it said %s", what, patience, p.rest())
		}
	}
}

func (p *program) take(what string) (json.RawMessage, <-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.lines {
		if l := &p.lines[i]; l.What == what && !l.taken {
			l.taken = true
			return l.raw, nil, nil
		}
	}
	return nil, p.news, p.ended
}

// reports are all that it reported, by kind.
func (p *program) reports() map[string][]json.RawMessage {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string][]json.RawMessage{}
	for _, l := range p.lines {
		out[l.What] = append(out[l.What], l.raw)
	}
	return out
}

// rest lists the kinds of reports that nobody has taken.
func (p *program) rest() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, l := range p.lines {
		if !l.taken {
			out = append(out, string(l.raw))
		}
	}
	return strings.Join(out, "\n")
}

package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/distrobot/distrobot/internal/lamp"
)

// scribes are people who write posts on a site without pause, over nginx.
type scribes struct {
	site     *blogSite
	mu       sync.Mutex
	accepted []string // titles of what the site said it had saved
	refused  int      // answers that asked to come back later
	wrong    []string // any other answer
	stop     chan struct{}
	all      sync.WaitGroup
}

// between is how long an author rests: long enough to leave the machine to the
// upgrade, short enough to meet each of its steps.
const between = 50 * time.Millisecond

// scribes lets n authors write until they are stopped.
func (s *blogSite) scribes(n int) *scribes {
	s.town.Helper()
	c := &scribes{site: s, stop: make(chan struct{})}
	for i := range n {
		b := &lamp.Blog{Visitor: lamp.NewVisitor(s.town.web, s.host)}
		must(s.town.T, b.LogIn(s.town.Context(), "author", "pass of author"))
		nonce, err := b.Get(s.town.Context(), "/wp-admin/admin-ajax.php?action=rest-nonce")
		must(s.town.T, err)
		address := "/?rest_route=/wp/v2/posts&_wpnonce=" + nonce.Body
		c.all.Go(func() {
			for k := 0; c.post(b, address, fmt.Sprintf("Entry %d of writer %d at %d", k, i, time.Now().UnixNano())); k++ {
				time.Sleep(between)
			}
		})
	}
	s.town.Cleanup(c.end)
	return c
}

// post writes one post; false when there shall be no more.
func (c *scribes) post(b *lamp.Blog, address, title string) bool {
	select {
	case <-c.stop:
		return false
	default:
	}
	// Not the test's context: a post under way shall get its answer.
	p, err := b.Submit(c.site.town.all.Context(), address, url.Values{"title": {title}, "content": {"Text of " + title}, "status": {"publish"}})
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil && p.Status == http.StatusCreated:
		c.accepted = append(c.accepted, title)
	case err == nil && p.Status == http.StatusServiceUnavailable:
		c.refused++
	default:
		c.wrong = append(c.wrong, fmt.Sprintf("status %d, %d bytes, %v", p.Status, len(p.Body), err))
		return false
	}
	return true
}

// end stops the writers; more than once is no harm.
func (c *scribes) end() {
	c.mu.Lock()
	select {
	case <-c.stop:
	default:
		close(c.stop)
	}
	c.mu.Unlock()
	c.all.Wait()
}

// more waits until n more posts were accepted.
func (c *scribes) more(n int) {
	w := c.site.town
	w.Helper()
	count := func() int { c.mu.Lock(); defer c.mu.Unlock(); return len(c.accepted) }
	for want := count() + n; count() < want; {
		w.await("posts", func() (bool, string) {
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.accepted) >= want || len(c.wrong) > 0, fmt.Sprint(len(c.accepted), " were accepted")
		})
		if c.mu.Lock(); len(c.wrong) > 0 {
			defer c.mu.Unlock()
			w.Fatalf("writers got %q", c.wrong)
		}
		c.mu.Unlock()
	}
}

// kept ends the writers and wants everything that was accepted to be on the site
// once. It gives the number.
func (c *scribes) kept() int {
	w := c.site.town
	w.Helper()
	c.end()
	if len(c.wrong) > 0 || c.refused == 0 {
		w.Errorf("%d writers were asked to wait, others got %q", c.refused, c.wrong)
	}
	times := map[string]int{}
	for title := range strings.Lines(sql(w, c.site.database(), "SELECT post_title FROM wp_posts WHERE post_type = 'post' AND post_status = 'publish'")) {
		times[strings.TrimSpace(title)]++
	}
	for _, title := range c.accepted {
		if times[title] != 1 {
			w.Errorf("%q was accepted, and is there %d times", title, times[title])
		}
	}
	return len(c.accepted)
}

// thoroughRounds is how many sites are written to in a thorough run.
const thoroughRounds = 5

// writeThrough lets authors write all through an upgrade that fails and is taken
// back before visitors saw it, and all through one that succeeds.
func (p *proving) writeThrough() {
	rounds, trials := 1, 0
	if thorough() {
		rounds = thoroughRounds
	}
	for round := range rounds {
		s := p.newBlogSite(fmt.Sprintf("written%d.example", round), "wp-"+p.from)
		for _, m := range p.moves(s.host)[:2] {
			c := s.scribes(2)
			c.more(10)
			p.ended(m, s.host, p.order(m, s.host))
			c.more(10)
			n := c.kept()
			p.Logf("%s: %d posts were accepted and are there, %d were asked to wait", m.name, n, c.refused)
			trials += n
			s.whole(m.on)
			if m.on == p.from {
				p.do("site unpin " + s.host)
			}
		}
	}
	p.Attr("trials", fmt.Sprint(trials))
}

package command

import "context"

// walk is the story that every program must get through: a site comes, is
// upgraded, goes back, and is removed.
func (c *conformer) walk(ctx context.Context) {
	c.live(ctx, "", 0, false)
	c.listed(ctx, false)
	for _, name := range []string{"one", "two"} {
		r := c.request(Build, name, 0, 0)
		r.Site = nil
		if !c.ok(ctx, Build, r) {
			return
		}
	}
	defer c.tidy(ctx)
	if !c.ok(ctx, Create, c.request(Create, "one", 1, 0)) {
		return
	}
	c.live(ctx, "", 0, false) // made, not yet switched to
	c.page(ctx, "one", 1)
	c.ok(ctx, Switch, c.request(Switch, "one", 1, 0))
	c.live(ctx, "one", 1, false)
	c.listed(ctx, true)
	c.upgrade(ctx)
	c.back(ctx)
	c.refusals(ctx)
}

// upgrade moves the site to the second platform.
func (c *conformer) upgrade(ctx context.Context) {
	c.ok(ctx, Hold, c.request(Hold, "one", 1, 0))
	c.live(ctx, "one", 1, true)
	if !c.ok(ctx, Clone, c.request(Clone, "two", 2, 1)) {
		return
	}
	c.ok(ctx, Update, c.request(Update, "two", 2, 1))
	c.page(ctx, "two", 2)
	c.page(ctx, "one", 1)
	c.live(ctx, "one", 1, true)
	c.ok(ctx, Switch, c.request(Switch, "two", 2, 1))
	c.live(ctx, "two", 2, true)
	c.ok(ctx, Release, c.request(Release, "two", 2, 1))
	c.live(ctx, "two", 2, false)
	// A step back to the generation that was kept, and forth again, is one switch.
	c.ok(ctx, Switch, c.request(Switch, "one", 1, 0))
	c.live(ctx, "one", 1, false)
	c.ok(ctx, Switch, c.request(Switch, "two", 2, 1))
}

// back makes a third generation out of the first one's data.
func (c *conformer) back(ctx context.Context) {
	if !c.ok(ctx, Rollback, c.request(Rollback, "one", 3, 1)) {
		return
	}
	c.live(ctx, "two", 2, false)
	c.page(ctx, "one", 3)
	c.ok(ctx, Remove, c.request(Remove, "one", 3, 0))
	c.live(ctx, "two", 2, false)
	c.ok(ctx, Rollback, c.request(Rollback, "one", 3, 1))
	c.ok(ctx, Switch, c.request(Switch, "one", 3, 1))
	c.live(ctx, "one", 3, false)
	r := c.request(Remove, "", 0, 0)
	r.Params = map[string]any{"kept": []int64{2, 3}}
	c.ok(ctx, Remove, r)
	c.live(ctx, "one", 3, false)
	c.page(ctx, "two", 2)
}

// refusals are calls that must change nothing.
func (c *conformer) refusals(ctx context.Context) {
	late := c.request(Switch, "two", 2, 0)
	late.Fence--
	c.refused(ctx, Switch, late, "a fence that is lower than one seen before")
	c.refused(ctx, Clone, c.request(Clone, "two", 9, 8), "a copy of a generation that is not there")
	c.refused(ctx, Remove, c.request(Remove, "one", 3, 0), "to remove the live generation")
	c.refused(ctx, Verb("no-such-verb"), c.request("no-such-verb", "one", 3, 0), "an unknown verb")
	newer := c.request(Hold, "one", 3, 0)
	newer.V = Version + 1
	c.refused(ctx, Hold, newer, "a document of another version")
	c.live(ctx, "one", 3, false)
}

// tidy removes the site and the platforms.
func (c *conformer) tidy(ctx context.Context) {
	c.ok(ctx, Remove, c.request(Remove, "", 0, 0))
	c.live(ctx, "", 0, false)
	c.listed(ctx, false)
	for _, name := range []string{"one", "two"} {
		r := c.request(Remove, name, 0, 0)
		r.Site = nil
		c.ok(ctx, Remove, r)
	}
}

package local

import (
	"context"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// A compile-time reminder that browsers can be shown copies of this backend.
var _ hosting.Viewer = (*Backend)(nil)

// A showing Front can answer a browser past any hold; *web.Front is one.
type showing interface {
	View(ctx context.Context, uri fleet.URI, gen, page string) (hosting.Answer, error)
}

// View implements hosting.Viewer.
func (b *Backend) View(ctx context.Context, c hosting.Copy, path string) (hosting.Answer, error) {
	s := b.site(c.URI)
	if fronted(s.genOf(c)) {
		front, can := b.Front.(showing)
		if !can {
			return hosting.Answer{}, errNotShown
		}
		return front.View(ctx, c.URI, genName(s, c), path)
	}
	h := &handler{backend: b, uri: c.URI, gen: func() (string, error) { return s.genOf(c), nil }}
	return ask(ctx, h, request{uri: c.URI, path: path, most: hosting.MaxView})
}

// errNotShown is about DISTROBOT_WEB=none, where a check of a copy has a server of
// its own for each request.
var errNotShown = fleet.Errorf(fleet.Refused, "this host has a web server of its own, by which copies are shown to no browser")

// Address implements hosting.Viewer.
func (b *Backend) Address(uri fleet.URI) (string, error) {
	if _, can := b.Front.(showing); !can && b.Front != nil && b.Fronted(uri) {
		return "", errNotShown
	}
	return hosting.Place{Copy: hosting.Copy{URI: uri}, HTTPS: b.HTTPS}.URL(), nil
}

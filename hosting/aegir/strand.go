package aegir

import (
	"context"
	"path"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

var _ hosting.Freer = (*Backend)(nil)

// Waiting implements hosting.Freer: each hold is noted here before nginx is told.
func (b *Backend) Waiting(ctx context.Context) ([]hosting.Held, error) { return b.Records.Waiting(ctx) }

// Free implements hosting.Freer. Visitors are let in only when Aegir has no task of
// the site under way and the site is whole: where it was, or where its move has
// brought it. One whose way back has begun may have the data of neither; a person
// must look at it.
func (b *Backend) Free(ctx context.Context, h hosting.Held) error {
	s, err := b.site(ctx, h.URI)
	if fleet.CodeOf(err) == fleet.NotFound {
		return b.letIn(ctx, h)
	}
	if err != nil {
		return err
	}
	if open, err := b.open(ctx, s); err != nil {
		return err
	} else if open != "" {
		return fleet.Errorf(fleet.Later, "Aegir has an open task of %s: %s.", s.URI, fleet.Clean(open, 80))
	}
	m, moving, err := b.motion(h.URI)
	if err != nil {
		return err
	}
	if moving {
		if err := b.settleMotion(ctx, s, m); err != nil {
			return err
		}
	}
	return b.letIn(ctx, h)
}

// settleMotion takes a move whose task nobody knows any more for what Aegir says of
// it.
func (b *Backend) settleMotion(ctx context.Context, s Site, m motion) error {
	on := s.Platform.name(b.ours())
	if m.Returning {
		return fleet.Errorf(fleet.Held, "The way back of %s was cut off; nobody can tell whose data it has. Visitors are kept out until a person has looked at it in Aegir.", s.URI)
	}
	if on != m.ToPlatform {
		if err := b.single(ctx, s, m.ToPlatform); err != nil {
			return err
		}
	}
	if now := m.at(on); now == m.To {
		r, err := b.Records.Generation(s.URI, now)
		if err != nil {
			return err
		}
		fence, err := b.Records.Above(ctx, s.URI)
		if err != nil {
			return err
		}
		if err := b.Records.Switch(ctx, hosting.Copy{URI: r.URI, Platform: r.Platform, Generation: now, Fence: fence}); err != nil {
			return err
		}
	}
	return b.rest(s.URI)
}

// single refuses to take a site for whole of which another platform has a directory,
// too: drush was killed in the middle of its move, and which code its visitors would
// get, and over whose data, is not what Aegir says.
func (b *Backend) single(ctx context.Context, s Site, other fleet.PlatformName) error {
	p, err := b.platform(ctx, other)
	if fleet.CodeOf(err) == fleet.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	out, err := b.Tasks.shell(ctx, `if [ -e "$1" ]; then echo there; fi`, path.Join(p.Root, "sites", string(s.URI)))
	if err != nil {
		return told(err)
	}
	if out != "" {
		return fleet.Errorf(fleet.Held, "The move of %s was cut off and has left it on the platforms %s and %s. Visitors are kept out until a person has made it whole in Aegir.",
			s.URI, s.Platform.name(b.ours()), other)
	}
	return nil
}

// letIn lets visitors in and forgets the hold.
func (b *Backend) letIn(ctx context.Context, h hosting.Held) error {
	if err := b.thaw(ctx, h.URI); err != nil {
		return err
	}
	return b.Records.Free(ctx, h)
}

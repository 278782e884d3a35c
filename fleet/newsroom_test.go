package fleet_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/fleet/fleettest"
)

// A newsroom is a distribution that tracks something, and what was said of it.
type newsroom struct {
	*testing.T
	store *fleettest.Memory
	news  fleet.News
}

func newNewsroom(t *testing.T, track fleet.Track) *newsroom {
	m := fleettest.New()
	r := &newsroom{T: t, store: m, news: fleet.News{Store: m}}
	r.change(func(d *fleet.Distribution) {
		*d = fleet.Distribution{Name: "Atrium", URL: "https://github.com/example/atrium.git", Track: track,
			Policy: fleet.Policy{Channel: "C1"}, Rules: 1}
	})
	return r
}

func (r *newsroom) change(edit func(*fleet.Distribution)) {
	r.Helper()
	r.must(r.store.Update(context.Background(), fleet.Catalogue, func(tx fleet.Tx) error {
		d := fleet.Distribution{Name: "Atrium"}
		if _, err := tx.Get(&d); err != nil {
			return err
		}
		edit(&d)
		tx.Put(&d)
		return nil
	}))
}

func (r *newsroom) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// tags makes a head of "name@commit …", the first being the best.
func tagHead(list string) fleet.Head {
	h := fleet.Head{Distribution: "atrium", Rules: 1, Total: -1, Tags: map[string]string{}}
	for i, one := range strings.Fields(list) {
		name, commit, _ := strings.Cut(one, "@")
		h.Tags[name] = commit
		if i == 0 {
			h.Ref = tagRef(name, commit)
		}
	}
	return h
}

func tagRef(name, commit string) fleet.Ref {
	return fleet.Ref{Name: "refs/tags/" + name, Version: name, Hash: commit, Commit: commit}
}

func branchHead(commit string) fleet.Head {
	return fleet.Head{Distribution: "Atrium", Rules: 1, Total: -1, Ref: fleet.Ref{Name: "refs/heads/main", Hash: commit, Commit: commit}}
}

func (r *newsroom) hear(h fleet.Head) bool {
	r.Helper()
	moved, err := r.news.Heard(context.Background(), h)
	r.must(err)
	return moved
}

// said gives the notices since the last call, as "kind:id" or "kind:id edit".
func (r *newsroom) said() []string {
	r.Helper()
	var out []string
	for _, e := range r.effects() {
		if e.Notice == nil {
			continue
		}
		s := string(e.Notice.Subject)
		if e.Notice.Edit {
			s += " edit"
		} else if e.Notice.Channel != "C1" {
			r.Errorf("notice for channel %q", e.Notice.Channel)
		}
		out = append(out, s)
	}
	return out
}

func (r *newsroom) effects() (out []fleet.Effect) {
	r.Helper()
	all, err := r.store.Pending(context.Background(), fleet.Catalogue, 1000)
	r.must(err)
	for _, e := range all {
		r.must(r.store.Ack(context.Background(), fleet.Catalogue, e.ID))
		out = append(out, e.Effect)
	}
	return out
}

func (r *newsroom) announcement(id string) fleet.Announcement {
	r.Helper()
	a := fleet.Announcement{ID: id}
	r.must(fleet.One(context.Background(), r.store, &a, "announcement "+id))
	return a
}

func (r *newsroom) cursor() fleet.Cursor {
	r.Helper()
	c := fleet.Cursor{Distribution: "Atrium"}
	r.must(fleet.One(context.Background(), r.store, &c, "cursor"))
	return c
}

func (r *newsroom) wantSaid(want ...string) {
	r.Helper()
	if d := cmp.Diff(want, r.said()); d != "" {
		r.Error(d)
	}
}

func commits(hashes ...string) []fleet.Commit {
	var out []fleet.Commit
	for _, h := range hashes {
		out = append(out, fleet.Commit{Hash: h})
	}
	return out
}

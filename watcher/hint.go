package watcher

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A Hint says that a repository may have changed.
type Hint struct {
	IDs  []string // of the delivery; what has one that was seen before acts no more
	URLs []string // under which the repository is known
}

// What became of a hint.
type Hinted string

// The results.
const (
	HintTaken    Hinted = "the repository is read now"
	HintRepeated Hinted = "this delivery came before"
	HintUnknown  Hinted = "this repository is not tracked"
)

// firstInLine is the due time of a hinted URL: before all that are merely late.
var firstInLine = time.UnixMilli(1)

// Hint makes the URLs that mean the hinted repository due at once. Nothing else
// is taken from it: what is announced is what the repository then shows.
func (p *Poller) Hint(ctx context.Context, h Hint) (Hinted, error) {
	p.setUp()
	urls, all, err := p.meant(ctx, h, false)
	if err == nil && len(urls) == 0 {
		urls, all, err = p.meant(ctx, h, true)
	}
	if err != nil || len(urls) == 0 {
		return HintUnknown, err
	}
	result := HintTaken
	err = p.Store.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		result = HintTaken
		if repeated, err := seen(tx, h.IDs); err != nil || repeated {
			result = HintRepeated
			return err
		}
		for _, u := range urls {
			if err := hinted(tx, u, all.byURL[u]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && result == HintTaken {
		p.Wake()
	}
	return result, err
}

// seen reports whether a delivery came before, and remembers it.
func seen(tx fleet.Tx, ids []string) (bool, error) {
	fresh := make([]fleet.Request, len(ids))
	for i, id := range ids {
		fresh[i] = fleet.Request{Family: fleet.Catalogue, ID: "hint:" + id}
		if found, err := tx.Get(&fresh[i]); err != nil || found {
			return found, err
		}
	}
	for i := range fresh {
		fresh[i].Answer = string(HintTaken)
		tx.Put(&fresh[i])
	}
	return false, nil
}

// hinted puts a URL first in line and notes the time for those who track it.
func hinted(tx fleet.Tx, url string, dists []fleet.DistName) error {
	row := fleet.Poll{URL: url}
	if _, err := tx.Get(&row); err != nil {
		return err
	}
	row.Next = firstInLine
	tx.Put(&row)
	for _, d := range dists {
		cursor := fleet.Cursor{Distribution: d}
		found, err := tx.Get(&cursor)
		if err != nil {
			return err
		}
		if found {
			cursor.Hooked = tx.Now()
			tx.Put(&cursor)
		}
	}
	return nil
}

// meant gives the tracked URLs that are spellings of a hinted one.
func (p *Poller) meant(ctx context.Context, h Hint, fresh bool) ([]string, tracked, error) {
	all, err := p.tracked(ctx, fresh)
	if err != nil {
		return nil, all, err
	}
	wanted := map[string]bool{}
	for _, u := range h.URLs {
		if c := canonical(u); c != "" {
			wanted[c] = true
		}
	}
	var urls []string
	for u := range all.byURL {
		if wanted[canonical(u)] {
			urls = append(urls, u)
		}
	}
	return urls, all, nil
}

// canonical writes the spellings of a repository's address alike: scheme, user,
// the usual ports, ".git", a slash at the end and the case of letters do not
// matter. "" for what is no address. It only matches hints, and decides nothing.
func canonical(address string) string {
	s := strings.ToLower(strings.TrimSpace(address))
	if !strings.Contains(s, "://") { // git@host:path
		host, path, ok := strings.Cut(s, ":")
		if !ok {
			return ""
		}
		s = "ssh://" + host + "/" + strings.TrimPrefix(path, "/")
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return ""
	}
	host := u.Host
	for _, port := range []string{":443", ":80", ":22"} {
		host = strings.TrimSuffix(host, port)
	}
	return host + strings.TrimSuffix(strings.TrimRight(u.Path, "/"), ".git")
}

package advisories

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A Reader reads sources when they are due. Several may run over one store: each
// source is read by one of them. Fill the exported fields.
type Reader struct {
	Advisories *fleet.Advisories
	Sources    []Source
	// Client connects; it decides which hosts may be asked, and follows no
	// redirect.
	Client   *http.Client
	Interval time.Duration // between two readings of a source; 0 means six hours
	Agent    string        // the User-Agent that is sent
	Log      *slog.Logger
	Now      func() time.Time // nil is time.Now

	set bool // the store knows which sources are set
}

const (
	defaultInterval = 6 * time.Hour
	// readingTime bounds one reading of a source, and is the lease of who reads.
	readingTime = 20 * time.Minute
	// firstRest is the wait after a reading that failed; it doubles up to the
	// interval.
	firstRest = 5 * time.Minute
	// inARow is how many documents may fail, one after the other, before the rest
	// is left for another time.
	inARow = 3
)

// Turn reads the sources that are due and returns how many it read. It is to be
// called every few seconds, by one caller at a time.
func (r *Reader) Turn(ctx context.Context) (int, error) {
	if !r.set {
		if err := r.Advisories.Watch(ctx, r.names()); err != nil {
			return 0, err
		}
		r.set = true
	}
	n := 0
	var failures []error
	for _, s := range r.Sources {
		feed, mine, err := r.Advisories.Begin(ctx, s.Name, readingTime)
		if err == nil && mine {
			n++
			err = r.read(ctx, s, feed)
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("source %s: %w", s.Name, err))
		}
	}
	return n, errors.Join(failures...)
}

func (r *Reader) names() []string {
	out := make([]string, len(r.Sources))
	for i, s := range r.Sources {
		out[i] = s.Name
	}
	return out
}

// A reading is one reading of a source under way.
type reading struct {
	fleet.Reading
	row    int // documents that failed one after the other
	failed int
	why    string
	after  time.Duration
}

// read reads all documents of a source. What cannot be read keeps what it said
// before; faults of the store are returned.
func (r *Reader) read(ctx context.Context, s Source, feed fleet.Feed) error {
	ctx, cancel := context.WithTimeout(ctx, readingTime)
	defer cancel()
	stock, err := r.Advisories.Stocked(ctx)
	if err != nil {
		return err
	}
	docs := s.kind.list(s, stock)
	docs = docs[:min(len(docs), fleet.MaxFeedPages/2)]
	wanted := stock.Digest()
	now := reading{Reading: fleet.Reading{Pages: []string{}}}
	for _, d := range docs {
		if err := r.document(ctx, s, d, wanted, &now); err != nil {
			return err
		}
	}
	r.judge(feed, len(docs), &now)
	return r.Advisories.Settle(context.WithoutCancel(ctx), s.Name, now.Reading)
}

// judge says how a reading went as a whole, and when the next one is due.
func (r *Reader) judge(feed fleet.Feed, docs int, now *reading) {
	now.Again = orDefault(r.Interval, defaultInterval)
	if now.failed == 0 {
		return
	}
	for _, id := range feed.Pages { // what was known, perhaps in documents that are divided otherwise now
		if !slices.Contains(now.Pages, id) {
			now.Pages = append(now.Pages, id)
		}
	}
	now.Failure = upperFirst(now.why) + "."
	if docs > 1 {
		now.Failure = fmt.Sprintf("%d of %d documents could not be read: %s.", now.failed, docs, now.why)
	}
	now.Again = max(min(firstRest<<min(feed.Fails, 10), now.Again), now.after)
}

// document reads one document and keeps what it says. Documents of a server that
// fails again and again are left alone.
func (r *Reader) document(ctx context.Context, s Source, d document, wanted string, now *reading) error {
	kept, err := r.Advisories.Page(ctx, pageID(s, d, 0))
	if err != nil {
		return err
	}
	ask := kept
	if kept.Wanted != wanted {
		ask.Tag, ask.Modified = "", "" // other packages are looked for than then
	}
	var got answer
	if now.row >= inARow {
		now.failed++
	} else if got, err = r.fetch(ctx, s, d, ask); err != nil {
		now.fail(err)
	} else {
		now.row = 0
	}
	if now.row > 0 || got.unchanged {
		return r.carry(ctx, s, d, kept, now)
	}
	page := fleet.FeedPage{Tag: got.tag, Modified: got.modified, Wanted: wanted, Skipped: got.skipped, Advisories: got.advisories}
	return r.keep(ctx, func(n int) string { return pageID(s, d, n) }, page, now)
}

// fail notes a document that could not be read.
func (now *reading) fail(err error) {
	now.failed++
	now.row++
	now.why = "it cannot be read"
	var f *failure
	if errors.As(err, &f) {
		now.why, now.after = f.text, max(now.after, f.after)
		if f.down {
			now.row = inARow
		}
	}
}

// carry takes over what is known of a document that did not change or could not
// be read.
func (r *Reader) carry(ctx context.Context, s Source, d document, first fleet.FeedPage, now *reading) error {
	for i := 0; !first.At.IsZero(); i++ {
		now.Pages = append(now.Pages, first.ID)
		now.Count += len(first.Advisories)
		now.Skipped += first.Skipped
		if len(first.Advisories) < fleet.MaxPageAdvs {
			break // a full page may be followed by another
		}
		var err error
		if first, err = r.Advisories.Page(ctx, pageID(s, d, i+1)); err != nil {
			return err
		}
	}
	return nil
}

// keep writes what a document says, in pages with the ids that name gives; those
// that say the same as before raise nothing.
func (r *Reader) keep(ctx context.Context, name func(int) string, page fleet.FeedPage, now *reading) error {
	all := page.Advisories
	slices.SortFunc(all, func(a, b fleet.Advisory) int {
		return strings.Compare(string(a.Ware)+" "+a.ID, string(b.Ware)+" "+b.ID)
	})
	now.Count += len(all)
	now.Skipped += page.Skipped
	for i := 0; i == 0 || len(all) > 0; i++ {
		n := min(len(all), fleet.MaxPageAdvs)
		page.ID, page.Advisories = name(i), all[:n]
		old, err := r.Advisories.Page(ctx, page.ID)
		if err != nil {
			return err
		}
		now.Changed = now.Changed || !slices.EqualFunc(old.Advisories, page.Advisories, same)
		if err := r.Advisories.Keep(ctx, page); err != nil {
			return err
		}
		now.Pages = append(now.Pages, page.ID)
		all, page.Tag, page.Modified, page.Skipped = all[n:], "", "", 0
	}
	return nil
}

func same(a, b fleet.Advisory) bool {
	at := a.At.Equal(b.At)
	a.At, b.At = time.Time{}, time.Time{}
	return at && a == b
}

// pageID names a page of a document.
func pageID(s Source, d document, n int) string {
	id := s.Name + "|" + strings.TrimPrefix(d.address, s.base())
	if len(id) > 150 { // the names of many packages
		sum := sha256.Sum256([]byte(id))
		id = s.Name + "|" + hex.EncodeToString(sum[:12])
	}
	if n > 0 {
		id = fmt.Sprintf("%s#%d", id, n)
	}
	return id
}

// client is Client with the time that a long feed takes.
func (r *Reader) client() *http.Client {
	c := *r.Client
	c.Timeout = readingTime / 2
	return &c
}

func (r *Reader) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

func upperFirst(s string) string {
	if s == "" || strings.Contains(strings.Fields(s)[0], ".") {
		return s // a host's name
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

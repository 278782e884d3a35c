package fleet

import (
	"context"
	"sync"
	"time"
)

// A Between is what the repository of a distribution says of the way from one
// platform to another: its commits, and what changed in the files. It is read
// once, when somebody looks at the comparison, and kept beside it.
type Between struct {
	From       PlatformName `json:"from"`
	To         PlatformName `json:"to"`
	FromCommit string       `json:"from_commit"`
	ToCommit   string       `json:"to_commit"`
	Commits    []Commit     `json:"commits,omitempty"`   // newest first, at most MaxBetween
	Total      int          `json:"total"`               // commits in all
	Rewritten  bool         `json:"rewritten,omitempty"` // the way leads back before it leads forth
	Web        string       `json:"web,omitempty"`       // all of it at the forge
	CommitAt   string       `json:"commit_at,omitempty"` // address of a commit at the forge, up to its hash
	Added      int          `json:"added"`               // files
	Modified   int          `json:"modified"`
	Deleted    int          `json:"deleted"`
	Diffs      []FileDiff   `json:"diffs,omitempty"` // of settings and templates, at most MaxDiffs
	MoreDiffs  int          `json:"more,omitempty"`  // of them beyond those
	At         time.Time    `json:"at"`
}

// Bounds of a Between: of its commits, of its differences and of their text in
// bytes, of one and of all.
const (
	MaxBetween  = 100
	MaxDiffs    = 40
	MaxDiffText = 8 << 10
	MaxAllDiffs = 64 << 10
)

// A FileDiff is how one file of settings or a template differs. Its text is
// foreign.
type FileDiff struct {
	Path   string `json:"path"`
	Status string `json:"status"`         // "A" added, "M" modified, "D" deleted
	Text   string `json:"text,omitempty"` // unified, without its head; "" of a file that is no text
	Cut    bool   `json:"cut,omitempty"`
}

// Key implements Record.
func (b *Between) Key() Key { return Key{Catalogue, "between", string(b.From) + " " + string(b.To)} }

// Entries implements Record.
func (b *Between) Entries() []Entry { return nil }

// Life implements Expiring: it can be read again.
func (b *Between) Life() time.Duration { return 30 * 24 * time.Hour }

// A BetweenReader reads a repository; *watcher.Poller.
type BetweenReader interface {
	// Between fills in everything but the names of the platforms.
	Between(ctx context.Context, d Distribution, from, to Platform) (Between, error)
}

// Differences gives what lies between two platforms of one repository.
type Differences struct {
	Store  Store
	Reader BetweenReader
	// Wait is how long one who asks waits for a repository that has to be read
	// first; the reading goes on without them. 0 means two seconds.
	Wait time.Duration

	mu      sync.Mutex
	reading map[Key]chan struct{}
	failed  map[Key]time.Time
}

// betweenTime bounds a reading; again says when one that failed is tried anew.
const (
	betweenTime  = 2 * time.Minute
	betweenAgain = time.Minute
)

// Of gives what lies between two platforms. ready is false while it is being
// read. Platforms that have no commits of one repository have nothing between
// them: the Between is empty and ready.
func (ds *Differences) Of(ctx context.Context, from, to Platform) (b Between, ready bool, err error) {
	d := Distribution{Name: to.Distribution}
	b = Between{From: from.Name, To: to.Name}
	if from.Distribution == "" || from.Distribution != to.Distribution || from.Ref.Commit == "" || to.Ref.Commit == "" {
		return b, true, nil
	}
	found, err := ds.Store.Read(ctx, &d, &b)
	if err != nil {
		return b, false, err
	}
	if found[1] && b.FromCommit == from.Ref.Commit && b.ToCommit == to.Ref.Commit {
		return b, true, nil
	}
	if !found[0] || d.URL == "" {
		return Between{From: from.Name, To: to.Name}, true, nil
	}
	done := ds.read(context.WithoutCancel(ctx), d, from, to)
	wait := ds.Wait
	if wait == 0 {
		wait = 2 * time.Second
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		return b, false, nil
	case <-ctx.Done():
		return b, false, ctx.Err()
	}
	b = Between{From: from.Name, To: to.Name}
	found, err = ds.Store.Read(ctx, &b)
	return b, err == nil && found[0], err
}

// read begins to read, once for any number who ask, and tells when it is over.
func (ds *Differences) read(ctx context.Context, d Distribution, from, to Platform) <-chan struct{} {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	key := (&Between{From: from.Name, To: to.Name}).Key()
	if done := ds.reading[key]; done != nil {
		return done
	}
	done := make(chan struct{})
	if at, bad := ds.failed[key]; bad && time.Since(at) < betweenAgain {
		close(done)
		return done
	}
	if ds.reading == nil {
		ds.reading, ds.failed = map[Key]chan struct{}{}, map[Key]time.Time{}
	}
	ds.reading[key] = done
	go func() {
		ctx, cancel := context.WithTimeout(ctx, betweenTime)
		defer cancel()
		err := ds.keep(ctx, d, from, to)
		ds.mu.Lock()
		defer ds.mu.Unlock()
		delete(ds.reading, key)
		delete(ds.failed, key)
		if err != nil {
			ds.failed[key] = time.Now()
		}
		close(done)
	}()
	return done
}

// keep reads the repository and keeps what was found.
func (ds *Differences) keep(ctx context.Context, d Distribution, from, to Platform) error {
	b, err := ds.Reader.Between(ctx, d, from, to)
	if err != nil {
		return err
	}
	b.From, b.To, b.FromCommit, b.ToCommit = from.Name, to.Name, from.Ref.Commit, to.Ref.Commit
	return ds.Store.Update(ctx, Catalogue, func(tx Tx) error {
		had := Between{From: from.Name, To: to.Name}
		if _, err := tx.Get(&had); err != nil {
			return err
		}
		b.At = tx.Now()
		tx.Put(&b)
		return nil
	})
}

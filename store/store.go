package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// Options says where and how the store keeps its data.
type Options struct {
	// URL is DISTROBOT_REDIS_URL: redis:// or rediss:// HOST:PORT, unix:// PATH,
	// redis+sentinel:// HOST:PORT,HOST:PORT/MASTER, redis+cluster://
	// HOST:PORT,HOST:PORT (rediss+… with TLS), "local" or "memory".
	URL string
	// DataDir is where "local" keeps its files and socket.
	DataDir string
	// Key is DISTROBOT_KEY, which signs what authorises; required, except that
	// "memory" makes one up.
	Key []byte
	// OldKeys are accepted for reading: earlier keys until everything is signed
	// anew (Resign), or the next one while replicas change over to it.
	OldKeys [][]byte
	// Maintain opens data of an older schema too, to migrate it.
	Maintain bool
	// Prefix begins every key; "" means "db".
	Prefix string
	// Start starts the server of "local": argv in directory dir, until stop is
	// called or ctx ends. Required for "local" only.
	Start func(ctx context.Context, argv []string, dir string) (stop func(context.Context) error, err error)
	// OnEffects is called after a commit that recorded effects, to carry them
	// at once instead of at the next sweep. It must not block. Nil does nothing.
	OnEffects func(fam fleet.Family)
	// Trial says that what is approved may be lost: nothing is refused because the
	// server would lose it. "memory" is always a trial.
	Trial bool
	// Trusted says that what the server does not tell about itself (managed ones
	// forbid CONFIG) is as it should be.
	Trusted bool
	// Recheck is how long it is believed what the server said about what it keeps;
	// 0 means ten seconds.
	Recheck time.Duration
	// TLS names the files for rediss://; the zero value uses the system's
	// certificates.
	TLS TLSFiles
	// Remember is how long a commit recognises its own repetition; 0 means a minute.
	Remember time.Duration
	// OnTampered is called for each row that was refused because its signature is
	// wrong. It must not block. Nil does nothing.
	OnTampered func(k fleet.Key)
	// OnOutlived is called once, when a commit was refused because the data was
	// restored or migrated since this store was opened: the process must end. It
	// must not block. Nil does nothing.
	OnOutlived func()
	// Log is where forged effects and restarts of "local" are reported; nil
	// means slog's default.
	Log *slog.Logger
}

// Store keeps everything. It implements fleet.Store, fleet.Outbox, fleet.Logs
// and fleet.Trail, and is safe for concurrent use.
type Store struct {
	client  redis.UniversalClient
	keys    keys
	script  *redis.Script
	rows    signer // of rows
	effects signer // of outbox entries
	chain   signer // of the audit record
	check   signer // of the mark by which a key is known
	files   signer // of backups

	onTampered func(fleet.Key)
	onEffects  func(fleet.Family)
	schema     int          // of the data when it was opened
	epoch      atomic.Int64 // under which this store commits; see epoch.go
	outlive    func()       // tells OnOutlived, once
	remember   time.Duration
	log        *slog.Logger
	closers    []func() error // called in reverse by Close
	local      *localServer   // of "local", else nil
	inProcess  bool           // of "memory"
	stands     standing
	copies     atomic.Bool // there are replicas, or there were, or there should be
}

var (
	_ fleet.Store  = (*Store)(nil)
	_ fleet.Outbox = (*Store)(nil)
	_ fleet.Logs   = (*Store)(nil)
	_ fleet.Trail  = (*Store)(nil)
)

// Open connects and checks that the data is of a version this program
// understands. Errors are *fleet.Error: Invalid (the URL, no key), Later (it
// cannot be reached), Refused (newer data).
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Prefix == "" {
		o.Prefix = "db"
	}
	if o.Remember == 0 {
		o.Remember = time.Minute
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	masters := append([][]byte{o.Key}, o.OldKeys...)
	s := &Store{
		keys: keys{o.Prefix}, script: redis.NewScript(commitSource),
		rows: newSigner(masters, "row"), effects: newSigner(masters, "effect"), chain: newSigner(masters, "audit"), check: newSigner(masters, "key"),
		files: newSigner(masters, "backup"), onTampered: o.OnTampered,
		onEffects: o.OnEffects, outlive: sync.OnceFunc(func() {
			if o.OnOutlived != nil {
				o.OnOutlived()
			}
		}), remember: o.Remember, log: o.Log,
	}
	s.stands.trial, s.stands.trusted, s.stands.lasts = o.Trial || o.URL == "memory", o.Trusted, cmp.Or(o.Recheck, standingFor)
	if err := s.connect(o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.local != nil { // reading its files may take longer than a dial
		if err := s.local.ensure(ctx); err != nil {
			return nil, errors.Join(away("start the local Redis", err), s.Close())
		}
	}
	if err := s.checkMeta(ctx, o.Maintain); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.schema < Schema {
		return s, nil // to be migrated
	}
	if err := s.fenceSites(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// check refuses options that cannot work, and makes the key of "memory".
func (o *Options) check() error {
	if (keys{o.Prefix}).bad() {
		return fleet.Errorf(fleet.Invalid, "The key prefix may hold no braces.")
	}
	if len(o.Key) == 0 && o.URL == "memory" {
		o.Key = make([]byte, 32)
		rand.Read(o.Key) // never fails
	}
	if len(o.Key) == 0 {
		return fleet.Errorf(fleet.Invalid, "There is no key to sign approvals with.").
			WithHint("Set DISTROBOT_KEY, for example to the output of: openssl rand -base64 32")
	}
	return nil
}

// Client gives the connection for other users of the same Redis (the queue).
// It is closed by Close.
func (s *Store) Client() redis.UniversalClient { return s.client }

// Close ends the connections and, for "local", the server that this process
// started.
func (s *Store) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

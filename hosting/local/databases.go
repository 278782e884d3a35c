package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/internal/database"
)

// A Store is a kind of database as this backend uses it; database.MySQL and
// database.SQLite are two.
type Store interface {
	database.Engine
	Create(ctx context.Context, name string) error
	Query(ctx context.Context, name, query string, args ...any) ([][]string, error)
	Writes(ctx context.Context, name string, skip []string) (database.Counts, error)
}

// A Server is the database server of a machine. Each site has an account of its
// own there, and each of its generations a database.
type Server struct {
	Store
	Accounts
	Prefix string // of names of ours
	// How the sites reach it: a socket, or a host and port.
	Socket, Host string
	Port         int
}

// Accounts is what a Server can do with accounts.
type Accounts interface {
	CreateUser(ctx context.Context, name string) (database.Secret, error)
	Grant(ctx context.Context, name, database string) error
	DropUser(ctx context.Context, name string) error
	Account(name string) string
}

// The engines, as records and specifications name them.
const (
	engineMySQL  = "mysql"
	engineSQLite = "sqlite"
)

// store gives the engine of a database.
func (b *Backend) store(engine string) (Store, error) {
	switch {
	case engine == engineMySQL && b.Server != nil:
		return b.Server, nil
	case engine == engineMySQL:
		return nil, fleet.Errorf(fleet.Refused, "Host %s has no database server that distrobot knows of.", b.Host).
			WithHint("Set DISTROBOT_DB there; distrobot doctor checks it.")
	case engine == engineSQLite:
		return database.SQLite{Dir: filepath.Join(b.Data, "sites")}, nil
	}
	return nil, fleet.Errorf(fleet.Failed, "The database engine %q is not known here.", fleet.Clean(engine, 40))
}

// databaseOf says what database a generation has: one of its own, or the one
// that it takes over. A generation without one gives nil.
func (b *Backend) databaseOf(s site, c hosting.Copy) (*hosting.Database, error) {
	if c.App.Database == nil || c.Has != nil {
		return c.Has, nil
	}
	if c.Takes {
		r, err := record(s.gen(c.From))
		return r.Database, err
	}
	engine := c.App.Database.Engine
	if engine == engineSQLite {
		return &hosting.Database{Engine: engine, Name: s.path("databases", "g"+suffix(c)+".sqlite")}, nil
	}
	if b.Server == nil {
		_, err := b.store(engine)
		return nil, err
	}
	id := strings.ToLower(c.ID)
	return &hosting.Database{Engine: engine, Name: b.Server.Prefix + id + "_g" + suffix(c), User: b.Server.Prefix + id}, nil
}

func suffix(c hosting.Copy) string {
	if c.Rehearsal {
		return "r"
	}
	return strconv.FormatInt(c.Generation, 10)
}

// access says how the site's programs reach a database.
func (b *Backend) access(s site, d hosting.Database) (*hosting.Access, error) {
	a := &hosting.Access{Engine: d.Engine, Name: d.Name, User: d.User}
	if d.Engine != engineMySQL {
		return a, nil
	}
	if _, err := b.store(d.Engine); err != nil {
		return nil, err
	}
	a.Socket, a.Host, a.Port = b.Server.Socket, b.Server.Host, b.Server.Port
	all, err := s.secrets()
	a.Password, a.Prefix, a.Charset = database.Secret(all[secretDatabase]), all[secretPrefix], all[secretCharset]
	if !strings.HasPrefix(d.User, b.Server.Prefix) {
		a.Password = database.Secret(all[secretInherited])
	}
	return a, err
}

// secretDatabase names the password of the site's account among its secrets.
const secretDatabase = "database"

// admit makes the site's account unless it has one. The password is kept as soon
// as it is known; an account whose password was lost in between is given a new
// one by the next attempt.
func (b *Backend) admit(ctx context.Context, s site, c hosting.Copy) error {
	d, err := b.databaseOf(s, c)
	if err != nil || d == nil || d.Engine != engineMySQL || c.Takes || c.Has != nil {
		return err
	}
	all, err := s.secrets()
	if err != nil || all[secretDatabase] != "" {
		return err
	}
	password, err := b.Server.CreateUser(ctx, d.User)
	if err != nil {
		return err
	}
	return s.keepSecret(secretDatabase, string(password))
}

// fillDatabase makes the generation's database: a copy of the one that it comes
// from, or an empty one. What an earlier attempt made is dropped.
func (b *Backend) fillDatabase(ctx context.Context, s site, c hosting.Copy) (int64, error) {
	r, err := record(s.genOf(c))
	if err != nil || r.Database == nil || c.Takes || c.Has != nil {
		return 0, err
	}
	st, err := b.store(r.Database.Engine)
	if err != nil {
		return 0, err
	}
	from, err := b.origin(s, c)
	if err != nil {
		return 0, err
	}
	if from == r.Database.Name {
		return 0, fmt.Errorf("generation %d has the database of generation %d", c.Generation, c.From)
	}
	if err := st.Drop(ctx, r.Database.Name); err != nil {
		return 0, err
	}
	bytes, err := b.copyDatabase(ctx, st, c, copied{from: from, to: *r.Database})
	if err != nil {
		return 0, err
	}
	return bytes, b.handDatabase(ctx, s, *r.Database)
}

// origin names the database that a copy is made of; "" for none.
func (b *Backend) origin(s site, c hosting.Copy) (string, error) {
	var r hosting.Record
	var err error
	switch {
	case c.Source != "":
		r, err = b.site(c.Source).liveRecord()
	case c.From > 0:
		r, err = record(s.gen(c.From))
	}
	if err != nil || r.Database == nil {
		return "", err
	}
	return r.Database.Name, nil
}

type copied struct {
	from string // "" for an empty one
	to   hosting.Database
}

func (b *Backend) copyDatabase(ctx context.Context, st Store, c hosting.Copy, d copied) (int64, error) {
	if d.to.Engine == engineSQLite {
		if err := os.MkdirAll(filepath.Dir(d.to.Name), 0o750); err != nil {
			return 0, err
		}
	}
	o := database.Options{SkipRows: c.App.Database.Volatile, Hot: c.Rehearsal || c.Source != ""}
	if d.to.User != "" {
		o.Definer = b.Server.Account(d.to.User)
	}
	if c.Backup != "" {
		report, err := st.Restore(ctx, filepath.Join(b.backupDir(c.URI), c.Backup, backupDatabase), d.to.Name, o)
		return report.Bytes, err
	}
	if c.Arrives {
		report, err := st.Restore(ctx, filepath.Join(b.parcels(c.Task), parcelDatabase), d.to.Name, o)
		return report.Bytes, err
	}
	if d.from == "" {
		return 0, st.Create(ctx, d.to.Name)
	}
	report, err := st.Clone(ctx, d.from, d.to.Name, o)
	return report.Bytes, err
}

// handDatabase lets the site's account, or user, use a database.
func (b *Backend) handDatabase(ctx context.Context, s site, d hosting.Database) error {
	if d.Engine == engineMySQL {
		return b.Server.Grant(ctx, d.User, d.Name)
	}
	u, err := b.user(s)
	if err != nil || u == nil {
		return err
	}
	for _, at := range []string{filepath.Dir(d.Name), d.Name} {
		if err := os.Lchown(at, int(u.UID), int(u.GID)); err != nil {
			return err
		}
	}
	return nil
}

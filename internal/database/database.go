package database

import (
	"context"
	"errors"
	"time"
)

// PartialSuffix is the end of the name of the sign that stands beside an
// incomplete copy: of an empty database on a server, of a file for SQLite.
const PartialSuffix = "_partial"

// Causes inside the errors of this package, for errors.Is.
var (
	// ErrNotOurs says that a name is not one this engine may create or drop.
	ErrNotOurs = errors.New("not a name of ours")
	// ErrExists says that the target of a copy is there already and complete.
	ErrExists = errors.New("exists already")
	// ErrMissing says that there is no such database.
	ErrMissing = errors.New("no such database")
	// ErrPartial says that a database is a copy that was never finished.
	ErrPartial = errors.New("is an incomplete copy")
	// ErrBusy says that another process is writing the same copy.
	ErrBusy = errors.New("is being written by another process")
	// ErrMismatch says that a copy differs from what it was copied from.
	ErrMismatch = errors.New("the copy differs from its source")
)

// A Cloner makes and removes databases.
type Cloner interface {
	// Clone copies the database from into a new one, to. It starts again over an
	// incomplete to; a complete one is ErrExists. After an error nothing of to is
	// left unless the server or the machine is gone, then Sweep does it later.
	Clone(ctx context.Context, from, to string, o Options) (Report, error)
	// Drop removes the database name, complete or not, and its sign. A name that
	// is not ours is ErrNotOurs; one that does not exist is no error.
	Drop(ctx context.Context, name string) error
}

// An Observer tells what is in a database.
type Observer interface {
	// Size returns the bytes of data and indexes, ErrMissing, or ErrPartial when
	// the database is an incomplete copy.
	Size(ctx context.Context, name string) (int64, error)
	// Mark records the content of every table whose name matches none of the
	// patterns in skip (see Options.SkipRows). It reads every row, at some
	// hundreds of megabytes a second; compare two with Mark.Changed.
	Mark(ctx context.Context, name string, skip []string) (Mark, error)
}

// An Archiver moves databases in and out of files.
type Archiver interface {
	// Dump writes the database name to a new file that only its owner can read.
	// The file is complete or does not exist; see VerifyArchive. With Options.Hot
	// writers wait until the dump has begun, some tens of milliseconds, and the
	// content of InnoDB's tables is as of that moment. Other tables, and all if the
	// moment does not come within 2 s because of a long transaction, are dumped as
	// they are found, and a copy of them can be compared with nothing.
	Dump(ctx context.Context, name, file string, o Options) (Archive, error)
	// Restore loads the archive in file into a new database, to, and compares it
	// with what the archive says of its content. Of o only Definer is used.
	Restore(ctx context.Context, file, to string, o Options) (Report, error)
}

// An Engine is one kind of database. Names are database names on a server and
// absolute paths of files for SQLite.
type Engine interface {
	Cloner
	Observer
	Archiver
	Creator
	Reader
	Counter
}

// A Sweeper removes what interrupted copies have left.
type Sweeper interface {
	// Sweep drops the incomplete copies that no process works on and returns
	// their names.
	Sweep(ctx context.Context) ([]string, error)
}

// Options of a copy. The zero value copies everything, with the source held.
type Options struct {
	// SkipRows are patterns as of path.Match over table names, case-sensitive. A
	// table that matches one is created empty, unless a foreign key of a table
	// that is not left out refers to it: then its rows are copied all the same.
	SkipRows []string
	// Parallel is the number of connections that copy; 0 means 2. A server has no
	// use for more than it has processors.
	Parallel int
	// Hot leaves writers of the source alone (see the package comment).
	Hot bool
	// Definer is the account, as user@host, that views, triggers, routines and
	// events of the copy run as. Empty keeps the accounts of the source, which
	// may have no right on the copy. SQLite has none.
	Definer string
	// Progress, if set, is called after each table, one call at a time.
	Progress func(Progress)
}

// Progress of a copy.
type Progress struct {
	Table         string // the one that was just finished
	Tables, Total int
	Rows          int64
}

// A Report says what a copy did.
type Report struct {
	Tables    int   // tables, those without rows included
	Rows      int64 // rows copied
	Bytes     int64 // data and indexes of the source's tables, for Restore when it was dumped
	Verified  string
	Fallbacks []string // what was not copied the usual way, one sentence each
	Took      time.Duration
}

// Values of Report.Verified: how a copy was compared with its source. Tables that
// were compared less strictly stand in Report.Fallbacks.
const (
	// ByChecksum compared row counts and a checksum over every row.
	ByChecksum = "row counts and checksums"
	// ByCount compared row counts alone.
	ByCount = "row counts"
	// ByLoading compared nothing, because nobody knows what the archive should
	// hold (see Archiver.Dump). It is whole and could be loaded, that is all.
	ByLoading = "loading alone"
)

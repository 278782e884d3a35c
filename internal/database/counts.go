package database

import (
	"context"
	"time"
)

// A Counter tells cheaply whether anybody has written to a database.
type Counter interface {
	// Writes returns how much was written so far to every table whose name matches
	// none of the patterns in skip (see Options.SkipRows). Two values of the same
	// database and patterns are compared by Counts.Since. It takes milliseconds
	// whatever the database's size, unless Counts.By says Checksums.
	Writes(ctx context.Context, name string, skip []string) (Counts, error)
}

// Values of Counts.By: where counters come from.
const (
	// Userstat is MariaDB's user statistics, switched on where they are off.
	Userstat = "userstat"
	// PerformanceSchema is what MySQL counts of its own accord.
	PerformanceSchema = "performance_schema"
	// Checksums says that the server counts nothing, or not for us, so every row
	// was read, as for Observer.Mark. It is so for SQLite.
	Checksums = "checksums"
)

// Uncounted in the result of Counts.Since stands for a table that was written,
// but how many rows is not known: it was truncated, altered, made or dropped, or
// rows went by a foreign key's ON DELETE CASCADE.
const Uncounted = -1

// Counts is how much was written to a database until a moment. It counts rows by
// statements that have ended, rolled back ones included: too much rather than too
// little. A connection that holds LOCK TABLES is counted when it unlocks, but
// Updated of InnoDB's tables shows its writes at once.
type Counts struct {
	At time.Time `json:"at"`
	By string    `json:"by"`
	// Start names the run of the server that counted; another run began at zero.
	// It has seconds. Turn is higher in each value of the same run.
	Start string `json:"start,omitempty"`
	Turn  int64  `json:"turn,omitempty"`
	// Fresh says that nothing was counted before this value: it can be compared
	// with later ones, not with earlier ones.
	Fresh  bool             `json:"fresh,omitempty"`
	Tables map[string]Count `json:"tables"`
}

// A Count is what is known of one table.
type Count struct {
	// Rows were written since the server's start; for Checksums there are so many.
	Rows int64  `json:"rows"`
	Hash string `json:"hash,omitempty"` // for Checksums: of all rows
	// ID is the table's number at the server, another one after TRUNCATE.
	ID      int64 `json:"id,omitempty"`
	Created int64 `json:"created,omitempty"` // Unix seconds; ALTER changes it
	// Updated is the Unix time of the last commit, 0 when the server has forgotten.
	// What only this shows is missed in the second in which c was made.
	Updated int64 `json:"updated,omitempty"`
}

// Since says what was written between c and later: rows per table, Uncounted
// where there is no number, and no entry for a table without writes. known is
// false when it cannot be told, and rows is then nil: the server was started anew
// in between, its counters were reset, or another way of counting was used.
func (c Counts) Since(later Counts) (rows map[string]int64, known bool) {
	if c.By == "" || c.By != later.By || c.Start != later.Start || c.Turn > later.Turn || later.Fresh {
		return nil, false
	}
	rows = map[string]int64{}
	for name, now := range later.Tables {
		was, there := c.Tables[name]
		switch {
		case !there:
			rows[name] = Uncounted
		case c.By == Checksums && now != was:
			rows[name] = moreOrUncounted(now.Rows - was.Rows)
		case now.Rows < was.Rows:
			return nil, false
		case now.Rows > was.Rows:
			rows[name] = now.Rows - was.Rows
		case now.ID != was.ID, now.Created != was.Created, now.Updated != was.Updated && now.Updated != 0:
			rows[name] = Uncounted
		}
	}
	for name := range c.Tables {
		if _, ok := later.Tables[name]; !ok {
			rows[name] = Uncounted
		}
	}
	return rows, true
}

// moreOrUncounted is how many rows came; where some went or were changed, the
// number of those that were written is not known.
func moreOrUncounted(more int64) int64 {
	if more > 0 {
		return more
	}
	return Uncounted
}

// counted is m as a value that needs no counters.
func (m Mark) counted() Counts {
	c := Counts{At: m.At, By: Checksums, Tables: map[string]Count{}}
	for name, sum := range m.Tables {
		c.Tables[name] = Count{Rows: sum.Rows, Hash: sum.Hash}
	}
	return c
}

// Writes implements Counter, by checksums: SQLite counts nothing.
func (s SQLite) Writes(ctx context.Context, path string, skip []string) (Counts, error) {
	mark, err := s.Mark(ctx, path, skip)
	if err != nil {
		return Counts{}, err
	}
	return mark.counted(), nil
}

package aegir

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/distrobot/distrobot/fleet"
)

// A Querier reads rows of the hostmaster's database. each is called with the
// columns that a SELECT names, without the constant that Select adds; it must not
// keep the slice.
type Querier interface {
	Query(ctx context.Context, statement string, columns int, each func([]string) error) error
}

// end is the constant that every statement selects last: drush strips white
// space at the end of a line, and with it empty columns.
const end = "."

// maxAnswer bounds what a query may print, and maxRow one line of it, in bytes.
const (
	maxAnswer = 512 << 20
	maxRow    = 1 << 20
)

// Select builds a statement whose rows ReadRows reads.
func Select(columns []string, rest string) string {
	return "SELECT " + strings.Join(columns, ",") + ",'" + end + "' FROM " + rest
}

// Query runs a statement by drush sql-query.
func (d *Drush) Query(ctx context.Context, statement string, columns int, each func([]string) error) error {
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := d.do(ctx, call{argv: d.argv(d.hostmaster("sql-query", statement)...), out: w, most: maxAnswer})
		w.CloseWithError(err)
		ended <- err
	}()
	read := ReadRows(r, columns, each)
	r.CloseWithError(read)
	err := <-ended
	if read != nil && !errors.Is(read, err) {
		return read // the answer was wrong, and drush was stopped because of that
	}
	return told(err)
}

// ReadRows reads the answer of sql-query: a line for each row, its columns
// separated by tabs and escaped by the mysql client, the last one end. An empty
// result is an empty line.
func ReadRows(r io.Reader, columns int, each func([]string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxRow)
	row := make([]string, 0, columns)
	for n := 1; lines.Scan(); n++ {
		line := lines.Bytes()
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		row = row[:0]
		for field := range bytes.SplitSeq(line, []byte{'\t'}) {
			row = append(row, unescape(field))
		}
		if len(row) != columns+1 || row[columns] != end {
			return fleet.Errorf(fleet.Failed, "Aegir's database answered something else than the rows that were asked for (line %d).", n).
				Because(fmt.Errorf("%d columns instead of %d", len(row)-1, columns))
		}
		if err := each(row[:columns]); err != nil {
			return err
		}
	}
	return lines.Err()
}

// unescape reads a column as the mysql client writes it in batch mode. NULL is a
// word there; statements turn what can be NULL into something else.
func unescape(field []byte) string {
	at := bytes.IndexByte(field, '\\')
	if at < 0 {
		return string(field)
	}
	out := append(make([]byte, 0, len(field)), field[:at]...)
	for i := at; i < len(field); i++ {
		if field[i] != '\\' || i+1 == len(field) {
			out = append(out, field[i])
			continue
		}
		i++
		switch field[i] {
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case '0':
			out = append(out, 0)
		default:
			out = append(out, field[i])
		}
	}
	return string(out)
}

// literal quotes text for a statement. Backslashes mean different things to
// different servers; nothing that we ask for has one.
func literal(text string) string {
	return "'" + strings.NewReplacer("'", "''", `\`, "", "\x00", "").Replace(text) + "'"
}

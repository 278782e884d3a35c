package database

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// dumpMover reads a dump and moves what is defined in it to another database. The
// server names the database in defaults that call sequences, and in views that
// use tables of two databases. The rest of a dump is data, or programs which are
// made anew later and until then may say what they like.
type dumpMover struct {
	in      *bufio.Reader
	move    move
	rest    []byte // of what was moved and not yet read
	inside  bool   // a CREATE TABLE
	midLine bool   // what comes next does not begin a line
}

// longestLine is that of a definition; lines of data may be longer.
const longestLine = 1 << 20

func newDumpMover(r io.Reader, m move) *dumpMover {
	return &dumpMover{in: bufio.NewReaderSize(r, longestLine), move: m}
}

// Read implements io.Reader.
func (m *dumpMover) Read(p []byte) (int, error) {
	if len(m.rest) == 0 {
		line, err := m.in.ReadSlice('\n')
		whole := !m.midLine
		m.midLine = errors.Is(err, bufio.ErrBufferFull)
		if err != nil && !m.midLine && len(line) == 0 {
			return 0, err
		}
		m.rest = line
		if whole && !m.midLine {
			m.rest = m.line(line)
		}
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// line returns a whole line as it is to be. The dump's data has no line ends, so
// only definitions begin lines as they do.
func (m *dumpMover) line(line []byte) []byte {
	view := []byte("/*!50001 VIEW `")
	switch {
	case bytes.HasPrefix(line, view):
		n := len("/*!50001 ") // what follows is no comment to the server
		return append(bytes.Clone(line[:n]), m.moved(line[n:])...)
	case bytes.HasPrefix(line, []byte("CREATE TABLE `")):
		m.inside = true
	}
	if !m.inside {
		return line
	}
	m.inside = !bytes.HasPrefix(line, []byte(")"))
	return m.moved(line)
}

func (m *dumpMover) moved(text []byte) []byte {
	if !bytes.Contains(text, []byte(quote(m.move.from)+".")) {
		return text
	}
	return []byte(m.move.apply(dialect{}.tokens(string(text))))
}

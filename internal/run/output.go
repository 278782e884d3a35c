package run

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// MaxLine bounds the lines given to Command.Lines, in bytes.
const MaxLine = 4 << 10

const redactedMark = "[redacted]"

// A redactor removes secrets from program output.
type redactor struct {
	secrets [][]byte
	longest int
}

// newRedactor prepares secrets. Output is cut into lines, so each line of a
// secret with several (a private key) counts as a secret too.
func newRedactor(secrets []string) redactor {
	var r redactor
	for _, secret := range secrets {
		for _, s := range append([]string{secret}, strings.Split(secret, "\n")...) {
			if s = strings.Trim(s, "\r\n"); s == "" {
				continue
			}
			r.secrets = append(r.secrets, []byte(s))
			r.longest = max(r.longest, len(s))
		}
	}
	return r
}

// clean returns raw[from:to] as valid UTF-8 without secrets. The bytes outside
// of the range let it see a secret that the range cuts in two.
func (r redactor) clean(raw []byte, from, to int) string {
	hidden := make([]bool, len(raw))
	for _, secret := range r.secrets {
		for at := 0; ; at++ {
			i := bytes.Index(raw[at:], secret)
			if i < 0 {
				break
			}
			at += i
			for k := range secret {
				hidden[at+k] = true
			}
		}
	}
	out := make([]byte, 0, to-from)
	for i := from; i < to; i++ {
		switch {
		case !hidden[i]:
			out = append(out, raw[i])
		case i == from || !hidden[i-1]:
			out = append(out, redactedMark...)
		}
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

// A tail keeps the end of a stream: limit bytes, and enough before them to
// recognise a secret that the cut would split.
type tail struct {
	redactor redactor
	limit    int
	buf      []byte
}

func (t *tail) Write(p []byte) (int, error) {
	keep := t.limit + t.redactor.longest
	t.buf = append(t.buf, p...)
	// Shift only now and then: a program that writes byte by byte must not make
	// this quadratic.
	if len(t.buf) > 2*keep+4096 {
		n := copy(t.buf, t.buf[len(t.buf)-keep:])
		t.buf = t.buf[:n]
	}
	return len(p), nil
}

func (t *tail) String() string {
	from := max(0, len(t.buf)-t.limit)
	return t.redactor.clean(t.buf, from, len(t.buf))
}

// A liner cuts a stream into lines for Command.Lines. mu is shared by both
// streams, so that the callback sees one line at a time.
type liner struct {
	redactor redactor
	mu       *sync.Mutex
	emit     func(string)
	buf      []byte
}

func (l *liner) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexAny(p, "\n\r") // progress meters end a line with \r alone
		if i < 0 {
			l.add(p)
			return n, nil
		}
		l.add(p[:i])
		l.flush()
		p = p[i+1:]
	}
}

// add keeps what can still be shown or is needed to recognise a secret.
func (l *liner) add(p []byte) {
	room := MaxLine + l.redactor.longest - len(l.buf)
	l.buf = append(l.buf, p[:min(len(p), max(room, 0))]...)
}

// flush emits the line gathered so far unless it is empty.
func (l *liner) flush() {
	if len(l.buf) == 0 {
		return
	}
	line := l.redactor.clean(l.buf, 0, min(len(l.buf), MaxLine))
	l.buf = l.buf[:0]
	l.mu.Lock()
	defer l.mu.Unlock()
	l.emit(line)
}

// A capped writer passes bytes on to w until limit is exceeded, then calls stop
// once and swallows the rest, so that the program is not blocked while it dies.
type capped struct {
	w     io.Writer
	limit int64 // 0 is no limit
	seen  int64
	stop  func(error)
	done  bool
}

func (c *capped) Write(p []byte) (int, error) {
	if c.done {
		return len(p), nil
	}
	c.seen += int64(len(p))
	if c.limit > 0 && c.seen > c.limit {
		c.done = true
		c.stop(ErrTooMuch)
		return len(p), nil
	}
	if _, err := c.w.Write(p); err != nil {
		c.done = true
		c.stop(err)
	}
	return len(p), nil
}

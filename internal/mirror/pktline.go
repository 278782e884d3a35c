package mirror

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Packet lines are the framing of the git protocol (gitprotocol-common(5)): four
// hexadecimal digits with the length, themselves included, then the data.
// Lengths below 4 are marks without data.
type pktKind int

const (
	pktData  pktKind = iota
	pktFlush         // 0000
	pktDelim         // 0001
	pktEnd           // 0002, "response end"
)

// maxPkt is the greatest length of data in a line (LARGE_PACKET_MAX - 4).
const maxPkt = 65516

// A pktReader reads packet lines. The returned data is valid until the next call
// and has no line end. A line "ERR text" is returned as a *remoteError.
type pktReader struct {
	r   *bufio.Reader
	buf [maxPkt]byte
}

func newPktReader(r io.Reader) *pktReader {
	return &pktReader{r: bufio.NewReaderSize(r, 16<<10)}
}

// remoteError is what a server says after ERR.
type remoteError struct{ text string }

func (e *remoteError) Error() string { return "the server says: " + e.text }

// errCut says that an answer ended before its flush line.
var errCut = errors.New("the answer ends too early")

func (p *pktReader) next() (pktKind, []byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(p.r, head[:]); err != nil {
		return 0, nil, cut(err)
	}
	n, err := pktLength(head)
	if err != nil {
		return 0, nil, err
	}
	switch {
	case n == 0:
		return pktFlush, nil, nil
	case n == 1:
		return pktDelim, nil, nil
	case n == 2:
		return pktEnd, nil, nil
	case n == 3 || n-4 > maxPkt:
		return 0, nil, fmt.Errorf("packet line of length %d", n)
	}
	data := p.buf[:n-4]
	if _, err := io.ReadFull(p.r, data); err != nil {
		return 0, nil, cut(err)
	}
	if len(data) > 0 && data[len(data)-1] == '\n' {
		data = data[:len(data)-1]
	}
	if len(data) >= 4 && string(data[:4]) == "ERR " {
		return 0, nil, &remoteError{text: bounded(string(data[4:]), 200)}
	}
	return pktData, data, nil
}

// cut turns both kinds of "no more bytes" into errCut.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCut
	}
	return err
}

func pktLength(head [4]byte) (int, error) {
	n := 0
	for _, c := range head {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | int(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | int(c-'a'+10)
		case c >= 'A' && c <= 'F':
			n = n<<4 | int(c-'A'+10)
		default:
			return 0, fmt.Errorf("packet line begins with %q", head[:])
		}
	}
	return n, nil
}

// appendPkt appends s as a packet line.
func appendPkt(b []byte, s string) []byte {
	return fmt.Appendf(b, "%04x%s", len(s)+4, s)
}

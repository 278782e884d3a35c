package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/hosting"
)

// checkParam is the parameter with which the gate lets a request for a
// generation pass. Visitors cannot send it: what comes from them begins with
// HTTP_, and only nginx and root may connect to a pool.
const checkParam = "DISTROBOT_CHECK"

// A call is a request without a body to a pool.
type call struct {
	socket string
	params map[string]string
	most   int // bytes of the body that are kept; 0: hosting.MaxBody
}

// A reply is what a pool said.
type reply struct {
	status int
	header textproto.MIMEHeader
	body   []byte // at most call.most bytes
	bytes  int64  // of the whole body
	log    string // what PHP logged for this request
}

// Of FastCGI 1.0: record types, and what we use of the rest.
const (
	fcgiVersion   = 1
	fcgiBegin     = 1
	fcgiEnd       = 3
	fcgiParams    = 4
	fcgiStdin     = 5
	fcgiStdout    = 6
	fcgiStderr    = 7
	fcgiResponder = 1
	fcgiRequest   = 1 // the only request on a connection
	fcgiHeader    = 8 // bytes
	fcgiContent   = 65535
)

// Bounds of an answer.
const (
	maxHeader = 64 << 10
	maxLog    = 64 << 10
	maxReply  = 256 << 20 // bytes that are read and counted
)

var errReply = errors.New("not a FastCGI answer")

// ask makes one request to a pool. The connection ends with ctx.
func ask(ctx context.Context, c call) (reply, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", c.socket)
	if err != nil {
		return reply{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	var r reply
	if _, err = conn.Write(request(c.params)); err == nil {
		r, err = readReply(bufio.NewReader(conn), orDefault(c.most, hosting.MaxBody))
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return r, err
}

// request encodes a request without a body.
func request(params map[string]string) []byte {
	var pairs []byte
	for _, name := range slices.Sorted(maps.Keys(params)) {
		for _, s := range []string{name, params[name]} {
			if len(s) < 128 {
				pairs = append(pairs, byte(len(s)))
			} else {
				pairs = binary.BigEndian.AppendUint32(pairs, uint32(len(s))|1<<31)
			}
		}
		pairs = append(append(pairs, name...), params[name]...)
	}
	out := record(fcgiBegin, []byte{0, fcgiResponder, 0, 0, 0, 0, 0, 0})
	for len(pairs) > 0 {
		n := min(len(pairs), fcgiContent)
		out = append(out, record(fcgiParams, pairs[:n])...)
		pairs = pairs[n:]
	}
	return append(append(out, record(fcgiParams, nil)...), record(fcgiStdin, nil)...)
}

func record(kind byte, content []byte) []byte {
	h := []byte{fcgiVersion, kind, 0, fcgiRequest, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(h[4:], uint16(len(content)))
	return append(h, content...)
}

// readReply reads records until the request is over.
func readReply(in io.Reader, most int) (reply, error) {
	var r reply
	var log, out bytes.Buffer
	var total int64
	h, content := make([]byte, fcgiHeader), make([]byte, fcgiContent+255)
	for {
		if _, err := io.ReadFull(in, h); err != nil {
			return r, fmt.Errorf("the answer breaks off: %w", err)
		}
		n := int(binary.BigEndian.Uint16(h[4:]))
		if h[0] != fcgiVersion || total > maxReply {
			return r, errReply
		}
		if _, err := io.ReadFull(in, content[:n+int(h[6])]); err != nil {
			return r, fmt.Errorf("the answer breaks off: %w", err)
		}
		switch h[1] {
		case fcgiStdout:
			total += int64(n)
			out.Write(content[:min(n, max(0, maxHeader+most-out.Len()))])
		case fcgiStderr:
			log.Write(content[:min(n, max(0, maxLog-log.Len()))])
		case fcgiEnd:
			r.log = log.String()
			return r, r.parse(out.Bytes(), total, most)
		}
	}
}

// parse splits what a program wrote into header and body, as CGI does.
func (r *reply) parse(out []byte, total int64, most int) error {
	src := bytes.NewReader(out)
	in := bufio.NewReader(src)
	var err error
	if r.header, err = textproto.NewReader(in).ReadMIMEHeader(); err != nil {
		return fmt.Errorf("%w: %w", errReply, err)
	}
	r.status = http.StatusOK
	if r.header.Get("Location") != "" {
		r.status = http.StatusFound
	}
	if s := r.header.Get("Status"); s != "" {
		if r.status, err = strconv.Atoi(s[:min(len(s), 3)]); err != nil || r.status < 100 {
			return fmt.Errorf("%w: status %.40q", errReply, s)
		}
	}
	head := len(out) - src.Len() - in.Buffered()
	body := out[head:]
	r.bytes = total - int64(head)
	r.body = body[:min(len(body), most)]
	return nil
}

package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/hosting"
)

func TestReadReply(t *testing.T) {
	out := func(s string) []byte { return record(fcgiStdout, []byte(s)) }
	end := record(fcgiEnd, make([]byte, 8))
	padded := append([]byte{fcgiVersion, fcgiStdout, 0, 1, 0, 3, 5, 0}, "\r\nx\x00\x00\x00\x00\x00"...)
	large := bytes.Repeat(out(strings.Repeat("x", 60000)), 50)
	for name, c := range map[string]struct {
		in     [][]byte
		status int
		bytes  int64
		body   string
		log    string
		bad    bool
	}{
		"plain":              {in: [][]byte{out("A: b\r\n\r\nbody"), end}, status: 200, bytes: 4, body: "body"},
		"status":             {in: [][]byte{out("Status: 404 Not Found\r\n\r\n"), end}, status: 404},
		"location":           {in: [][]byte{out("Location: /x\r\n\r\n"), end}, status: 302},
		"in pieces":          {in: [][]byte{out("A:"), out(" b\r\n\r"), out("\nbo"), record(fcgiStderr, []byte("oops")), out("dy"), end}, status: 200, bytes: 4, body: "body", log: "oops"},
		"padding":            {in: [][]byte{out("A: b\r\n"), padded, end}, status: 200, bytes: 1, body: "x"},
		"large":              {in: [][]byte{out("A: b\r\n\r\n"), large, end}, status: 200, bytes: 3_000_000, body: strings.Repeat("x", hosting.MaxBody)},
		"nothing":            {bad: true},
		"no end":             {in: [][]byte{out("A: b\r\n\r\nbody")}, bad: true},
		"no header":          {in: [][]byte{end}, bad: true},
		"broken off":         {in: [][]byte{out("A: b\r\n\r\nbody")[:12]}, bad: true},
		"another version":    {in: [][]byte{{2, fcgiStdout, 0, 1, 0, 0, 0, 0}}, bad: true},
		"a status of words":  {in: [][]byte{out("Status: fine\r\n\r\n"), end}, bad: true},
		"a header of no end": {in: [][]byte{bytes.Repeat(out(strings.Repeat("x", 60000)), 3), end}, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := readReply(bytes.NewReader(bytes.Join(c.in, nil)), hosting.MaxBody)
			if (err != nil) != c.bad {
				t.Fatalf("error %v", err)
			}
			if !c.bad && (r.status != c.status || r.bytes != c.bytes || string(r.body) != c.body || r.log != c.log) {
				t.Errorf("%d, %d bytes, %.100q, log %q", r.status, r.bytes, r.body, r.log)
			}
		})
	}
}

func FuzzReadReply(f *testing.F) {
	f.Add(append(record(fcgiStdout, []byte("Status: 200 OK\r\n\r\nbody")), record(fcgiEnd, make([]byte, 8))...))
	f.Add([]byte{1, 6, 0, 1, 0, 3, 5, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := readReply(bytes.NewReader(in), hosting.MaxBody)
		if err == nil && (r.status < 100 || r.status > 999 || r.bytes < int64(len(r.body)) || len(r.log) > maxLog) {
			t.Errorf("%+v", r)
		}
	})
}

// Lengths are encoded in one byte or four, and long parameters in many records.
func TestRequestEncoding(t *testing.T) {
	long := strings.Repeat("v", 70000)
	out := request(map[string]string{"A": "b", "LONG": long})
	var params []byte
	var kinds []byte
	for len(out) > 0 {
		n := int(out[4])<<8 | int(out[5])
		if out[1] == fcgiParams {
			params = append(params, out[8:8+n]...)
		}
		kinds = append(kinds, out[1])
		out = out[8+n:]
	}
	want := "\x01\x01Ab" + "\x04\x80\x01\x11\x70LONG" + long
	if string(params) != want || !bytes.Equal(kinds, []byte{fcgiBegin, fcgiParams, fcgiParams, fcgiParams, fcgiStdin}) {
		t.Errorf("kinds %v, %d bytes of parameters", kinds, len(params))
	}
}

// A pool that never answers holds nobody longer than the caller allows.
func TestAskEndsWithItsContext(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = io.Copy(io.Discard, c)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := ask(ctx, call{socket: socket}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

package transfer

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Errors of Fetch that call for something else than another attempt.
var (
	// ErrGone says that the giving side has no such file any more.
	ErrGone = errors.New("transfer: the file is not offered any more")
	// ErrContent says that what arrived is not what was promised.
	ErrContent = errors.New("transfer: the content is not what was promised")
	// ErrStranger says that another certificate was shown than was known.
	ErrStranger = errors.New("transfer: the other side shows another certificate")
)

// A Remote is where files are to be had: an address and the fingerprint of the
// certificate that is shown there.
type Remote struct {
	Address, Print string
}

// A Want is an item of so many bytes that shall become a file here.
type Want struct {
	Item
	Bytes int64
	File  string
	// Progress is told how much is here, now and then; nil is not.
	Progress func(bytes int64)
}

// A Client fetches. Make one with its field.
type Client struct {
	Key []byte
}

// pause is how often progress is told.
const pause = time.Second

// Fetch brings an item here. What an earlier attempt has brought is kept in
// File.part and gone on from; File appears when it is whole and its content is as
// promised. A second call finds it there.
func (c Client) Fetch(ctx context.Context, from Remote, w Want) error {
	if info, err := os.Stat(w.File); err == nil && info.Size() == w.Bytes {
		return nil // only whole files have this name
	}
	part := w.File + ".part"
	out, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	have, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if have > w.Bytes {
		if have, err = 0, out.Truncate(0); err != nil {
			return err
		}
	}
	if have < w.Bytes {
		if err := c.rest(ctx, from, w, out, have); err != nil {
			return err
		}
	}
	if err := verify(out, w); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := out.Sync(); err != nil {
		return err
	}
	return os.Rename(part, w.File)
}

// rest fetches what is missing after the first have bytes.
func (c Client) rest(ctx context.Context, from Remote, w Want, out *os.File, have int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := c.request(ctx, from, w.Item, have)
	if err != nil {
		return err
	}
	transport := dialer(from.Print)
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusGone:
		return ErrGone
	case resp.StatusCode == http.StatusForbidden:
		return ErrToken
	case resp.StatusCode == http.StatusOK && have > 0: // it gives the whole
		have = 0
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent:
		return fmt.Errorf("transfer: the other side answers %s", resp.Status)
	}
	if _, err := out.Seek(have, io.SeekStart); err != nil {
		return err
	}
	stall := time.AfterFunc(stallAfter, func() { cancel(errors.New("transfer: nothing came for too long")) })
	defer stall.Stop()
	n, err := io.Copy(&counter{to: out, want: w, done: have, stall: stall}, io.LimitReader(resp.Body, w.Bytes-have+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	case have+n < w.Bytes:
		return io.ErrUnexpectedEOF
	case have+n > w.Bytes:
		return errors.Join(ErrContent, out.Truncate(0))
	}
	return nil
}

func (c Client) request(ctx context.Context, from Remote, it Item, have int64) (*http.Request, error) {
	q := url.Values{"place": {it.Place}, "name": {it.Name}, "digest": {it.Digest}}
	at := url.URL{Scheme: "https", Host: from.Address, Path: path, RawQuery: q.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", mint(c.Key, it, time.Now()))
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		req.Header.Set("If-Range", `"`+it.Digest+`"`)
	}
	return req, nil
}

// dialer connects to who shows a certificate with this fingerprint, and sends
// nothing to anybody else: the token goes after the handshake.
func dialer(print string) *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		DisableCompression:    true,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS13,
			InsecureSkipVerify: true, // what is checked instead is stricter: this one certificate
			VerifyConnection: func(s tls.ConnectionState) error {
				if len(s.PeerCertificates) == 0 || fingerprint(s.PeerCertificates[0].Raw) != print {
					return ErrStranger
				}
				return nil
			},
		},
	}
}

// counter writes and tells how much is there.
type counter struct {
	to    io.Writer
	want  Want
	done  int64
	told  time.Time
	stall *time.Timer
}

func (c *counter) Write(b []byte) (int, error) {
	c.stall.Reset(stallAfter)
	n, err := c.to.Write(b)
	c.done += int64(n)
	if now := time.Now(); c.want.Progress != nil && now.Sub(c.told) >= pause {
		c.told = now
		c.want.Progress(c.done)
	}
	return n, err
}

// verify compares the content with its digest.
func verify(f *os.File, w Want) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	digest, n, err := Digest(f)
	if err != nil {
		return err
	}
	if digest != w.Digest || n != w.Bytes {
		return ErrContent
	}
	return nil
}

// Digest gives the SHA-256 of what r holds, in hexadecimal, and its length.
func Digest(r io.Reader) (string, int64, error) {
	h := sha256.New()
	n, err := io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), n, err
}

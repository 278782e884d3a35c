package transfer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"
)

// path is the only one that is served.
const path = "/file"

// Limits of a Server.
const (
	atOnce     = 16              // requests; more are told to come again
	stallAfter = 2 * time.Minute // a taker that accepts nothing for so long is dropped
	maxHeader  = 16 << 10        // bytes
)

// A Server gives files away. Make one with its fields and Listen.
type Server struct {
	// Keys are those under which tokens are accepted, the present one first.
	Keys [][]byte
	// Open gives an item's file; an error means that there is none. Names come
	// from tokens that were checked, but may still be of an older day.
	Open func(it Item) (*os.File, error)
	Log  *slog.Logger

	gate   gate
	places chan struct{}
	cert   tls.Certificate
	print  string
}

// Listen makes the certificate and opens the address.
func (s *Server) Listen(ctx context.Context, address string) (net.Listener, error) {
	if err := s.identify(time.Now()); err != nil {
		return nil, err
	}
	s.gate.keys, s.places = s.Keys, make(chan struct{}, atOnce)
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{s.cert}, MinVersion: tls.VersionTLS13}), nil
}

// Print is the fingerprint of the certificate: SHA-256 in hexadecimal.
func (s *Server) Print() string { return s.print }

// identify makes a key and a certificate for this process alone. Nobody checks
// its name or its time; whoever connects knows its fingerprint.
func (s *Server) identify(now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "distrobot"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(10, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	s.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	s.print = fingerprint(der)
	return nil
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// Serve answers on l until ctx ends; transfers under way are cut then, and go on
// when there is a server again.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: http.HandlerFunc(s.answer), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		Protocols: new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

// answer gives one file, or a part of it. Whoever has no good token learns
// nothing, not even what there is.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	it := Item{Place: q.Get("place"), Name: q.Get("name"), Digest: q.Get("digest")}
	if r.URL.Path != path || r.Method != http.MethodGet || s.gate.admit(r.Header.Get("Authorization"), it, time.Now()) != nil {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	f, err := s.Open(it)
	if err != nil {
		s.Log.Warn("a file that was asked for is not there", "place", it.Place, "name", it.Name, "err", err)
		http.Error(w, "gone", http.StatusGone)
		return
	}
	defer f.Close()
	w.Header().Set("ETag", `"`+it.Digest+`"`)
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(&patient{ResponseWriter: w, control: http.NewResponseController(w)}, r, "", time.Time{}, f)
}

// patient puts the end of a connection off with every piece that is taken, so
// that a transfer may last as long as it moves.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (p *patient) Write(b []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(stallAfter)); err != nil {
		return 0, err
	}
	return p.ResponseWriter.Write(b)
}

var _ io.Writer = (*patient)(nil)

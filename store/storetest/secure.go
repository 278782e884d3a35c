package storetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/distrobot/distrobot/store"
)

// StartTLS starts a Redis that speaks TLS alone, on a free port of loopback, and
// demands a certificate of its clients. It gives DISTROBOT_REDIS_URL and the
// files of a client.
func StartTLS(t testing.TB) (url string, files store.TLSFiles) {
	t.Helper()
	dir := t.TempDir()
	ca, caKey := certificate(t, dir, "ca", nil, nil)
	certificate(t, dir, "server", ca, caKey)
	certificate(t, dir, "client", ca, caKey)
	at := func(name string) string { return filepath.Join(dir, name) }
	port := freePorts(t, 1)[0]
	stop, err := Launch(context.Background(), []string{"redis-server", "--port", "0", "--tls-port", fmt.Sprint(port), "--bind", "127.0.0.1",
		"--tls-cert-file", at("server.pem"), "--tls-key-file", at("server.key"), "--tls-ca-cert-file", at("ca.pem"), "--tls-auth-clients", "yes",
		"--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = stop(ctx)
	})
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	awaitThat(t, "the port to be open", func() bool {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return "rediss://" + addr, store.TLSFiles{CA: at("ca.pem"), Cert: at("client.pem"), Key: at("client.key")}
}

// certificate writes NAME.pem and NAME.key, signed by a parent or by itself.
func certificate(t testing.TB, dir, name string, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: parent == nil, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if parent == nil {
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for suffix, block := range map[string]*pem.Block{"pem": {Type: "CERTIFICATE", Bytes: der}, "key": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name+"."+suffix), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c, key
}

// Account makes an account with rules on the server, or changes it, and gives
// the DISTROBOT_REDIS_URL of whoever uses it.
func (s *Server) Account(name, rules string) string {
	s.t.Helper()
	s.Command("ACL SETUSER " + name + " on >secret " + rules)
	return "unix://" + name + ":secret@" + s.socket
}

// Command runs a command whose answer is OK.
func (s *Server) Command(line string) {
	s.t.Helper()
	if got, err := ask("unix", s.socket, line); err != nil || got != "+OK" {
		s.t.Fatalf("%s: %s, %v", line, got, err)
	}
}

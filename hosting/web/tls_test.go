package web_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// certify writes a certificate of its own for a host where the front looks.
func (w *world) certify(host string) {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(w.t, err)
	c := x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &c, &c, &key.PublicKey, key)
	must(w.t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(w.t, err)
	must(w.t, os.MkdirAll(w.path("certs", host), 0o755))
	must(w.t, os.WriteFile(w.path("certs", host, "chain.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	must(w.t, os.WriteFile(w.path("certs", host, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
}

// secure asks by TLS and gives the name in the certificate too.
func (w *world) secure(host, path string) (answer, string, error) {
	t := &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", w.path("https.sock")) },
	}
	req, err := http.NewRequest(http.MethodGet, "https://"+host+path, nil)
	must(w.t, err)
	resp, err := t.RoundTrip(req)
	if err != nil {
		return answer{}, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(b), resp.Header}, resp.TLS.PeerCertificates[0].DNSNames[0], err
}

// A host gets TLS as soon as there is a certificate for it; its first one is
// fetched through the plain listener.
func TestTLS(t *testing.T) {
	w := newWorld(t)
	w.front.ListenTLS = []string{"unix:" + w.path("https.sock")}
	w.front.Certificate, w.front.Key = w.path("certs", "{host}", "chain.pem"), w.path("certs", "{host}", "key.pem")
	w.front.Challenges = w.path("acme")
	must(t, os.MkdirAll(w.path("acme", ".well-known", "acme-challenge"), 0o755))
	must(t, os.WriteFile(w.path("acme", ".well-known", "acme-challenge", "token"), []byte("answer"), 0o644))
	w.startNginx()
	w.startFPM()
	s := w.site(shop, map[string]string{"index.php": `<?php echo "front ", $_SERVER["HTTPS"] ?? "plain";`})
	s.Aliases = []fleet.URI{"www.example.org", "old.example.org"}
	w.put(s)
	w.want(string(shop)+"/", 200, "front plain")
	w.want(string(shop)+"/.well-known/acme-challenge/token", 200, "answer")
	w.want("www.example.org/.well-known/acme-challenge/token", 200, "answer")

	w.certify(string(shop))
	w.certify("www.example.org")
	must(t, w.front.Refresh(t.Context()))
	if a := w.get(string(shop) + "/a?b"); a.status != 301 || a.header.Get("Location") != "https://shop.example.org/a?b" {
		t.Errorf("plain request: %v %v", a, a.header)
	}
	w.want(string(shop)+"/.well-known/acme-challenge/token", 200, "answer")
	a, name, err := w.secure(string(shop), "/")
	if err != nil || a.status != 200 || a.body != "front on" || name != string(shop) {
		t.Errorf("%v %s %v", a, name, err)
	}
	for alias, cert := range map[string]string{"www.example.org": "www.example.org", "old.example.org": string(shop)} {
		a, name, err := w.secure(alias, "/x")
		if err != nil || a.status != 301 || a.header.Get("Location") != "https://shop.example.org/x" || name != cert {
			t.Errorf("%s: %v %s %v", alias, a, name, err)
		}
		if a := w.get(alias + "/x"); a.status != 301 || a.header.Get("Location") != "https://shop.example.org/x" {
			t.Errorf("%s: %v", alias, a)
		}
	}
	if a, name, err := w.secure("other.example", "/"); err == nil {
		t.Errorf("an unknown host got %v with the certificate of %s", a, name)
	}
	if a, err := w.front.Probe(t.Context(), shop, "/"); err != nil || string(a.Body) != "front on" {
		t.Errorf("probe: %+v %v", a, err)
	}
	if got := w.check("1", "/"); string(got.Body) != "front on" {
		t.Errorf("check: %s", got.Body)
	}
	w.hold(shop)
	if a, _, err := w.secure(string(shop), "/"); err != nil || a.status != 503 || !strings.Contains(a.body, "Back in a moment") {
		t.Errorf("held: %v %v", a, err)
	}
}

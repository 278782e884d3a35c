package main

import (
	"crypto/ed25519"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
)

// TestDoctorReadsKeysAsSSHDoes: one finding for each way in which ssh would
// refuse a key or a host.
func TestDoctorReadsKeysAsSSHDoes(t *testing.T) {
	dir := t.TempDir()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	open, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	of, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	host := append([]byte("git.example.org "), ssh.MarshalAuthorizedKey(of)...)
	file := func(name string, content []byte, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, known := file("good", pem.EncodeToMemory(open), 0o600), file("known", host, 0o644)
	for _, c := range []struct{ name, key, known, want string }{
		{"right", good, known, "ok ok"},
		{"read by others", file("loose", pem.EncodeToMemory(open), 0o644), known, "error ok"},
		{"with a passphrase", file("locked", pem.EncodeToMemory(locked), 0o600), known, "error ok"},
		{"the public key", file("pub", ssh.MarshalAuthorizedKey(of), 0o600), known, "error ok"},
		{"no file", filepath.Join(dir, "gone"), known, "error ok"},
		{"hosts are not there", good, filepath.Join(dir, "gone"), "ok error"},
		{"hosts are only remarks", good, file("empty", []byte("# none\n"), 0o644), "ok error"},
	} {
		found := checkKeys(Config{SSHKeys: []string{"git.example.org=" + c.key}, KnownHosts: c.known})
		if len(found) != 2 {
			t.Errorf("%s: %+v", c.name, found)
			continue
		}
		if got := found[0].Level + " " + found[1].Level; got != c.want || found[0].Level == "error" && found[0].Remedy == "" {
			t.Errorf("%s: %s, want %s: %+v", c.name, got, c.want, found)
		}
	}
	if found := checkKeys(Config{}); found != nil {
		t.Errorf("without keys: %+v", found)
	}
}

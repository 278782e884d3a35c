package workspace

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"
)

// randomID returns n characters that cannot be guessed (5 bits each), in
// capitals and digits as Slack's own ids are.
func randomID(n int) string {
	raw := make([]byte, n)
	rand.Read(raw) // never fails; since Go 1.24 it ends the program instead
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)[:n]
}

// derive makes a second secret from the first, for one purpose.
func derive(secret, purpose string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("distrobot workspace: " + purpose))
	return hex.EncodeToString(mac.Sum(nil))
}

// shortID is a random id in small letters, for block ids and hashes.
func shortID(n int) string { return strings.ToLower(randomID(n)) }

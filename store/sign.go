package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/distrobot/distrobot/fleet"
)

// A signer makes the HMACs of one use (rows, effects, audit events). Each use
// has a key of its own, derived from DISTROBOT_KEY, so that a signature of one
// use is worth nothing in another.
type signer struct{ key []byte }

func newSigner(master []byte, use string) signer {
	m := hmac.New(sha256.New, master)
	m.Write([]byte("distrobot " + use + " 1"))
	return signer{m.Sum(nil)}
}

// sign gives the HMAC-SHA256 over the parts, each preceded by its length, as
// 43 characters of base64.
func (s signer) sign(parts ...string) string {
	m := hmac.New(sha256.New, s.key)
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		m.Write(n[:])
		m.Write([]byte(p))
	}
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// valid compares in constant time.
func (s signer) valid(mac string, parts ...string) bool {
	return hmac.Equal([]byte(mac), []byte(s.sign(parts...)))
}

// row signs a row: where it stands, its revision and its document.
func (s signer) row(k fleet.Key, rev, doc string) string {
	return s.sign(string(k.Family), k.Noun, k.ID, rev, doc)
}

package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/distrobot/distrobot/fleet"
)

// A signer makes the HMACs of one use (rows, effects, audit events). Each use
// has keys of its own, derived from DISTROBOT_KEY and those before it, so that a
// signature of one use is worth nothing in another. The first key signs; all are
// accepted.
type signer struct{ keys [][]byte }

func newSigner(masters [][]byte, use string) signer {
	var s signer
	for _, master := range masters {
		m := hmac.New(sha256.New, master)
		m.Write([]byte("distrobot " + use + " 1"))
		s.keys = append(s.keys, m.Sum(nil))
	}
	return s
}

// mac gives the HMAC-SHA256 under a key over the parts, each preceded by its
// length.
func mac(key []byte, parts []string) []byte {
	m := hmac.New(sha256.New, key)
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		m.Write(n[:])
		m.Write([]byte(p))
	}
	return m.Sum(nil)
}

// sign signs with the first key: 43 characters of base64.
func (s signer) sign(parts ...string) string {
	return base64.RawURLEncoding.EncodeToString(mac(s.keys[0], parts))
}

// valid compares in constant time with what each key makes.
func (s signer) valid(sum string, parts ...string) bool {
	ok := false
	for _, k := range s.keys {
		ok = ok || hmac.Equal([]byte(sum), []byte(base64.RawURLEncoding.EncodeToString(mac(k, parts))))
	}
	return ok
}

// shortMAC is how many bytes of a site's HMAC are kept: sites are many, and 128
// bits cannot be guessed (RFC 2104, section 5, asks for half of the hash).
const shortMAC = 16

// short signs with 16 bytes as they are.
func (s signer) short(parts ...string) string { return string(mac(s.keys[0], parts)[:shortMAC]) }

func (s signer) validShort(sum string, parts ...string) bool {
	ok := false
	for _, k := range s.keys {
		ok = ok || hmac.Equal([]byte(sum), mac(k, parts)[:shortMAC])
	}
	return ok
}

// signRow gives the field and value that sign a row: where it stands and all of
// its other fields, the revision among them. A Hint has none.
func (s *Store) signRow(r fleet.Record, k fleet.Key, fields map[string]string) (name, sum string) {
	if _, ok := r.(fleet.Hint); ok {
		return "", ""
	}
	if _, ok := r.(*fleet.Site); ok {
		return fieldShortMAC, s.rows.short(siteParts(k, fields)...)
	}
	return fieldMAC, s.rows.sign(rowParts(k, fields)...)
}

// soundRow reports whether a row is signed as signRow does.
func (s *Store) soundRow(r fleet.Record, k fleet.Key, fields map[string]string) bool {
	if _, ok := r.(fleet.Hint); ok {
		return true
	}
	if _, ok := r.(*fleet.Site); ok {
		return s.rows.validShort(fields[fieldShortMAC], siteParts(k, fields)...)
	}
	return s.rows.valid(fields[fieldMAC], rowParts(k, fields)...)
}

func rowParts(k fleet.Key, fields map[string]string) []string {
	return []string{string(k.Family), k.Noun, k.ID, fields[fieldRev], fields[fieldDoc]}
}

// siteParts are all fields by name, so that none is added, dropped or renamed.
func siteParts(k fleet.Key, fields map[string]string) []string {
	out := []string{string(k.Family), k.Noun, k.ID}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name != fieldShortMAC {
			out = append(out, name, fields[name])
		}
	}
	return out
}

package fleet

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// NewID makes a ULID in lower case: 48 bits of Unix milliseconds and 80 random
// bits in Crockford's base 32, so that ids sort by the time they were made.
// The time is only for people who read ids; no rule compares it.
func NewID() string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(time.Now().UnixMilli())<<16)
	if _, err := rand.Read(raw[6:]); err != nil {
		panic(err) // documented never to happen
	}
	out := make([]byte, 26)
	hi, lo := binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])
	for i := 25; i >= 0; i-- {
		out[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out)
}

// idOr lets services be made without an ID function.
func idOr(make func() string) string {
	if make == nil {
		return NewID()
	}
	return make()
}

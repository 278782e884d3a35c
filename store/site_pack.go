package store

import (
	"encoding/binary"
	"strings"
)

// Sites are many, so their longest values are packed: an id that is a ULID takes
// 16 bytes instead of 26, and a database whose user has its name says it once.

// crockford is the alphabet of ULIDs, in lower case.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// packID gives the 16 bytes of a ULID; "" for anything else.
func packID(id string) string {
	if len(id) != 26 || id[0] > '7' {
		return ""
	}
	var hi, lo uint64
	for i := range len(id) {
		v := strings.IndexByte(crockford, id[i])
		if v < 0 {
			return ""
		}
		hi, lo = hi<<5|lo>>59, lo<<5|uint64(v)
	}
	return string(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, hi), lo))
}

// unpackID is the reverse; "" if it is not 16 bytes.
func unpackID(packed string) string {
	if len(packed) != 16 {
		return ""
	}
	hi, lo := binary.BigEndian.Uint64([]byte(packed[:8])), binary.BigEndian.Uint64([]byte(packed[8:]))
	var out [26]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = crockford[lo&31]
		hi, lo = hi>>5, lo>>5|hi<<59
	}
	return string(out[:])
}

// packDatabase turns ENGINE/NAME/NAME into ENGINE/NAME/=, which names no user.
func packDatabase(d string) string {
	engine, rest, _ := strings.Cut(d, "/")
	name, user, ok := strings.Cut(rest, "/")
	if ok && name == user && name != "" && name != "=" {
		return engine + "/" + name + "/="
	}
	return d
}

// unpackDatabase is the reverse.
func unpackDatabase(d string) string {
	engine, rest, _ := strings.Cut(d, "/")
	if name, user, ok := strings.Cut(rest, "/"); ok && user == "=" && name != "" && name != "=" {
		return engine + "/" + name + "/" + name
	}
	return d
}

package store

import "testing"

func TestPackedSites(t *testing.T) {
	for id, packed := range map[string]bool{
		"01k0q8x3h2zr7m4w5t00000017": true, "7zzzzzzzzzzzzzzzzzzzzzzzzz": true, "00000000000000000000000000": true,
		"8zzzzzzzzzzzzzzzzzzzzzzzzz": false, "01K0Q8X3H2ZR7M4W5T00000017": false, "01s0": false, "": false, "01k0q8x3h2zr7m4w5t0000001u": false,
	} {
		p := packID(id)
		if (len(p) == 16) != packed || packed && unpackID(p) != id {
			t.Errorf("%q: %d bytes, back %q", id, len(p), unpackID(p))
		}
	}
	for _, d := range []string{"", "mysql/a/a", "mysql/a/b", "sqlite/a/", "sqlite//", "mysql/=/=", "mysql/a/=", "x", "mysql/a/b/c"} {
		if p := packDatabase(d); d != "mysql/a/=" && unpackDatabase(p) != d || len(p) > len(d) {
			t.Errorf("%q: %q, back %q", d, p, unpackDatabase(p))
		}
	}
}

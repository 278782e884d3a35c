package database_test

import (
	"encoding/binary"
	"os"
	"testing"
)

// forge writes an archive that has the description of one and the content of
// another.
func forge(t *testing.T, description, content, to string) {
	t.Helper()
	part := func(file string) (head, rest []byte) {
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n := 8 + binary.LittleEndian.Uint32(whole[4:])
		return whole[:n], whole[n:]
	}
	head, _ := part(description)
	_, rest := part(content)
	if err := os.WriteFile(to, append(head, rest...), 0o600); err != nil {
		t.Fatal(err)
	}
}

package store

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A row in Redis is a hash. "rev" rises by one with each change and starts at
// a random number, so that a row that was dropped and made anew is never taken
// for the one that was read. The rest is "doc", the record as JSON, and "mac",
// its signature (sign.go); a Site has short fields of its own (site.go).
const (
	fieldRev = "rev"
	fieldDoc = "doc"
	fieldMAC = "mac"

	fieldShortMAC = "m" // of a site
)

// encode gives the fields and values of a row at a revision.
func (s *Store) encode(r fleet.Record, rev int64) ([]string, error) {
	out := []string{fieldRev, strconv.FormatInt(rev, 10)}
	if site, ok := r.(*fleet.Site); ok {
		out = append(out, encodeSite(site)...)
	} else {
		doc, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("store: encode %v: %w", r.Key(), err)
		}
		out = append(out, fieldDoc, string(doc))
	}
	return s.signed(r, r.Key(), out), nil
}

// signed adds a row's signature to its fields and values.
func (s *Store) signed(r fleet.Record, k fleet.Key, row []string) []string {
	if name, sum := s.signRow(r, k, pairs(row)); name != "" {
		return append(row, name, sum)
	}
	return row
}

// pairs gives fields and values as a map.
func pairs(row []string) map[string]string {
	out := make(map[string]string, len(row)/2)
	for i := 0; i+1 < len(row); i += 2 {
		out[row[i]] = row[i+1]
	}
	return out
}

// decode fills r from the fields of the row at key and gives its revision. No
// fields mean that there is no row: revision 0, and r is left as it is.
func (s *Store) decode(r fleet.Record, key fleet.Key, fields map[string]string) (int64, error) {
	if len(fields) == 0 {
		return 0, nil
	}
	doc := fields[fieldDoc]
	if !s.soundRow(r, key, fields) {
		if s.onTampered != nil {
			s.onTampered(key)
		}
		return 0, tampered(key.Noun + " " + key.ID)
	}
	rev, err := strconv.ParseInt(fields[fieldRev], 10, 64)
	if err != nil || rev <= 0 {
		return 0, fmt.Errorf("store: %s %q has the revision %.40q", key.Noun, key.ID, fields[fieldRev])
	}
	if site, ok := r.(*fleet.Site); ok {
		return rev, decodeSite(site, key, fields)
	}
	blank(r)
	if err := json.Unmarshal([]byte(doc), r); err != nil {
		return 0, fmt.Errorf("store: decode %s %q: %w", key.Noun, key.ID, err)
	}
	if r.Key() != key {
		return 0, fmt.Errorf("store: %s %q holds the record of %v", key.Noun, key.ID, r.Key())
	}
	return rev, nil
}

// blank empties the fields of a record that JSON fills, because JSON leaves
// alone what is not in the document. Fields outside the document (part of the
// key) stay.
func blank(r fleet.Record) {
	v := reflect.ValueOf(r).Elem()
	if v.Kind() != reflect.Struct {
		return
	}
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
			v.Field(i).SetZero()
		}
	}
}

// lifeOf is how long a record is kept, in milliseconds; 0 for ever.
func lifeOf(r fleet.Record) int64 {
	e, ok := r.(fleet.Expiring)
	if !ok || e.Life() <= 0 {
		return 0
	}
	return max(int64(e.Life()/time.Millisecond), 1)
}

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
// for the one that was read. The rest is "doc", the record as JSON, and for
// records that authorise something "mac"; a Site has short fields of its own
// (site.go).
const (
	fieldRev = "rev"
	fieldDoc = "doc"
	fieldMAC = "mac"
)

// encode gives the fields and values of a row at a revision.
func (s *Store) encode(r fleet.Record, rev int64) ([]string, error) {
	at := strconv.FormatInt(rev, 10)
	if site, ok := r.(*fleet.Site); ok {
		return append([]string{fieldRev, at}, encodeSite(site)...), nil
	}
	doc, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("store: encode %v: %w", r.Key(), err)
	}
	out := []string{fieldRev, at, fieldDoc, string(doc)}
	if _, ok := r.(fleet.Signed); ok {
		out = append(out, fieldMAC, s.rows.row(r.Key(), at, string(doc)))
	}
	return out, nil
}

// decode fills r from the fields of the row at key and gives its revision. No
// fields mean that there is no row: revision 0, and r is left as it is.
func (s *Store) decode(r fleet.Record, key fleet.Key, fields map[string]string) (int64, error) {
	if len(fields) == 0 {
		return 0, nil
	}
	doc := fields[fieldDoc]
	if _, ok := r.(fleet.Signed); ok && !s.rows.valid(fields[fieldMAC], string(key.Family), key.Noun, key.ID, fields[fieldRev], doc) {
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

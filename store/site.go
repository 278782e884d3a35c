package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A site is kept as one short field per value, because there are many sites: a
// hash of at most 128 fields of at most 64 bytes each is one compact
// allocation in Redis. A missing field is an empty value; numbers and times
// (milliseconds since 1970) are decimal, which Redis packs into few bytes.

// siteField is one field of a site's row.
type siteField struct {
	name string
	get  func(*fleet.Site) string
	set  func(*fleet.Site, string) error
}

// siteFields lists them all. Names are never reused for something else.
var siteFields = []siteField{
	{"i", func(s *fleet.Site) string { // an id that is no ULID
		if packID(s.ID) != "" {
			return ""
		}
		return s.ID
	}, func(s *fleet.Site, v string) error { s.ID = v; return nil }},
	{"j", func(s *fleet.Site) string { return packID(s.ID) }, func(s *fleet.Site, v string) error { s.ID = unpackID(v); return nil }},
	list("a", func(s *fleet.Site) *[]string { return &s.Aliases }),
	list("t", func(s *fleet.Site) *[]string { return &s.Tags }),
	text("p", func(s *fleet.Site) *fleet.PlatformName { return &s.Platform }),
	text("h", func(s *fleet.Site) *fleet.HostName { return &s.Host }),
	text("k", func(s *fleet.Site) *fleet.KindName { return &s.Kind }),
	{"d", func(s *fleet.Site) string { return packDatabase(s.Database) }, func(s *fleet.Site, v string) error { s.Database = unpackDatabase(v); return nil }},
	number("g", func(s *fleet.Site) *int64 { return &s.Generation }),
	number("v", func(s *fleet.Site) *int64 { return &s.Previous }),
	text("f", func(s *fleet.Site) *fleet.PlatformName { return &s.From }),
	moment("u", func(s *fleet.Site) *time.Time { return &s.KeptUntil }),
	{"s", func(s *fleet.Site) string { // what almost all are is left out
		switch s.State {
		case fleet.SiteLive:
			return ""
		case "":
			return noState
		}
		return string(s.State)
	}, func(s *fleet.Site, v string) error {
		s.State = fleet.SiteState(strings.TrimPrefix(v, noState))
		return nil
	}},
	text("n", func(s *fleet.Site) *string { return &s.Pinned }),
	number("y", func(s *fleet.Site) *int64 { return &s.Priority }),
	text("w", func(s *fleet.Site) *string { return &s.Window }),
	text("z", func(s *fleet.Site) *string { return &s.Zone }),
	text("lt", func(s *fleet.Site) *fleet.TaskID { return &s.Lock.Task }),
	number("lc", func(s *fleet.Site) *int64 { return &s.Lock.Claim }),
	number("lf", func(s *fleet.Site) *int64 { return &s.Lock.Fence }),
	moment("lu", func(s *fleet.Site) *time.Time { return &s.Lock.Until }),
	moment("c", func(s *fleet.Site) *time.Time { return &s.Created }),
}

// noState is a state that is empty, since no field means one that is live.
const noState = "-"

// text is a field that holds a string as it is.
func text[T ~string](name string, at func(*fleet.Site) *T) siteField {
	return siteField{name,
		func(s *fleet.Site) string { return string(*at(s)) },
		func(s *fleet.Site, v string) error { *at(s) = T(v); return nil }}
}

// list is a field that holds strings, each followed by a line feed; a line
// feed or backslash within one is escaped.
func list(name string, at func(*fleet.Site) *[]string) siteField {
	return siteField{name,
		func(s *fleet.Site) string { return joinLines(*at(s)) },
		func(s *fleet.Site, v string) error { *at(s) = splitLines(v); return nil }}
}

// number is a field that holds a decimal; 0 is left out.
func number(name string, at func(*fleet.Site) *int64) siteField {
	return siteField{name,
		func(s *fleet.Site) string {
			if *at(s) == 0 {
				return ""
			}
			return strconv.FormatInt(*at(s), 10)
		},
		func(s *fleet.Site, v string) (err error) {
			*at(s), err = strconv.ParseInt(v, 10, 64)
			return err
		}}
}

// moment is a field that holds milliseconds since 1970; the zero time is left out.
func moment(name string, at func(*fleet.Site) *time.Time) siteField {
	return siteField{name,
		func(s *fleet.Site) string {
			if at(s).IsZero() {
				return ""
			}
			return strconv.FormatInt(at(s).UnixMilli(), 10)
		},
		func(s *fleet.Site, v string) error {
			ms, err := strconv.ParseInt(v, 10, 64)
			*at(s) = time.UnixMilli(ms).UTC()
			return err
		}}
}

var lineEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`)

func joinLines(l []string) string {
	var b strings.Builder
	for _, x := range l {
		b.WriteString(lineEscapes.Replace(x) + "\n")
	}
	return b.String()
}

func splitLines(v string) []string {
	var out []string
	for line := range strings.Lines(v) {
		out = append(out, unescapeLine(strings.TrimSuffix(line, "\n")))
	}
	return out
}

func unescapeLine(v string) string {
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			i++
			if v[i] == 'n' {
				b.WriteByte('\n')
				continue
			}
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

// encodeSite gives the fields and values of a site, without its URI, which is
// in the key.
func encodeSite(s *fleet.Site) []string {
	out := make([]string, 0, 2*len(siteFields))
	for _, f := range siteFields {
		if v := f.get(s); v != "" {
			out = append(out, f.name, v)
		}
	}
	return out
}

// decodeSite fills a site from its row; fields of newer programs are ignored.
func decodeSite(s *fleet.Site, key fleet.Key, fields map[string]string) error {
	*s = fleet.Site{URI: fleet.URI(key.ID), State: fleet.SiteLive}
	for _, f := range siteFields {
		v, ok := fields[f.name]
		if !ok {
			continue
		}
		if err := f.set(s, v); err != nil {
			return fmt.Errorf("store: field %s of site %q: %w", f.name, key.ID, err)
		}
	}
	return nil
}

package store

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

func testStore() *Store { return &Store{rows: newSigner([][]byte{[]byte("k")}, "row")} }

func fieldsOf(t testing.TB, s *Store, r fleet.Record, rev int64) map[string]string {
	t.Helper()
	list, err := s.encode(r, rev)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for i := 0; i < len(list); i += 2 {
		out[list[i]] = list[i+1]
	}
	return out
}

// TestSiteKeepsEveryField sets each field of a site, also ones that are added
// to fleet.Site later, and asserts that none is forgotten by the encoding.
func TestSiteKeepsEveryField(t *testing.T) {
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		switch v.Interface().(type) {
		case time.Time:
			v.Set(reflect.ValueOf(time.UnixMilli(1795336380851).UTC()))
			return
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		case reflect.String:
			v.SetString("text")
		case reflect.Int64:
			v.SetInt(7)
		case reflect.Slice:
			v.Set(reflect.ValueOf([]string{"one", "two\nlines\\", ""}))
		default:
			t.Fatalf("the encoding of sites knows no %s", v.Type())
		}
	}
	site := fleet.Site{}
	fill(reflect.ValueOf(&site).Elem())
	s := testStore()
	got := fleet.Site{URI: site.URI}
	if _, err := s.decode(&got, site.Key(), fieldsOf(t, s, &site, 3)); err != nil || !reflect.DeepEqual(got, site) {
		t.Errorf("%+v\nwant %+v; %v", got, site, err)
	}
}

// TestSiteIsCompact asserts that no field of an ordinary site is longer than
// what Redis keeps in one allocation.
func TestSiteIsCompact(t *testing.T) {
	site := fleet.Site{URI: "shop.example.org", ID: strings.Repeat("0", 26), Platform: fleet.PlatformName(strings.Repeat("p", 60)),
		Database: "mysql/site0123456789/site0123456789", Tags: []string{"production", "eu"}, Created: time.Now()}
	for name, v := range fieldsOf(t, testStore(), &site, 1<<30) {
		if len(v) > 64 || len(name) > 3 {
			t.Errorf("field %s has %d bytes", name, len(v))
		}
	}
}

// FuzzRow decodes what anybody could have written into Redis: nothing crashes,
// and a plan is only accepted as it was signed.
func FuzzRow(f *testing.F) {
	s := testStore()
	plan := &fleet.Plan{ID: "01p", State: fleet.PlanProposed}
	good := fieldsOf(f, s, plan, 5)
	f.Add(good["rev"], good["doc"], good["mac"], "t", "a\n")
	f.Add("", "{", "", "g", "-1")
	f.Add("-9223372036854775808", "null", "x", "c", "9223372036854775807")
	f.Fuzz(func(t *testing.T, rev, doc, mac, field, value string) {
		row := map[string]string{"rev": rev, "doc": doc, "mac": mac, field: value}
		got := fleet.Plan{ID: "01p"}
		if _, err := s.decode(&got, plan.Key(), row); err == nil && (row["doc"] != good["doc"] || row["rev"] != good["rev"]) {
			t.Errorf("accepted %v", row)
		}
		site := fleet.Site{URI: "u"}
		n, err := s.decode(&site, site.Key(), row)
		if err == nil && n > 0 {
			again := fleet.Site{URI: "u"}
			if _, err := s.decode(&again, site.Key(), fieldsOf(t, s, &site, n)); err != nil || !reflect.DeepEqual(again, site) {
				t.Errorf("%+v became %+v; %v", site, again, err)
			}
		}
		req := fleet.Request{Family: "c", ID: "r"}
		_, _ = s.decode(&req, req.Key(), row)
	})
}

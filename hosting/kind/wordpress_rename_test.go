package kind_test

import (
	"strconv"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/lamp"
)

// A copy has its own address wherever the old one stood, and nothing else changes.
func testRename(w *world, r lamp.Releases) {
	t := w.t
	site := w.site(w.tree(r, r.Tags[len(r.Tags)-1]))
	site.must(site.App.Install(site.Place))
	from := string(site.URI)
	texts := map[string]string{ // with FROM for the address, and what becomes of them
		"plain":      "<a href=\"http://FROM/a\">x</a> https://FROM, //FROM/b, and http://FROM.",
		"json":       `{"u":"http:\/\/FROM\/wp-content\/x.png","v":"http:\\\/\\\/FROM\\\/y"}`,
		"serialized": `a:2:{s:1:"u";s:LEN:"http://FROM/é";i:3;O:8:"stdClass":1:{s:1:"n";b:1;}}`,
		"nested":     `a:1:{i:0;s:LEN2:"a:1:{i:0;s:LEN:"http://FROM/é";}";}`,
		"not quite":  `a:1:{i:0;s:999:"http://FROM/x";}`,
	}
	fill := func(text, host, url string) string {
		text = strings.ReplaceAll(text, "FROM", host)
		inner := len(url + "/é")
		return strings.NewReplacer("LEN2", strconv.Itoa(len(`a:1:{i:0;s:`+strconv.Itoa(inner)+`:"";}`)+inner), "LEN", strconv.Itoa(inner)).Replace(text)
	}
	for name, text := range texts {
		w.sql(site, "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (1, 't "+name+"', '"+strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(fill(text, from, "http://"+from))+"')")
	}
	const others = "http://sub.FROM http://FROM.org http://FROM:8080/ info@FROM FROM http://FROM-2"
	w.sql(site, "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (1, 't others', '"+strings.ReplaceAll(others, "FROM", from)+"')")
	w.sql(site, "CREATE TABLE wp_keyless (t TEXT); INSERT INTO wp_keyless VALUES ('http://"+from+"/k'), ('http://"+from+"/K'), (NULL)")
	guid := site.one("SELECT guid FROM wp_posts WHERE ID = 1")

	copied := site.next(site.Tree)
	copied.URI = fleet.URI("new.example/shop")
	copied.lay()
	t.Log(copied.must(copied.App.Rename(copied.Place, from)))
	again := copied.must(copied.App.Rename(copied.Place, from))
	if !strings.Contains(again, "in 0 rows") {
		t.Errorf("a second time: %s", again)
	}
	for name, text := range texts {
		want := fill(text, "new.example/shop", "http://new.example/shop")
		if name == "json" {
			want = `{"u":"http:\/\/new.example\/shop\/wp-content\/x.png","v":"http:\\\/\\\/new.example\\\/shop\\\/y"}`
		}
		want = strings.ReplaceAll(want, "https://", "http://") // the site has no TLS
		if got := copied.one("SELECT meta_value FROM wp_postmeta WHERE meta_key = 't " + name + "'"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for query, want := range map[string]string{
		"SELECT meta_value FROM wp_postmeta WHERE meta_key = 't others'":            strings.ReplaceAll(others, "FROM", from),
		"SELECT GROUP_CONCAT(t ORDER BY BINARY t SEPARATOR ' ') FROM wp_keyless":    "http://new.example/shop/K http://new.example/shop/k",
		"SELECT guid FROM wp_posts WHERE ID = 1":                                    guid,
		"SELECT option_value FROM wp_options WHERE option_name = 'siteurl'":         "http://new.example/shop",
		"SELECT user_email FROM wp_users":                                           "admin@" + from,
		"SELECT COUNT(*) FROM wp_posts WHERE post_content LIKE '%//shop%.example%'": "0",
	} {
		if got := copied.one(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

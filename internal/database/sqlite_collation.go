package database

import (
	"strings"
	"sync"

	"modernc.org/sqlite"
)

// collate teaches the driver orders of text that programs of others bring along
// themselves, once: without them a database that has an index in such an order
// can be neither checked nor read through it.
//
// NOCASE_UTF8 is that of Drupal 8 and later: bytes, after mb_strtolower().
var collate = sync.OnceFunc(func() {
	sqlite.MustRegisterCollationUtf8("NOCASE_UTF8", func(a, b string) int { return strings.Compare(lower(a), lower(b)) })
})

// lower is mb_strtolower, which makes two characters of the one letter that
// Unicode says so of.
func lower(s string) string { return strings.ToLower(strings.ReplaceAll(s, "İ", "i̇")) }

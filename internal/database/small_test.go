package database_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/database"
)

// smallSite is a database of about 1 MB in the shape of a new WordPress: twelve
// tables of few rows and many keys.
func smallSite() []string {
	var list []string
	for i := range 12 {
		var columns, keys strings.Builder
		for k := range 1 + i%4 {
			fmt.Fprintf(&columns, "name%d VARCHAR(255) NOT NULL DEFAULT '', ", k)
			fmt.Fprintf(&keys, ", KEY name%d (name%d(191))", k, k)
		}
		list = append(list,
			fmt.Sprintf("CREATE TABLE wp_%d (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, %sbody LONGTEXT, PRIMARY KEY (id)%s) ENGINE=InnoDB CHARSET=utf8mb4",
				i, columns.String(), keys.String()),
			fmt.Sprintf("INSERT INTO wp_%d (name0, body) SELECT MD5(seq), REPEAT(MD5(seq), %d) FROM seq_1_to_%d", i, 8+i, 30+20*i))
	}
	return list
}

// BenchmarkCloneSmallSite is most of the time for which a small site is held.
func BenchmarkCloneSmallSite(b *testing.B) {
	s := mariadb(b)
	s.source(b, "bench_small", smallSite()...)
	for b.Loop() {
		if _, err := s.engine.Clone(b.Context(), "bench_small", "bot_bench_small", database.Options{}); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.engine.Drop(b.Context(), "bot_bench_small"); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

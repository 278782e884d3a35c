package mirror_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/distrobot/distrobot/internal/mirror/sample"
)

// manyRefs makes a repository with 100,000 refs and returns its URL.
func manyRefs(b *testing.B) string {
	b.Helper()
	repo := mirrortest.Serve(b).Repo(b, "many")
	hash := repo.Commit("main", "First", map[string]string{"a": "1"})
	names := []string{"refs/heads/main"}
	for i := range 99_999 {
		names = append(names, fmt.Sprintf("refs/pull/%d/head", i))
	}
	if err := (&sample.Repo{Dir: repo.Dir}).PackedRefs(names, hash); err != nil {
		b.Fatal(err)
	}
	return repo.URL
}

// BenchmarkList is one poll; internal/bench compares it with git ls-remote.
func BenchmarkList(b *testing.B) {
	for _, bb := range []struct {
		name     string
		prefixes []string
	}{{"one branch", []string{"refs/heads/main"}}, {"all refs", nil}} {
		b.Run(bb.name, func(b *testing.B) {
			repo := mirror.Repo{URL: manyRefs(b)}
			l := mirror.NewLister(local)
			defer l.Close()
			b.ReportAllocs()
			for b.Loop() {
				if got, err := l.List(b.Context(), repo, bb.prefixes); err != nil || len(got.Refs) == 0 {
					b.Fatal(len(got.Refs), err)
				}
			}
		})
	}
}

func BenchmarkCheckout(b *testing.B) {
	for _, bb := range []struct{ name, attributes string }{{"ours", "* text=auto"}, {"git's", "*.x ident"}} {
		b.Run(bb.name, func(b *testing.B) {
			repo := mirrortest.Serve(b).Repo(b, "shop")
			tree := map[string]string{".gitattributes": bb.attributes}
			for i := range 2000 {
				tree[fmt.Sprintf("d%d/f%d", i/4, i)] = strings.Repeat(fmt.Sprintf("line %d\n", i), 500)
			}
			commit := repo.Commit("main", "First", tree)
			s := newStore(b)
			mustFetch(b, s, repo.URL, "refs/heads/main")
			out, n := b.TempDir(), 0
			for b.Loop() {
				n++
				if _, err := s.Checkout(b.Context(), mirror.Repo{URL: repo.URL}, commit, filepath.Join(out, fmt.Sprint(n))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

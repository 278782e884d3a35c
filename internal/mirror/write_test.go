package mirror_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/mirrortest"
	"github.com/google/go-cmp/cmp"
)

// Trees that need no conversion are written by this package, all others by git;
// nobody may see a difference.
func TestOurTreeIsGitsTree(t *testing.T) {
	common := files{
		"empty":                    {Content: ""},
		"index.php":                {Content: "<?php\r\nmixed\nline ends $Id$\n"},
		"bin/tool":                 {Mode: "100755", Content: "#!/bin/sh\n"},
		"a/b/c/d/e/f":              {Content: "deep"},
		"a/b-":                     {Content: "sorts between a/b and a/b/c"},
		"latest":                   {Mode: "120000", Content: "a/b"},
		"a/up":                     {Mode: "120000", Content: "../index.php"},
		"big":                      {Content: strings.Repeat("0123456789abcdef", 50_000)},
		"exactly one buffer":       {Content: strings.Repeat("x", 256<<10)},
		"zero bytes":               {Content: "\x00\x00\n\x00"},
		"na\u00efve/\u65e5\u672c":  {Content: "UTF-8"},
		"caf\xe9":                  {Content: "Latin-1"},
		"-dash/--option":           {Content: "1"},
		"space at end /x":          {Content: "2"},
		"HEAD":                     {Content: "3"},
		"lib/blob 4":               {Content: "4 missing\n"},
		".hidden/.keep":            {Content: ""},
		"export/.gitattributes":    {Content: "* export-ignore\n"},
		"subst/.gitattributes":     {Content: "* export-subst\n"},
		"subst/version":            {Content: "$Format:%H$\n"},
		"text/.gitattributes":      {Content: "* text=auto eol=lf\n"},
		"text/unix":                {Content: "a\nb\n"},
		"vendor/pkg/LICENSE":       {Content: "same content"},
		"vendor/other/pkg/LICENSE": {Content: "same content"},
	}
	for name, extra := range map[string]files{
		"as it is":  {},
		"crlf":      {".gitattributes": {Content: "*.txt text eol=crlf\n"}, "dos.txt": {Content: "a\nb\n"}},
		"ident":     {".gitattributes": {Content: "*.php ident\n"}},
		"macro":     {".gitattributes": {Content: "[attr]dos text eol=crlf\nindex.php dos\n"}},
		"encoding":  {".gitattributes": {Content: "text/unix working-tree-encoding=UTF-16LE\n"}},
		"lfs rules": {".gitattributes": {Content: "*.psd filter=lfs -text\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			repo := mirrortest.Serve(t).Repo(t, "shop")
			all := files{}
			for _, set := range []files{common, extra} {
				for path, f := range set {
					if f.Content == "" {
						f.Mode = "100644"
					}
					all[path] = f
				}
			}
			commit := repo.CommitFiles("main", "First", all)
			gits := filepath.Join(t.TempDir(), "git")
			if err := os.Mkdir(gits, 0o755); err != nil {
				t.Fatal(err)
			}
			mirrortest.Git(t, repo.Dir, "", "--work-tree="+gits, "read-tree", commit)
			mirrortest.Git(t, repo.Dir, "", "--work-tree="+gits, "checkout-index", "--all")

			s := newStore(t)
			mustFetch(t, s, repo.URL, "refs/heads/main")
			ours := filepath.Join(t.TempDir(), "ours")
			if _, err := s.Checkout(t.Context(), mirror.Repo{URL: repo.URL}, commit, ours); err != nil {
				t.Fatal(err)
			}
			want := readTree(t, gits)
			if len(want) < len(all) {
				t.Fatalf("git wrote %d entries of %d files", len(want), len(all))
			}
			if diff := cmp.Diff(want, readTree(t, ours)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

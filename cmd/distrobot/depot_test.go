package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/mirror/sample"
)

// cmdDepot: depot starts a download server for releases of projects, which the
// settings lead to, and a git server for the repository of a distribution that a
// makefile builds of them: $REPO.
func cmdDepot(ts *testscript.TestScript, _ bool, _ []string) {
	root := filepath.Join(ts.Getenv("WORK"), "depot")
	_, err := sample.Init(context.Background(), filepath.Join(root, "git", "shop.git"))
	ts.Check(err)
	git, err := mirror.HTTPBackend(filepath.Join(root, "git"))
	ts.Check(err)
	mux := http.NewServeMux()
	mux.Handle("/git/", http.StripPrefix("/git", git))
	mux.Handle("/files/", http.StripPrefix("/files/", http.FileServer(http.Dir(filepath.Join(root, "files")))))
	srv := httptest.NewServer(mux)
	ts.Defer(srv.Close)
	ts.Setenv("REPO", srv.URL+"/git/shop.git")
	ts.Setenv("DISTROBOT_RELEASES", srv.URL+"/files/{name}-{release}.tar.gz")
	ts.Setenv("DISTROBOT_RELEASES_GIT", srv.URL+"/git/{name}.git")
}

// cmdPack: pack NAME DIR puts a release with the files of DIR on the download
// server.
func cmdPack(ts *testscript.TestScript, _ bool, args []string) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	ts.Check(w.AddFS(os.DirFS(filepath.Join(ts.Getenv("WORK"), args[1]))))
	ts.Check(w.Close())
	ts.Check(z.Close())
	to := filepath.Join(ts.Getenv("WORK"), "depot", "files", args[0]+".tar.gz")
	ts.Check(os.MkdirAll(filepath.Dir(to), 0o755))
	ts.Check(os.WriteFile(to, out.Bytes(), 0o644))
}

// cmdRelease: release TAG DIR commits the files of DIR to the repository of the
// depot, in the place of those it had, and tags them.
func cmdRelease(ts *testscript.TestScript, _ bool, args []string) {
	ctx, dir := context.Background(), filepath.Join(ts.Getenv("WORK"), args[1])
	repo, err := sample.Init(ctx, filepath.Join(ts.Getenv("WORK"), "depot", "git", "shop.git"))
	ts.Check(err)
	files := map[string]sample.File{}
	ts.Check(fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, p))
		files[p] = sample.File{Content: string(b)}
		return err
	}))
	hash, err := repo.Commit(ctx, "main", "Release "+args[0], files)
	ts.Check(err)
	ts.Check(repo.Tag(ctx, args[0], hash))
}

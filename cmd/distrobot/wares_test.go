package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/distrobot/distrobot/internal/run"
)

// cmdWares: wares publish VERSION... makes the download server of the depot a
// composer repository with these versions of acme/lib; wares project DIR writes
// a project that requires any of them, with the lock that composer makes today.
func cmdWares(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: wares publish VERSION... | wares project DIR")
	}
	base := strings.TrimSuffix(ts.Getenv("REPO"), "/git/shop.git") + "/files"
	if args[0] == "project" {
		writeProject(ts, base, args[1])
		return
	}
	files := filepath.Join(ts.Getenv("WORK"), "depot", "files")
	ts.Check(os.MkdirAll(files, 0o755))
	versions := map[string]any{}
	for _, v := range args[1:] {
		ware := map[string]any{"name": "acme/lib", "version": v}
		manifest, err := json.Marshal(ware)
		ts.Check(err)
		name := "lib-" + v + ".zip"
		ts.Check(os.WriteFile(filepath.Join(files, name), archive(ts, map[string]string{"composer.json": string(manifest), "version.txt": v + "\n"}), 0o644))
		ware["dist"] = map[string]string{"type": "zip", "url": base + "/" + name}
		versions[v] = ware
	}
	list, err := json.Marshal(map[string]any{"packages": map[string]any{"acme/lib": versions}})
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(files, "packages.json.new"), list, 0o644))
	ts.Check(os.Rename(filepath.Join(files, "packages.json.new"), filepath.Join(files, "packages.json")))
}

func archive(ts *testscript.TestScript, files map[string]string) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, content := range files {
		w, err := z.Create(name)
		ts.Check(err)
		_, err = w.Write([]byte(content))
		ts.Check(err)
	}
	ts.Check(z.Close())
	return out.Bytes()
}

// writeProject has composer itself write the lock, as a developer does.
func writeProject(ts *testscript.TestScript, base, name string) {
	dir := filepath.Join(ts.Getenv("WORK"), name)
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(os.WriteFile(filepath.Join(dir, "composer.json"), fmt.Appendf(nil, `{"name": "acme/shop", "require": {"acme/lib": "*"},
 "repositories": [{"packagist.org": false}, {"type": "composer", "url": %q}], "config": {"secure-http": false}}`, base), 0o644))
	home := filepath.Join(ts.Getenv("WORK"), "developer")
	_, err := run.Run(context.Background(), run.Command{Program: "composer", Args: []string{"update", "--no-install", "--no-audit", "-q"}, Dir: dir,
		Env: run.Environ("HOME="+home, "COMPOSER_HOME="+home, "COMPOSER_CACHE_DIR=/dev/null", "COMPOSER_ALLOW_SUPERUSER=1", "COMPOSER_NO_INTERACTION=1")})
	ts.Check(err)
}

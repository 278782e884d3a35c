package hosting_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// tree is a platform as files, for tests that need no git.
type tree map[string]string

// small is a site of one page and one versioned file. Its update appends the
// version to the data; its page shows both.
func small(version, update string) tree {
	return tree{
		"distrobot.yml": "version: 1\ndocroot: web\nversioned: [data]\nshared: [web/files]\nupdate:\n  - [./update.sh]\n" +
			"check: {path: /index.cgi, marker: all is well}\nlook: {pages: [{path: /plain.html}]}\n",
		"web/plain.html": "always the same\n",
		"web/index.cgi": "#!/bin/sh\nset -e\ncd \"$SITE_ROOT/data\"\n" +
			"if [ \"$REQUEST_METHOD\" = POST ]; then echo \"$QUERY_STRING\" >> log; fi\n" +
			"test -e bad && exit 1\n" +
			"printf 'Content-Type: text/plain\\n\\nversion " + version + " all is well\\n'\ncat log\n",
		"web/style.css": "/* " + version + " */\n",
		"data/log":      "begin\n",
		"update.sh":     "#!/bin/sh\nset -e\n" + update + "\n",
	}
}

// publish makes a ready platform of files.
func (w *world) publish(name fleet.PlatformName, files tree) {
	w.t.Helper()
	ctx := context.Background()
	stage, err := w.backend.Stage(ctx, name, 1)
	must(w.t, err)
	files.write(w.t, stage)
	path, err := w.backend.Publish(ctx, name, stage)
	must(w.t, err)
	w.put(&fleet.Platform{
		Name: name, Kind: "generic", State: fleet.PlatformReady, Paths: map[fleet.HostName]string{host: path},
		Hosts: []fleet.HostName{host}, Ref: fleet.Ref{Commit: "0123456789012345678901234567890123456789"}, Created: time.Now(), By: alice,
	}, &fleet.Platform{Name: name})
}

// write writes the files, programs executable.
func (f tree) write(t testing.TB, dir string) {
	t.Helper()
	for name, content := range f {
		at := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		mode := os.FileMode(0o644)
		if e := filepath.Ext(name); e == ".sh" || e == ".cgi" {
			mode = 0o755
		}
		must(t, os.WriteFile(at, []byte(content), mode))
	}
}

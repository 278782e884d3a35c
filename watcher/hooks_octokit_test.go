package watcher_test

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// octokit is GitHub's own collection of webhooks as it really sends them.
const octokit = "@octokit/webhooks-examples@7.6.1"

// Every one of GitHub's real webhooks is taken or refused cleanly, and each
// push, create, delete and release gives the address of its repository.
func TestRealWebhooks(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not installed, so GitHub's collection of webhooks cannot be fetched; TestWebhookEvents holds their shapes")
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "npm", "pack", "--silent", octokit)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm could not fetch %s; TestWebhookEvents holds their shapes: %v: %.300s", octokit, err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	statuses, hinted := map[int]int{}, map[string]int{}
	examples(t, files[0], func(name string, body []byte) {
		h := &hints{}
		w := receive(t, h, delivery(name, "d-1", string(body)))
		statuses[w.Code]++
		switch name {
		case "push", "create", "delete", "release":
			if w.Code != http.StatusAccepted || len(h.all) != 1 || len(h.all[0].URLs) == 0 {
				t.Errorf("%s: status %d, hints %+v", name, w.Code, h.all)
			}
			hinted[name]++
		default:
			if w.Code != http.StatusOK || len(h.all) > 0 {
				t.Errorf("%s: status %d, hints %+v", name, w.Code, h.all)
			}
		}
	})
	t.Logf("%v by status, %v hints", statuses, hinted)
	if len(hinted) != 4 || statuses[http.StatusOK] < 100 {
		t.Errorf("the collection is not what it was: %v, %v", statuses, hinted)
	}
}

// examples calls visit for every payload of the package's index files.
func examples(t *testing.T, file string, visit func(event string, body []byte)) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(unzipped); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(h.Name) != "index.json" {
			continue
		}
		var events []struct {
			Name     string
			Examples []json.RawMessage
		}
		if err := json.NewDecoder(files).Decode(&events); err != nil {
			t.Fatalf("%s: %v", h.Name, err)
		}
		for _, e := range events {
			for _, body := range e.Examples {
				visit(e.Name, body)
			}
		}
	}
}

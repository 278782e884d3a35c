package aegir_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/aegir"
)

// TestSerialHost holds that a host which does one task at a time, as BOA wants it,
// is given none while another runs, whatever site that is about.
func TestSerialHost(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.own("one", "platform_one", "a.example.com", "b.example.com")
	w.backend.Tasks.Serial = true
	w.fault(t, "hang-backup")
	backup := func(uri fleet.URI, told func(string)) chan error {
		ended := make(chan error, 1)
		go func() {
			_, err := w.backend.Fill(t.Context(), hosting.Copy{URI: uri, Platform: "two", Generation: 2, From: 1, Fence: 1, Task: fleet.TaskID("01" + uri), Log: told})
			ended <- err
		}()
		return ended
	}
	go w.drush(t, "@hostmaster", "hosting-task", "@a.example.com", "backup", "--force") // a person's
	eventually(t, "task of a person", func() bool { return w.calls(t, "@hostmaster hosting-task @a.example.com backup") == 1 })
	waiting := make(chan string, 100)
	ended := backup("b.example.com", func(line string) { waiting <- line })
	if line := <-waiting; !strings.Contains(line, "one task at a time, and now backup") {
		t.Errorf("told %q", line)
	}
	if n := w.calls(t, "@hostmaster hosting-task @b.example.com backup"); n != 0 {
		t.Errorf("%d tasks were started beside another", n)
	}
	w.mend(t, "hang-backup")
	must(t, <-ended)
}

// TestDeletedBehindOurBack holds that a platform of ours which somebody deleted in
// Aegir is not offered any more, and comes back when it is built again.
func TestDeletedBehindOurBack(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	tree := w.publish(t, "one", pages("one", ""))
	w.put(&fleet.Platform{Name: "one", Kind: "generic", State: fleet.PlatformReady, Created: time.Now(), URL: "https://example.org/x.git", Hosts: []fleet.HostName{"local"},
		Paths: map[fleet.HostName]string{"local": tree.Dir}}, &fleet.Platform{Name: "one"})
	w.put(&fleet.Distribution{Name: "d", Kind: "generic", Rules: 1}, &fleet.Distribution{Name: "d"})
	_, err := (&fleet.Targets{Store: w.store}).Assign(t.Context(), "one", "d", fleet.System("test"))
	must(t, err)
	_, err = (&fleet.Targets{Store: w.store}).Set(t.Context(), "d", "one", fleet.System("test"))
	must(t, err)
	w.look()
	w.drush(t, "@hostmaster", "hosting-task", "@platform_one", "delete", "--force")
	if said := w.look(); !strings.Contains(said, "platform one was deleted") || w.platform("one").State != fleet.PlatformRetired {
		t.Errorf("told %q; it is %s", said, w.platform("one").State)
	}
	d := fleet.Distribution{Name: "d"}
	if _, err := w.store.Read(t.Context(), &d); err != nil || d.Target != "" {
		t.Errorf("the target is %q, %v", d.Target, err)
	}
	stage, err := w.backend.Stage(t.Context(), "one", 2)
	must(t, err)
	must(t, os.Mkdir(stage, 0o755))
	must(t, os.WriteFile(filepath.Join(stage, "distrobot.yml"), []byte("version: 1\n"), 0o644))
	if _, err := w.backend.Publish(t.Context(), "one", stage); fleet.CodeOf(err) != fleet.Exists {
		t.Errorf("published again: %v", err)
	}
	if w.status("one") != 1 {
		t.Error("Aegir does not have it again")
	}
}

// TestStranded holds that visitors of a site whose task nobody knows any more are
// let in only when Aegir is done with it, to what Aegir says.
func TestStranded(t *testing.T) {
	t.Parallel()
	h := twoPlatforms(t, nil)
	b, ctx := h.backend, t.Context()
	c := generation(2, "two", 2)
	must(t, b.Lay(ctx, c))
	_, err := b.Hold(ctx, c)
	must(t, err)
	_, err = b.Fill(ctx, c)
	must(t, err)
	waiting, err := b.Waiting(ctx)
	if must(t, err); len(waiting) != 1 || waiting[0].URI != site || waiting[0].Task != c.Task {
		t.Fatalf("waiting: %+v", waiting)
	}
	h.fault(t, "hang")
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx, c, nil, func(string) {}) }()
	eventually(t, "migrate", func() bool { return h.calls(t, "@hostmaster hosting-task @"+string(site)+" migrate") == 1 })
	eventually(t, "open task", func() bool { return fleet.CodeOf(b.Free(ctx, waiting[0])) == fleet.Later })
	if a, err := b.Probe(ctx, site, "/"); err != nil || a.Status != 503 {
		t.Errorf("while it moves visitors get %d, %v", a.Status, err)
	}
	h.mend(t, "hang")
	must(t, <-ended)
	must(t, b.Free(ctx, waiting[0]))
	if a, err := b.Probe(ctx, site, "/"); err != nil || a.Status != 200 || !strings.Contains(string(a.Body), "version two") {
		t.Errorf("visitors get %d %s, %v", a.Status, a.Body, err)
	}
	if r, err := b.Live(ctx, site); err != nil || r.Generation != 2 || r.Platform != "two" || r.Fence <= 2 {
		t.Errorf("the record is %+v, %v", r, err)
	}
	if again, err := b.Waiting(ctx); err != nil || len(again) != 0 {
		t.Errorf("still waiting: %+v, %v", again, err)
	}
}

// TestDeletedStaysDeleted holds that a site which was deleted in Aegir is gone, also
// when a task of it that was left queued fails later and has Aegir list it as
// disabled again.
func TestDeletedStaysDeleted(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.own("one", "platform_one", "a.example.com", "b.example.com")
	w.drush(t, "@hostmaster", "hosting-task", "@a.example.com", "disable", "--force")
	w.drush(t, "@hostmaster", "hosting-task", "@a.example.com", "delete", "--force")
	status := func() (got string) {
		must(t, w.backend.Tasks.Query(t.Context(), aegir.Select([]string{"s.status"}, "hosting_site s JOIN node n ON n.vid=s.vid WHERE n.title='a.example.com'"), 1,
			func(row []string) error { got = row[0]; return nil }))
		return got
	}
	eventually(t, "site that Aegir lists as disabled again", func() bool { return status() == "-1" })
	all, err := aegir.Sites(t.Context(), w.backend.Tasks, "")
	if must(t, err); len(all) != 1 || all[0].URI != "b.example.com" || !all[0].On() {
		t.Errorf("the sites are %+v", all)
	}
}

package command_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
)

// TestStranded holds that visitors whose task nobody knows any more are let in by
// the program, to what it has live, and that the task's worker is fenced off.
func TestStranded(t *testing.T) {
	t.Parallel()
	b, ctx := example(t), t.Context()
	stage, err := b.Stage(ctx, "one", 1)
	must(t, err)
	for name, text := range pages("one", "") {
		at := filepath.Join(stage, name)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		must(t, os.WriteFile(at, []byte(text), 0o644))
	}
	dir, err := b.Publish(ctx, "one", stage)
	must(t, err)
	spec, err := hosting.ReadSpec(dir)
	must(t, err)
	c := hosting.Copy{URI: "site.example", ID: "01site", Kind: "generic", Platform: "one", Tree: hosting.Tree{Dir: dir, Spec: spec}, Generation: 1, Fence: 3, Task: "01lost"}
	must(t, b.Lay(ctx, c))
	_, err = b.Fill(ctx, c)
	must(t, err)
	must(t, b.Switch(ctx, c))
	_, err = b.Release(ctx, c)
	must(t, err)
	_, err = b.Hold(ctx, c)
	must(t, err)
	waiting, err := b.Waiting(ctx)
	if must(t, err); len(waiting) != 1 || waiting[0].Task != "01lost" {
		t.Fatalf("waiting: %+v", waiting)
	}
	if a, err := b.Probe(ctx, c.URI, "/"); err != nil || a.Status != 503 {
		t.Errorf("visitors get %d, %v", a.Status, err)
	}
	must(t, b.Free(ctx, waiting[0]))
	if a, err := b.Probe(ctx, c.URI, "/"); err != nil || a.Status != 200 {
		t.Errorf("visitors get %d, %v", a.Status, err)
	}
	if again, err := b.Waiting(ctx); err != nil || len(again) != 0 {
		t.Errorf("still waiting: %+v, %v", again, err)
	}
	if _, err := b.Hold(ctx, c); fleet.CodeOf(err) != fleet.Stale {
		t.Errorf("the lost task's worker holds it again: %v", err)
	}
}

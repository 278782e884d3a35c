package workspace_test

import "testing"

// BenchmarkClick is a press over HTTP, its payload over Socket Mode to slack-go
// and the acknowledgement back: what the workspace itself adds to every figure
// measured through it.
func BenchmarkClick(b *testing.B) {
	w := open(b, noLimits())
	w.connect(acknowledge)
	ts := w.post("C0SITES", "x", planBlocks())
	for b.Loop() {
		if out := w.ok("/workspace/click", map[string]any{"user": "bob", "ts": ts, "action_id": "plan.confirm"}); out["error"] != nil {
			b.Fatal(out)
		}
	}
}

// BenchmarkPost is one chat.postMessage of a plan, validation included.
func BenchmarkPost(b *testing.B) {
	w := open(b, noLimits())
	for b.Loop() {
		w.post("C0SITES", "x", comparison())
	}
}

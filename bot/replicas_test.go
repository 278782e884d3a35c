package bot

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// TestManyPressesOverReplicas: three replicas share the presses. Each press is
// acknowledged without an error, reaches the desk once, and its message changes.
func TestManyPressesOverReplicas(t *testing.T) {
	r := newRig(t, rigOptions{})
	for i := range 2 {
		r.start(r.newBot(rigOptions{pace: quick()}, fmt.Sprint("replica", i)))
	}
	r.desk.press = func(p commands.Press) (commands.Reply, error) {
		now := said("Confirmed " + p.Value + ".")
		return commands.Reply{None: true, Refresh: &now}, nil
	}
	const n = 60
	posts := make([]fleet.Post, n)
	for i := range posts {
		about := fleet.Subject(fmt.Sprintf("plan:%d", i))
		m := said(fmt.Sprintf("Plan %d waits.", i))
		m.Buttons = []fleet.Button{{Action: fleet.ActConfirm, Label: "Confirm", Value: fmt.Sprintf("%d|1", i)}}
		r.story.set(about, m)
		r.want(about, sites)
	}
	for i := range posts {
		posts[i] = r.idle(fleet.Subject(fmt.Sprintf("plan:%d", i)), sites)
	}
	acks := make([]obj, n)
	var wg sync.WaitGroup
	for i, p := range posts {
		wg.Go(func() { acks[i] = r.click("bob", "sites", p.TS, fleet.ActConfirm) })
		time.Sleep(time.Millisecond)
	}
	wg.Wait()
	for i, a := range acks {
		if a["error"] != nil {
			t.Errorf("press %d: %v", i, a)
		}
	}
	seen := map[string]int{}
	for _, p := range r.desk.pressed() {
		seen[p.Value]++
	}
	for i := range posts {
		if v := fmt.Sprintf("%d|1", i); seen[v] != 1 {
			t.Errorf("press %s reached the desk %d times", v, seen[v])
		}
	}
	r.eventually("every message has changed", func() bool {
		changed := 0
		for _, m := range r.messages(sites) {
			if len(m.Text) > 9 && m.Text[:9] == "Confirmed" {
				changed++
			}
		}
		return changed == n
	})
}

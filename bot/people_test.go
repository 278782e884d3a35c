package bot

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/distrobot/distrobot/bot/workspace"
	"github.com/distrobot/distrobot/fleet"
)

// crowdOf is a workspace with many people, every second one a maintainer, the
// last one a guest, and with Slack's rate limits.
func crowdOf(t *testing.T, n int) *rig {
	t.Helper()
	everybody := []workspace.Person{{Name: "guest", Guest: true, Groups: []string{"release-managers"}}}
	for i := range n {
		p := workspace.Person{Name: fmt.Sprintf("p%03d", i)}
		if i%2 == 0 {
			p.Groups = []string{"release-managers"}
		}
		everybody = append(everybody, p)
	}
	return newRigWith(t, rigOptions{limits: workspace.Limits{PostBurst: 20}, roles: RoleConfig{Maintainers: []string{"@release-managers"}}}, everybody)
}

// TestCrowd: three hundred people whom the bot does not know press at once.
// Slack would answer a third of the questions of who each is; all are known.
func TestCrowd(t *testing.T) {
	const n = 300
	r := crowdOf(t, n)
	roles := make([]fleet.Role, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			roles[i], errs[i] = r.bot.Roles().Role(t.Context(), fleet.Actor{ID: fmt.Sprintf("U0P%03d", i), Team: "T0LOCAL"})
		})
	}
	wg.Wait()
	for i := range n {
		want := fleet.Reader
		if i%2 == 0 {
			want = fleet.Maintainer
		}
		if roles[i] != want || errs[i] != nil {
			t.Fatalf("person %d is %v, %v; want %v", i, roles[i], errs[i], want)
		}
	}
	if c := r.state().Counters; c["rate_limited"] != 0 {
		t.Errorf("Slack was asked too often: %v", c)
	}
	if got, err := r.bot.Roles().Role(t.Context(), fleet.Actor{ID: "U0GUEST", Team: "T0LOCAL"}); got != fleet.Nobody || err != nil {
		t.Errorf("a guest who was listed is %v, %v", got, err)
	}
	if got, err := r.bot.Roles().Role(t.Context(), fleet.Actor{ID: "U0NOBODY", Team: "T0LOCAL"}); got != fleet.Nobody || err != nil {
		t.Errorf("somebody who was not listed is %v, %v", got, err)
	}
}

// TestCrowdWithoutList: when everybody cannot be listed, people are asked for
// one by one, and nobody waits for ever.
func TestCrowdWithoutList(t *testing.T) {
	r := crowdOf(t, 30)
	r.fault(obj{"kind": "missing_scope", "method": "users.list", "for_ms": -1})
	began := time.Now()
	for i := range 30 {
		got, err := r.bot.Roles().Role(t.Context(), fleet.Actor{ID: fmt.Sprintf("U0P%03d", i), Team: "T0LOCAL"})
		if err != nil || (got == fleet.Maintainer) != (i%2 == 0) {
			t.Fatalf("person %d is %v, %v", i, got, err)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

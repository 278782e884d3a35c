package fleettest

import (
	"context"
	"slices"

	"github.com/distrobot/distrobot/fleet"
)

// Record implements fleet.Trail.
func (m *Memory) Record(_ context.Context, id string, e fleet.AuditEvent) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.trailed[id] {
		m.trailed[id] = true
		e.Number = int64(len(m.trail) + 1)
		m.trail = append(m.trail, e)
	}
	return m.down
}

// Events implements fleet.Trail; the cursor is not kept.
func (m *Memory) Events(_ context.Context, _ string, n int) ([]fleet.AuditEvent, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := slices.Clone(m.trail)
	slices.Reverse(out)
	return out[:min(n, len(out))], "", m.down
}

// Verify implements fleet.Trail; nothing can be forged in memory.
func (m *Memory) Verify(context.Context) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.trail), m.down
}

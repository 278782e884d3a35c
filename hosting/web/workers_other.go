//go:build !linux

package web

import "time"

func uptime() time.Duration { return 0 }

// oldWorkers cannot look at processes here.
func oldWorkers(string, time.Duration) (n int, known bool) { return 0, false }

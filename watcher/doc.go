// Package watcher notices what happens elsewhere and when: heads of tracked
// repositories, webhooks, the time of a digest.
//
//   - Poller reads every tracked URL once per interval and hands what it saw to
//     fleet.News, which decides what is news. It implements fleet.Prober.
//   - GitHub receives webhooks. A webhook is only a hint to poll now.
//   - Clock computes when a schedule fires; it implements fleet.Clockwork.
//   - Watcher runs the loops.
//
// Any number of replicas may watch: who reads a URL is decided by moving its
// fleet.Poll row on, and what is news by the commit that moves the cursor.
package watcher

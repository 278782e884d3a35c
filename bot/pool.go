package bot

import "sync"

// pool runs requests in a bounded number of goroutines with a bounded queue.
type pool struct {
	slots chan struct{}
	wg    sync.WaitGroup
}

// newPool makes a pool that holds up to n requests at once. Requests mostly
// wait for Redis and Slack, so they are many goroutines and no queue.
func newPool(n int) *pool { return &pool{slots: make(chan struct{}, n)} }

// try runs f soon unless the pool is full; it never blocks.
func (p *pool) try(f func()) bool {
	select {
	case p.slots <- struct{}{}:
	default:
		return false
	}
	p.wg.Go(func() {
		defer func() { <-p.slots }()
		f()
	})
	return true
}

// drain waits until everything that was begun has ended.
func (p *pool) drain() { p.wg.Wait() }

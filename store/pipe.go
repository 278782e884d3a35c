package store

import (
	"net"
	"sync"
)

// bufferedConn takes writes without waiting for the other end. The connection
// to the Redis in this process is a pipe without a buffer: its server stops
// reading a batch while nobody reads its answers, and the client reads none
// before it has written the batch, so a long batch would hold both up for ever.
type bufferedConn struct {
	net.Conn
	mu      sync.Mutex
	more    *sync.Cond
	pending []byte
	err     error
	closed  bool
}

func newBufferedConn(c net.Conn) *bufferedConn {
	b := &bufferedConn{Conn: c}
	b.more = sync.NewCond(&b.mu)
	go b.flush()
	return b
}

// Write implements net.Conn. What it could not pass on fails the next one.
func (b *bufferedConn) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	if b.closed {
		return 0, net.ErrClosed
	}
	b.pending = append(b.pending, p...)
	b.more.Signal()
	return len(p), nil
}

// Close implements net.Conn.
func (b *bufferedConn) Close() error {
	b.mu.Lock()
	b.closed = true
	b.more.Signal()
	b.mu.Unlock()
	return b.Conn.Close()
}

func (b *bufferedConn) flush() {
	for {
		b.mu.Lock()
		for len(b.pending) == 0 && !b.closed {
			b.more.Wait()
		}
		batch, closed := b.pending, b.closed
		b.pending = nil
		b.mu.Unlock()
		if closed {
			return
		}
		if _, err := b.Conn.Write(batch); err != nil {
			b.mu.Lock()
			b.err = err
			b.mu.Unlock()
			return
		}
	}
}

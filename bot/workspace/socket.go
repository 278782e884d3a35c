package workspace

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// maxSockets is how many Socket Mode connections Slack allows one app.
const maxSockets = 10

// ticketLife is how long a WebSocket address may wait for its client.
const ticketLife = 30 * time.Second

// link is the Socket Mode end of the workspace: tickets, connections and the
// acknowledgements that are awaited.
type link struct {
	s        *Server
	upgrader websocket.Upgrader

	mu      sync.Mutex
	tickets map[string]time.Time
	conns   map[*socket]bool // true once greeted
	joined  chan struct{}    // closed and replaced when a connection comes
	waiting map[string]chan ack
}

func newLink(s *Server) *link {
	return &link{s: s, tickets: map[string]time.Time{}, conns: map[*socket]bool{}, joined: make(chan struct{}),
		waiting: map[string]chan ack{},
		// The ticket decides, see originAllowed.
		upgrader: websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}}
}

// openConnection answers apps.connections.open with a one-time address.
func openConnection(c *call) (obj, error) {
	if c.s.opts.AppURL != "" {
		return nil, refuse("socket_mode_not_enabled") // payloads go over HTTP instead
	}
	c.s.st.count.Opens++
	base, _ := url.Parse(c.s.base)
	scheme := "ws"
	if base.Scheme == "https" {
		scheme = "wss"
	}
	q := url.Values{"ticket": {c.s.link.ticket(c.s.now())}, "app_id": {c.s.st.appID}}
	return obj{"url": scheme + "://" + base.Host + "/link?" + q.Encode()}, nil
}

// ticket issues the right to open one WebSocket.
func (l *link) ticket(now time.Time) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for t, issued := range l.tickets {
		if now.Sub(issued) > ticketLife {
			delete(l.tickets, t)
		}
	}
	t := randomID(32)
	l.tickets[t] = now
	return t
}

// redeem spends a ticket.
func (l *link) redeem(ticket string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	issued, ok := l.tickets[ticket]
	delete(l.tickets, ticket)
	return ok && now.Sub(issued) <= ticketLife
}

// serve upgrades GET /link.
func (l *link) serve(w http.ResponseWriter, r *http.Request) {
	l.s.mu.Lock()
	_, down := l.s.active("down")
	_, cut := l.s.active("disconnect")
	_, many := l.s.active("too_many_websockets")
	l.s.mu.Unlock()
	if down || cut {
		http.Error(w, "upstream connect error", http.StatusServiceUnavailable)
		return
	}
	if !l.redeem(r.URL.Query().Get("ticket"), l.s.now()) {
		http.Error(w, "unknown or used ticket", http.StatusForbidden)
		return
	}
	conn, err := l.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	sock := newSocket(l, conn)
	n, ok := l.add(sock)
	if !ok || many {
		l.drop(sock)
		sock.goodbye("too_many_websockets")
		return
	}
	sock.write(l.hello(n, r.Host))
	l.announce(sock)
	if !l.s.inBackground(sock.run) {
		conn.Close()
	}
}

// hello is the first frame of a connection.
func (l *link) hello(n int, host string) obj {
	return obj{"type": "hello", "num_connections": n,
		"connection_info": obj{"app_id": l.s.st.appID},
		"debug_info":      obj{"host": host, "build_number": 1, "approximate_connection_time": 3600}}
}

// add counts a connection in unless there are too many.
func (l *link) add(sock *socket) (int, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) >= maxSockets || l.s.ctx.Err() != nil {
		return len(l.conns), false
	}
	l.conns[sock] = false
	return len(l.conns), true
}

// announce makes a greeted connection eligible and wakes who waits for one.
func (l *link) announce(sock *socket) {
	l.mu.Lock()
	l.conns[sock] = true
	close(l.joined)
	l.joined = make(chan struct{})
	l.mu.Unlock()
	l.changed()
}

// drop forgets a connection.
func (l *link) drop(sock *socket) {
	l.mu.Lock()
	delete(l.conns, sock)
	l.mu.Unlock()
	l.changed()
}

// changed tells the pages how many sockets there are now.
func (l *link) changed() {
	l.mu.Lock()
	n := len(l.conns)
	l.mu.Unlock()
	l.s.mu.Lock()
	l.s.st.count.Sockets = n
	l.s.touch(nil)
	l.s.mu.Unlock()
}

// pick chooses a connection at random, as Slack does, or returns the channel
// that closes when one comes.
func (l *link) pick() (*socket, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var ready []*socket
	for sock, greeted := range l.conns {
		if greeted {
			ready = append(ready, sock)
		}
	}
	if len(ready) == 0 {
		return nil, l.joined
	}
	return ready[rand.IntN(len(ready))], nil
}

// all lists the connections.
func (l *link) all() []*socket {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []*socket
	for sock := range l.conns {
		list = append(list, sock)
	}
	return list
}

// disconnect says goodbye on every connection, or on so many. "warning" only announces the
// end, which follows 10 s later at Slack; clients drop the connection at once.
func (l *link) disconnect(reason string, most int) int {
	list := l.all()
	if most > 0 && most < len(list) {
		list = list[:most]
	}
	for _, sock := range list {
		if reason == "warning" {
			sock.write(obj{"type": "disconnect", "reason": reason, "debug_info": obj{"host": "local"}})
			continue
		}
		l.drop(sock)
		sock.goodbye(reason)
	}
	return len(list)
}

// closeAll cuts every connection without a word.
func (l *link) closeAll() int {
	list := l.all()
	for _, sock := range list {
		l.drop(sock)
		sock.conn.Close()
	}
	return len(list)
}

// expect registers an envelope whose acknowledgement is awaited.
func (l *link) expect(id string) chan ack {
	ch := make(chan ack, 1)
	l.mu.Lock()
	l.waiting[id] = ch
	l.mu.Unlock()
	return ch
}

func (l *link) forget(id string) {
	l.mu.Lock()
	delete(l.waiting, id)
	l.mu.Unlock()
}

// acknowledged hands an acknowledgement to who waits; a second one for the
// same envelope (after a redelivery) is nobody's.
func (l *link) acknowledged(id string, a ack) {
	l.mu.Lock()
	ch := l.waiting[id]
	delete(l.waiting, id)
	l.mu.Unlock()
	if ch != nil {
		ch <- a
	}
}

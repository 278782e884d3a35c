package workspace

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// maxAck is what Slack takes as an answer; a larger one is dropped silently.
const maxAck = 20 << 10

// socket is one Socket Mode connection.
type socket struct {
	l    *link
	conn *websocket.Conn
	mu   sync.Mutex // one writer at a time
}

func newSocket(l *link, conn *websocket.Conn) *socket {
	return &socket{l: l, conn: conn}
}

// write sends one frame; a client that does not read loses its connection.
func (k *socket) write(v any) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	return k.conn.WriteMessage(websocket.TextMessage, encode(v))
}

// goodbye sends Slack's disconnect frame and closes.
func (k *socket) goodbye(reason string) {
	k.write(obj{"type": "disconnect", "reason": reason, "debug_info": obj{"host": "local"}})
	k.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	k.conn.Close()
}

// run reads acknowledgements and sends pings until the connection ends. slack-go
// drops a server that has not pinged for 30 s, so silence would be noticed.
func (k *socket) run() {
	defer k.l.drop(k)
	defer k.conn.Close()
	done := make(chan struct{})
	defer close(done)
	k.l.s.inBackground(func() { k.ping(done) })
	k.conn.SetReadLimit(1 << 20)
	for {
		_, frame, err := k.conn.ReadMessage()
		if err != nil {
			return
		}
		k.take(frame)
	}
}

// take reads one acknowledgement.
func (k *socket) take(frame []byte) {
	var in struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	if json.Unmarshal(frame, &in) != nil || in.EnvelopeID == "" {
		return
	}
	if len(frame) > maxAck {
		return // as Slack does: the sender then sees a timeout
	}
	if string(in.Payload) == "null" {
		in.Payload = nil
	}
	k.l.acknowledged(in.EnvelopeID, ack{payload: in.Payload})
}

// ping keeps the client sure that we are here.
func (k *socket) ping(done <-chan struct{}) {
	tick := time.NewTicker(k.l.s.opts.PingInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if k.conn.WriteControl(websocket.PingMessage, []byte("Ping from local workspace"), time.Now().Add(5*time.Second)) != nil {
				k.conn.Close()
				return
			}
		case <-done:
			return
		case <-k.l.s.ctx.Done():
			k.conn.Close()
			return
		}
	}
}

package storetest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A Cluster is three masters on free loopback ports. A script that touches two
// slots fails on it.
type Cluster struct {
	t     testing.TB
	addrs []string
	nodes []*node
}

// A node is one master: its files outlive it.
type node struct {
	t         testing.TB
	dir       string
	port, bus int
	args      []string
	stop      func(context.Context) error
}

// StartCluster starts a Cluster, ends it with the test, and gives its
// DISTROBOT_REDIS_URL.
func StartCluster(t testing.TB) string {
	t.Helper()
	return NewCluster(t).URL()
}

// NewCluster starts a Cluster and ends it with the test. args are added to each
// server's command line.
func NewCluster(t testing.TB, args ...string) *Cluster {
	t.Helper()
	ports := freePorts(t, 6)
	c := &Cluster{t: t}
	for i := range 3 {
		c.addrs = append(c.addrs, fmt.Sprintf("127.0.0.1:%d", ports[i]))
		n := &node{t: t, dir: t.TempDir(), port: ports[i], bus: ports[3+i], args: args}
		n.start()
		c.nodes = append(c.nodes, n)
		t.Cleanup(n.end)
	}
	for i, addr := range c.addrs {
		first, last := i*16384/3, (i+1)*16384/3-1
		must(t, addr, fmt.Sprintf("CLUSTER ADDSLOTSRANGE %d %d", first, last))
		must(t, addr, fmt.Sprintf("CLUSTER SET-CONFIG-EPOCH %d", i+1))
	}
	for i := 1; i < 3; i++ {
		must(t, c.addrs[0], fmt.Sprintf("CLUSTER MEET 127.0.0.1 %d %d", ports[i], ports[3+i]))
	}
	c.Await("ok")
	return c
}

// URL is what DISTROBOT_REDIS_URL would be.
func (c *Cluster) URL() string { return "redis+cluster://" + strings.Join(c.addrs, ",") }

// Down ends the server that keeps a slot; Up starts it again.
func (c *Cluster) Down(slot int) (up func()) {
	c.t.Helper()
	n := c.nodes[c.keeper(slot)]
	n.end()
	return func() { c.t.Helper(); n.start(); c.Await("ok") }
}

// Move gives a slot with all its keys to the next server, as redis-cli
// --cluster reshard does, a few keys at a time.
func (c *Cluster) Move(slot int) {
	c.t.Helper()
	from := c.keeper(slot)
	to := (from + 1) % len(c.addrs)
	must(c.t, c.addrs[to], fmt.Sprintf("CLUSTER SETSLOT %d IMPORTING %s", slot, c.id(from)))
	must(c.t, c.addrs[from], fmt.Sprintf("CLUSTER SETSLOT %d MIGRATING %s", slot, c.id(to)))
	for {
		keys, err := askList(c.addrs[from], fmt.Sprintf("CLUSTER GETKEYSINSLOT %d 3", slot))
		if err != nil {
			c.t.Fatal(err)
		}
		if len(keys) == 0 {
			break
		}
		line, err := ask("tcp", c.addrs[from], fmt.Sprintf("MIGRATE 127.0.0.1 %d \"\" 0 5000 KEYS %s", c.nodes[to].port, strings.Join(keys, " ")))
		if err != nil || line != "+OK" && line != "+NOKEY" {
			c.t.Fatalf("MIGRATE: %s, %v", line, err)
		}
	}
	for _, i := range []int{to, from, (to + 1) % len(c.addrs)} {
		must(c.t, c.addrs[i], fmt.Sprintf("CLUSTER SETSLOT %d NODE %s", slot, c.id(to)))
	}
}

// Slot gives the slot of a key.
func (c *Cluster) Slot(key string) int {
	c.t.Helper()
	line, err := ask("tcp", c.addrs[0], "CLUSTER KEYSLOT "+key)
	n, err2 := strconv.Atoi(strings.TrimPrefix(line, ":"))
	if err != nil || err2 != nil {
		c.t.Fatalf("CLUSTER KEYSLOT: %s, %v", line, err)
	}
	return n
}

func (c *Cluster) id(i int) string {
	c.t.Helper()
	text, err := askAll(c.addrs[i], "CLUSTER MYID")
	lines := strings.Fields(text)
	if err != nil || len(lines) != 2 {
		c.t.Fatalf("CLUSTER MYID: %q, %v", text, err)
	}
	return lines[1]
}

// keeper finds which server has a slot.
func (c *Cluster) keeper(slot int) int {
	c.t.Helper()
	for i, addr := range c.addrs {
		text, err := askAll(addr, "CLUSTER NODES")
		if err != nil {
			continue
		}
		for line := range strings.Lines(text) {
			f := strings.Fields(line)
			if len(f) > 8 && strings.Contains(f[2], "myself") && holdsSlot(f[8:], slot) {
				return i
			}
		}
	}
	c.t.Fatalf("no server has slot %d", slot)
	return 0
}

func holdsSlot(ranges []string, slot int) bool {
	for _, r := range ranges {
		a, b, ok := strings.Cut(r, "-")
		if !ok {
			b = a
		}
		first, err := strconv.Atoi(a)
		last, err2 := strconv.Atoi(b)
		if err == nil && err2 == nil && first <= slot && slot <= last {
			return true
		}
	}
	return false
}

// Await waits until every server that runs says that the Cluster is in a state:
// "ok" or "fail".
func (c *Cluster) Await(state string) {
	c.t.Helper()
	for i, addr := range c.addrs {
		if c.nodes[i].stop == nil {
			continue
		}
		awaitThat(c.t, "the cluster to be "+state, func() bool {
			info, err := askAll(addr, "CLUSTER INFO")
			return err == nil && strings.Contains(info, "cluster_state:"+state) && strings.Contains(info, "cluster_known_nodes:3")
		})
	}
}

func (n *node) start() {
	n.t.Helper()
	argv := append([]string{"redis-server", "--bind", "127.0.0.1", "--port", fmt.Sprint(n.port), "--cluster-enabled", "yes",
		"--cluster-port", fmt.Sprint(n.bus), "--cluster-node-timeout", "3000", "--dir", n.dir, "--save", "",
		"--appendonly", "yes", "--pidfile", filepath.Join(n.dir, "pid")}, n.args...)
	stop, err := Launch(context.Background(), argv, n.dir)
	if err != nil {
		n.t.Fatal(err)
	}
	n.stop = stop
	awaitPong(n.t, "tcp", fmt.Sprintf("127.0.0.1:%d", n.port))
}

func (n *node) end() {
	if n.stop == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = n.stop(ctx)
	n.stop = nil
	_ = os.Remove(filepath.Join(n.dir, "pid"))
}

func must(t testing.TB, addr, command string) {
	t.Helper()
	if line, err := ask("tcp", addr, command); err != nil || line != "+OK" {
		t.Fatalf("%s: %s, %v", command, line, err)
	}
}

// awaitThat polls until a condition holds.
func awaitThat(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// askAll sends one command and gives what comes back within a moment.
func askAll(addr, command string) (string, error) {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	if _, err := c.Write([]byte(command + "\r\n")); err != nil {
		return "", err
	}
	buf := make([]byte, 8192)
	n, err := c.Read(buf)
	return string(buf[:n]), err
}

// askList sends one command whose answer is a short list of words.
func askList(addr, command string) ([]string, error) {
	text, err := askAll(addr, command)
	if err != nil || !strings.HasPrefix(text, "*") {
		return nil, fmt.Errorf("%s: %q, %w", command, text, err)
	}
	var out []string
	for i, line := range strings.Split(strings.TrimSpace(text), "\r\n") {
		if i > 0 && i%2 == 0 { // each word stands after its length
			out = append(out, line)
		}
	}
	return out, nil
}

// freePorts finds ports that nobody uses now.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

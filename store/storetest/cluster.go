package storetest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// StartCluster starts a Cluster of three masters on free loopback ports, ends
// it with the test, and gives its DISTROBOT_REDIS_URL. A script that touches
// two slots fails on it.
func StartCluster(t testing.TB) string {
	t.Helper()
	ports := freePorts(t, 6)
	addrs := make([]string, 3)
	for i := range addrs {
		addrs[i] = fmt.Sprintf("127.0.0.1:%d", ports[i])
		startNode(t, ports[i], ports[3+i])
	}
	for i, addr := range addrs {
		first, last := i*16384/3, (i+1)*16384/3-1
		must(t, addr, fmt.Sprintf("CLUSTER ADDSLOTSRANGE %d %d", first, last))
		must(t, addr, fmt.Sprintf("CLUSTER SET-CONFIG-EPOCH %d", i+1))
	}
	for i := 1; i < 3; i++ {
		must(t, addrs[0], fmt.Sprintf("CLUSTER MEET 127.0.0.1 %d %d", ports[i], ports[3+i]))
	}
	for _, addr := range addrs {
		awaitCluster(t, addr)
	}
	return "redis+cluster://" + strings.Join(addrs, ",")
}

// startNode starts one master of a Cluster.
func startNode(t testing.TB, port, bus int) {
	t.Helper()
	dir := t.TempDir()
	argv := []string{"redis-server", "--bind", "127.0.0.1", "--port", fmt.Sprint(port), "--cluster-enabled", "yes",
		"--cluster-port", fmt.Sprint(bus), "--dir", dir, "--save", "", "--pidfile", filepath.Join(dir, "pid")}
	stop, err := Launch(context.Background(), argv, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = stop(ctx)
		os.RemoveAll(dir)
	})
	awaitPong(t, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
}

// awaitCluster waits until a node knows that all slots are served.
func awaitCluster(t testing.TB, addr string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		info, err := askAll(addr, "CLUSTER INFO")
		if err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3") {
			return
		}
	}
	t.Fatalf("the cluster at %s does not come up", addr)
}

func must(t testing.TB, addr, command string) {
	t.Helper()
	if line, err := ask("tcp", addr, command); err != nil || line != "+OK" {
		t.Fatalf("%s: %s, %v", command, line, err)
	}
}

// askAll sends one command and gives what comes back within a moment.
func askAll(addr, command string) (string, error) {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return "", err
	}
	if _, err := c.Write([]byte(command + "\r\n")); err != nil {
		return "", err
	}
	buf := make([]byte, 8192)
	n, err := c.Read(buf)
	return string(buf[:n]), err
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

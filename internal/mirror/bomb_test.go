package mirror_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
	"github.com/distrobot/distrobot/internal/run"
)

// An explosion is what the test process has a child do, to measure its memory.
type explosion struct {
	Dir, URL string
	Ref      mirror.Ref
}

// aftermath is what came of it: sentences, and the greatest memory in MB of the
// child and of any program it started.
type aftermath struct {
	Fetch, Checkout string
	Self, Programs  int64
}

const bombEnv = "DISTROBOT_TEST_BOMB"

// TestMain makes the test binary the child too.
func TestMain(m *testing.M) {
	if given := os.Getenv(bombEnv); given != "" {
		var e explosion
		if err := json.Unmarshal([]byte(given), &e); err != nil {
			panic(err)
		}
		if err := e.explode(); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// explode fetches and checks out in this process.
func (e explosion) explode() error {
	s := &mirror.Store{Dir: filepath.Join(e.Dir, "mirrors"), Policy: local}
	var a aftermath
	at := mirror.Repo{URL: e.URL}
	if err := s.Fetch(context.Background(), at, e.Ref); err != nil {
		a.Fetch = text(err)
	} else if _, err := s.Checkout(context.Background(), at, e.Ref.Commit(), filepath.Join(e.Dir, "p")); err != nil {
		a.Checkout = text(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(rest, &a.Self); err != nil {
		return err
	}
	var programs syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &programs); err != nil {
		return err
	}
	a.Self, a.Programs = a.Self>>10, programs.Maxrss>>10
	return json.NewEncoder(os.Stdout).Encode(a)
}

// run does it in a child.
func (e explosion) run(t *testing.T) aftermath {
	t.Helper()
	given, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	result, err := run.Run(t.Context(), run.Command{Program: program, Env: run.Environ(bombEnv + "=" + string(given))})
	if err != nil {
		t.Fatal(err)
	}
	var a aftermath
	if err := json.Unmarshal([]byte(result.Stdout), &a); err != nil {
		t.Fatal(err)
	}
	t.Logf("memory: ours %d MB, git %d MB", a.Self, a.Programs)
	return a
}

// A gigabyte of zeros is a pack of one megabyte. It is fetched without being held
// in memory, and refused before any of it is written.
func TestGigabyteInAMegabyte(t *testing.T) {
	const size = 1 << 30
	zeros, sum := gigabyte(t)
	tree := append([]byte("100644 zeros\x00"), sum...)
	treeName := objectName("tree", tree)
	commit := fmt.Appendf(nil, "tree %x\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n", treeName)
	pack := append(packHeader(3, size), zeros...)
	pack = append(append(pack, packHeader(2, len(tree))...), deflated(t, tree)...)
	pack = append(append(pack, packHeader(1, len(commit))...), deflated(t, commit)...)
	name := objectName("commit", commit)
	a := explode(t, 3, pack, fmt.Sprintf("%x", name))
	if a.Fetch != "" || a.Checkout != `The file "zeros" in the repository is larger than the limit of 256 MiB.` {
		t.Errorf("got %q and %q", a.Fetch, a.Checkout)
	}
}

// A delta can unpack to as much, and git holds the results of deltas in memory:
// it must end instead.
func TestGigabyteInADelta(t *testing.T) {
	base := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	const times = 1 << 10
	delta := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(len(base))), times*uint64(len(base)))
	for range times {
		delta = append(delta, 0x80|0x40, 0x10) // copy 0x100000 bytes from 0: only the third byte of the size is not 0
	}
	pack := append(packHeader(3, len(base)), deflated(t, base)...)
	pack = append(append(append(pack, packHeader(7, len(delta))...), objectName("blob", base)...), deflated(t, delta)...)
	a := explode(t, 2, pack, hashA)
	if a.Fetch != "The repository has an object that is larger than git may hold in memory." {
		t.Errorf("got %q", a.Fetch)
	}
}

// explode serves a pack of so many objects, which no git would make, as what is
// fetched for commit, and checks what that costs.
func explode(t *testing.T, objects uint32, content []byte, commit string) aftermath {
	t.Helper()
	pack := append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("PACK"), 2), objects), content...)
	sum := sha1.Sum(pack)
	pack = append(pack, sum[:]...)
	t.Logf("a pack of %d bytes", len(pack))
	var answer strings.Builder
	answer.WriteString(pkt("packfile\n"))
	for some := range slices.Chunk(pack, 60_000) {
		answer.WriteString(pkt("\x01" + string(some)))
	}
	server := httptest.NewServer(script{get: v2, post: answer.String() + "0000"})
	defer server.Close()
	a := explosion{Dir: t.TempDir(), URL: server.URL + "/bomb.git", Ref: mirror.Ref{Name: "refs/heads/main", Hash: commit}}.run(t)
	if a.Self > 150 || a.Programs > 150 {
		t.Errorf("it cost %d and %d MB of memory", a.Self, a.Programs)
	}
	return a
}

// objectName is the SHA-1 by which git knows an object.
func objectName(kind string, content []byte) []byte {
	sum := sha1.Sum(append(fmt.Appendf(nil, "%s %d\x00", kind, len(content)), content...))
	return sum[:]
}

// gigabyte gives a gigabyte of zeros as zlib would compress it, and the name of
// the blob. Compressed by flushed megabytes each but the first is the same.
func gigabyte(t *testing.T) (stream, name []byte) {
	t.Helper()
	const size, step = 1 << 30, 1 << 20
	chunk, sum := make([]byte, step), sha1.New()
	fmt.Fprintf(sum, "blob %d\x00", size)
	for range size / step {
		_, _ = sum.Write(chunk)
	}
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	var ends [2]int
	for i := range ends {
		if _, err := w.Write(chunk); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		ends[i] = out.Len()
	}
	first, next := out.Bytes()[:ends[0]], out.Bytes()[ends[0]:ends[1]]
	stream = append(slices.Clone(first), bytes.Repeat(next, size/step-1)...)
	stream = append(stream, 1, 0, 0, 0xff, 0xff)                     // the last block, empty
	stream = binary.BigEndian.AppendUint32(stream, size%65521<<16|1) // Adler-32 of zeros
	return stream, sum.Sum(nil)
}

// packHeader is the type and the size before an object in a pack (gitformat-pack).
func packHeader(kind byte, size int) []byte {
	out := []byte{kind<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		out[len(out)-1] |= 0x80
		out = append(out, byte(size&0x7f))
	}
	return out
}

func deflated(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

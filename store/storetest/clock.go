package storetest

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/distrobot/distrobot/internal/run"
)

// A Clocked is a Redis whose clock on the wall the test moves, as somebody who
// sets the clock of its machine does.
type Clocked struct {
	*Server
	file  string
	ahead time.Duration
}

// preload puts itself between redis-server and the clock: what the file says,
// in seconds, is added. A clock that only counts is left alone.
const preload = `#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long long *ahead;

int clock_gettime(clockid_t id, struct timespec *ts) {
	int wrong = syscall(SYS_clock_gettime, id, ts);
	if (wrong || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)) return wrong;
	if (!ahead) ahead = mmap(0, sizeof *ahead, PROT_READ, MAP_SHARED, open(getenv("CLOCK_AHEAD"), O_RDONLY), 0);
	ts->tv_sec += *ahead;
	return 0;
}

int gettimeofday(struct timeval *tv, void *zone) {
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *to) {
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	if (to) *to = ts.tv_sec;
	return ts.tv_sec;
}
`

// StartClocked starts a Redis like Start, with the right time.
func StartClocked(t testing.TB, args ...string) *Clocked {
	t.Helper()
	dir := t.TempDir()
	source, lib, file := filepath.Join(dir, "clock.c"), filepath.Join(dir, "clock.so"), filepath.Join(dir, "ahead")
	for name, text := range map[string]string{source: preload, file: "\x00\x00\x00\x00\x00\x00\x00\x00"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cc := run.Command{Program: "gcc", Args: []string{"-shared", "-fPIC", "-o", lib, source}, Env: run.Environ(), Timeout: time.Minute}
	if _, err := run.Run(context.Background(), cc); err != nil {
		t.Fatal(err)
	}
	c := &Clocked{file: file}
	c.Server = start(t, []string{"env", "LD_PRELOAD=" + lib, "CLOCK_AHEAD=" + file}, args)
	return c
}

// Jump moves the clock on, or back.
func (c *Clocked) Jump(by time.Duration) {
	c.t.Helper()
	c.ahead += by
	f, err := os.OpenFile(c.file, os.O_WRONLY, 0) // not truncated: the server has it mapped
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(binary.NativeEndian.AppendUint64(nil, uint64(int64(c.ahead/time.Second)))); err != nil {
		c.t.Fatal(err)
	}
}

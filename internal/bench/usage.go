package bench

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// clockTick is the unit of times in /proc: 100 a second on every Linux.
const clockTick = 10 * time.Millisecond

// processCPU is the time that a process has spent on the CPU, without its
// children; see proc(5), utime and stime in /proc/PID/stat.
func processCPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the program's name may hold anything
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0, err
	}
	return time.Duration(user+system) * clockTick, nil
}

// highWaterOf gives the greatest memory that a process held, in kB; "self" is
// this one. The figure of getrusage(2) would be that of the process that started
// it, if greater.
func highWaterOf(pid string) (int64, error) {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kB int64
	_, err = fmt.Sscan(rest, &kB)
	return kB, err
}

// redisCPU is the time that a Redis server has spent on the CPU.
func redisCPU(ctx context.Context, socket string) (time.Duration, error) {
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	defer c.Close()
	info, err := c.Info(ctx, "cpu").Result()
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, name := range []string{"used_cpu_user:", "used_cpu_sys:"} {
		_, rest, found := strings.Cut(info, name)
		var s float64
		if _, err := fmt.Sscan(rest, &s); err != nil || !found {
			return 0, fmt.Errorf("redis does not tell %s %w", name, err)
		}
		sum += s
	}
	return time.Duration(sum * float64(time.Second)), nil
}

// Command cmd runs the measurements of package bench and prints a line for each
// row. In the environment, ONLY=NAME,... chooses rows and BENCH_DIR the directory
// to work in. It exits with 1 when a row is SHORT of its bound and with 2 when
// something could not be measured.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/distrobot/distrobot/internal/bench"
	"github.com/distrobot/distrobot/internal/storm"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	for _, part := range []func(context.Context) (bool, error){bench.ServeSweep, bench.ServeBuild, bench.ServeQueue, storm.Serve} {
		if served, err := part(ctx); served {
			if err != nil {
				fmt.Fprintln(os.Stderr, "bench:", err)
				os.Exit(2)
			}
			return
		}
	}
	short, err := measure(ctx, os.Getenv("ONLY"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if short {
		os.Exit(1)
	}
}

// measure runs the chosen measurements, each in a directory of its own.
func measure(ctx context.Context, only string) (short bool, err error) {
	chosen, err := bench.Select(bench.All(), only)
	if err != nil {
		return false, err
	}
	for _, m := range chosen {
		rows, err := one(ctx, m)
		if err != nil {
			return short, fmt.Errorf("%s: %w", m.Names[0], err)
		}
		for _, r := range rows {
			fmt.Println(r)
			short = short || !r.OK()
		}
	}
	return short, nil
}

func one(ctx context.Context, m bench.Measurement) ([]bench.Row, error) {
	base := os.Getenv("BENCH_DIR")
	if base == "" && m.Memory {
		base = bench.MemoryVolume()
	}
	dir, err := os.MkdirTemp(base, "distrobot-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // the user of builds must get through
		return nil, err
	}
	return m.Run(ctx, &bench.B{Dir: dir, Out: os.Stdout})
}

package unpack

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/run"
)

// xzMemory bounds what the decompressor may take; the strongest preset needs
// 65 MiB.
const xzMemory = "128MiB"

// xz unpacks by the program of that name, since Go's library has no decoder.
func (s *sink) xz(in io.Reader) io.ReadCloser {
	ctx, stop := context.WithCancel(s.ctx)
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := run.Run(ctx, run.Command{
			Program: "xz", Args: []string{"--decompress", "--stdout", "--no-warn", "--memlimit-decompress=" + xzMemory},
			Env: run.Environ(), Stdin: in, Stdout: w, Timeout: 15 * time.Minute,
		})
		switch {
		case errors.Is(err, run.ErrNotFound):
			err = fleet.Errorf(fleet.Failed, "This host has no program xz, which the archive needs.").WithHint("Install the package xz-utils there.").Because(err)
		case err != nil:
			err = broken(err)
		}
		w.CloseWithError(err)
	}()
	return &xzReader{Reader: r, close: func() error {
		stop()
		err := r.Close()
		<-done
		return err
	}}
}

// An xzReader ends the program with the reading.
type xzReader struct {
	io.Reader
	close func() error
}

// Close implements io.Closer.
func (x *xzReader) Close() error { return x.close() }

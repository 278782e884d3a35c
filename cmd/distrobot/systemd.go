package main

import (
	"context"
	"net"
	"os"
	"os/signal"
	"syscall"
)

// tellSystemd says READY=1 or STOPPING=1 to a service manager that listens
// (Type=notify); without one it does nothing. A word that is lost costs nothing
// but a less exact `systemctl status`.
func tellSystemd(word string) {
	addr := os.Getenv("NOTIFY_SOCKET")
	if addr == "" {
		return
	}
	if addr[0] == '@' {
		addr = "\x00" + addr[1:]
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: addr, Net: "unixgram"})
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = c.Write([]byte(word)) // nobody to tell
}

// secondSignal gives a channel that is closed when the process is asked to end
// once more: whoever asks twice does not want to wait for the running steps.
func secondSignal(ctx context.Context) <-chan struct{} {
	signals, again := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer signal.Stop(signals)
		<-signals
		<-ctx.Done()
		<-signals
		close(again)
	}()
	return again
}

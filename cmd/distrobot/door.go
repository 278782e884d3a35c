package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/transfer"
)

// door is where other hosts fetch the parcels of sites that move. Nothing else is
// to be had there.
type door struct {
	server  *transfer.Server
	listen  net.Listener
	address string // as others reach it
}

// openDoor listens at DISTROBOT_MOVE_LISTEN; without it, nothing is given away and
// sites of this host cannot move to another one.
func (w *worker) openDoor(ctx context.Context) error {
	cfg := w.app.cfg
	if cfg.MoveListen == "" {
		return nil
	}
	address := cfg.MoveAddress
	if address == "" {
		address = cfg.MoveListen
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" || port == "0" {
		return fmt.Errorf("DISTROBOT_MOVE_ADDRESS: %q is no address of a host and a port that other hosts can reach", address)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return fmt.Errorf("DISTROBOT_MOVE_LISTEN is %q, which says nothing to other hosts: set DISTROBOT_MOVE_ADDRESS to a name and port at which they reach this one", address)
	}
	d := &door{address: address, server: &transfer.Server{Keys: w.app.keys, Log: w.app.log, Open: w.parcel}}
	if d.listen, err = d.server.Listen(ctx, cfg.MoveListen); err != nil {
		return fmt.Errorf("DISTROBOT_MOVE_LISTEN: %w", err)
	}
	w.door = d
	return nil
}

// parcel opens what another host may fetch.
func (w *worker) parcel(it transfer.Item) (*os.File, error) {
	file, err := w.backend.Parcel(fleet.TaskID(it.Place), it.Name)
	if err != nil {
		return nil, err
	}
	return os.Open(file)
}

// giveParcels serves them until ctx ends.
func (w *worker) giveParcels(ctx context.Context) error {
	if w.door == nil {
		<-ctx.Done()
		return nil
	}
	return w.door.server.Serve(ctx, w.door.listen)
}

// tell is what the host's row says of the door.
func (d *door) tell() fleet.Door {
	if d == nil {
		return fleet.Door{}
	}
	return fleet.Door{Address: d.address, Print: d.server.Print()}
}

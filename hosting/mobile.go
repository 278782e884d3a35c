package hosting

import (
	"context"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A Mobile backend can give its sites to the same backend on another machine.
// What goes from one to the other is packed into parcels: files that belong to a
// task, named by the backend, which the worker carries. All calls may be repeated
// after a crash.
type Mobile interface {
	Sender
	Receiver
}

// A Sender packs and closes sites that leave this machine.
type Sender interface {
	// Weigh tells how much there is to be sent while visitors go on, and how much
	// while they wait at most.
	Weigh(ctx context.Context, c Copy) (before, held Amount, err error)
	// Pack makes the parcels of c.Task: the first ones while visitors go on, the
	// last ones, which hold what has changed since, while they wait. What is
	// packed already stays as it is, and is given again.
	Pack(ctx context.Context, c Copy, last bool) ([]fleet.TransitPart, error)
	// Leave closes the copy of a site that is another machine's now: visitors who
	// still come here are told so, and nothing here takes it for one of its sites.
	Leave(ctx context.Context, c Copy, l Left) error
	// Left lists the closed copies, and Bury puts what was one's own aside like a
	// removed site's. A copy that is not there any more is no error.
	Left(ctx context.Context) ([]Left, error)
	Bury(ctx context.Context, l Left) error
}

// A Receiver takes sites of another machine in.
type Receiver interface {
	// Parcel gives the place of a parcel of a task, where it is or shall be.
	Parcel(task fleet.TaskID, name string) (string, error)
	// Unpack makes the place of a site out of the first parcels of c.Task, and
	// puts aside what is left there of an earlier stay. Fill of a Copy that
	// Arrives takes the last ones. was is the site's database on the other
	// machine, as fleet.Site.Database.
	Unpack(ctx context.Context, c Copy, was string) error
	// Laid reads the record of a generation that was laid and is not live yet.
	Laid(ctx context.Context, c Copy) (Record, error)
	// Discharge deletes the parcels of a task.
	Discharge(ctx context.Context, task fleet.TaskID) error
}

// Left is the closed copy of a site that has moved to another machine.
type Left struct {
	URI   fleet.URI      `json:"uri"`
	To    fleet.HostName `json:"to"`
	Task  fleet.TaskID   `json:"task"`
	Fence int64          `json:"fence"`
	At    time.Time      `json:"at"`
	Until time.Time      `json:"until"` // the copy is kept so long
}

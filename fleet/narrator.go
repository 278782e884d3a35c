package fleet

import (
	"context"
)

// Narrator says what a subject looks like now.
type Narrator struct {
	Store Store
}

// Message gives the message of a subject's present state; NotFound when it is gone.
func (n *Narrator) Message(ctx context.Context, s Subject) (Message, error) {
	panic("unwritten")
}

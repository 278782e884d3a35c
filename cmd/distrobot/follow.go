package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// A logPart is what a task has said since a cursor, and where it stands.
type logPart struct {
	Lines []fleet.LogLine `json:"lines,omitempty"`
	After string          `json:"after"`
	State fleet.TaskState `json:"state"`
	Said  string          `json:"said"` // the outcome in a sentence, once there is one
}

// followLines bounds one part, and followEvery is how often a quiet log is looked
// at again.
const (
	followLines = 500
	followEvery = 300 * time.Millisecond
)

// followed recognises "task TASK --follow".
func followed(args []string) (id string, is bool) {
	words := strings.Fields(strings.Join(args, " "))
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	rest := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "--follow" || w == "-f" })
	if len(rest) != 2 || len(words) != 3 || !strings.EqualFold(rest[0], "task") {
		return "", false
	}
	return strings.ToLower(rest[1]), true
}

// follow prints a task's log line by line until it has ended or waits for a
// person; the exit code says whether it is done.
func (c doCmd) follow(ctx context.Context, id string) error {
	for after := ""; ; {
		answer, err := send(ctx, c.Data, doRequest{Follow: id, After: after, As: c.As})
		if err != nil {
			return err
		}
		if !answer.OK || answer.Log == nil {
			printMessage(os.Stdout, answer.Message)
			return &exitError{code: exitFailed}
		}
		if err := c.printPart(*answer.Log); err != nil {
			return err
		}
		after = answer.Log.After
		if len(answer.Log.Lines) > 0 {
			continue // there may be more at once
		}
		switch s := answer.Log.State; {
		case s == fleet.TaskDone:
			fmt.Println(plain(answer.Log.Said))
			return nil
		case s.Final() || s == fleet.TaskHeld:
			fmt.Println(plain(answer.Log.Said))
			return &exitError{code: exitFailed}
		}
		select {
		case <-time.After(followEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c doCmd) printPart(p logPart) error {
	for _, l := range p.Lines {
		if c.JSON {
			if err := json.NewEncoder(os.Stdout).Encode(l); err != nil {
				return err
			}
			continue
		}
		fmt.Printf("%s %s\n", l.At.UTC().Format("15:04:05"), plain(l.Text))
	}
	return nil
}

// logOf answers one look at the log of a task that is followed. The task is read
// first: whatever it said before it ended is then in the log.
func (a *app) logOf(ctx context.Context, ask doRequest, who fleet.Actor) doAnswer {
	if role, err := a.roles.Role(ctx, who); err != nil || role < fleet.Reader {
		return failure(fleet.Errorf(fleet.Forbidden, "You may not read the logs of tasks."))
	}
	t, err := a.tasks.Find(ctx, fleet.TaskID(ask.Follow))
	if err != nil {
		return failure(err)
	}
	p := logPart{State: t.State, Said: fleet.TellTask(t).Text}
	if p.Lines, p.After, err = a.store.Lines(ctx, t.ID, t.Host, ask.After, followLines); err != nil {
		return failure(err)
	}
	return doAnswer{OK: true, Log: &p}
}

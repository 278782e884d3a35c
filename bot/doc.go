// Package bot is distrobot in Slack: it listens over Socket Mode or HTTP, hands
// commands and presses to package commands, renders fleet.Messages as Block
// Kit, and sends what the outbox promises.
//
// Two rules shape it. What comes in is recorded before it is acknowledged,
// because Slack never repeats a press that was acknowledged. What goes out is
// drawn from the subject's state at the moment of sending, so that a message
// that waited for Slack is never out of date, and a hundred changes are one
// edit.
//
// It is the only importer of slack-go: the library breaks its API often, and
// nothing above needs to know that Block Kit exists. Limits named in comments
// are those of Slack's reference documentation unless another source is given.
package bot

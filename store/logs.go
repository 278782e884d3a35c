package store

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// Bounds of a task's log.
const (
	maxLogLines = 5000
	maxLogText  = 4096 // bytes of one line
	logLife     = 30 * 24 * time.Hour
)

// Append implements fleet.Logs. It is not repeated when its reply is lost (a
// transaction never is), so a line is not doubled. Secrets are removed first.
func (s *Store) Append(ctx context.Context, task fleet.TaskID, host fleet.HostName, lines ...fleet.LogLine) error {
	if len(lines) == 0 {
		return nil
	}
	if err := checkFamily(fleet.HostFamily(host)); err != nil {
		return err
	}
	lines = slices.Clone(lines)
	fleet.RedactLines(lines)
	key := s.keys.log(host, task)
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for _, l := range lines[max(0, len(lines)-maxLogLines):] {
			p.XAdd(ctx, &redis.XAddArgs{Stream: key, MaxLen: maxLogLines, Values: []string{
				"t", strconv.FormatInt(l.At.UnixMilli(), 10), "s", l.Step, "x", l.Text[:min(len(l.Text), maxLogText)],
			}})
		}
		p.PExpire(ctx, key, logLife)
		return nil
	})
	return away("append to a log", err)
}

// Lines implements fleet.Logs.
func (s *Store) Lines(ctx context.Context, task fleet.TaskID, host fleet.HostName, after string, n int) ([]fleet.LogLine, string, error) {
	if err := checkFamily(fleet.HostFamily(host)); err != nil {
		return nil, "", err
	}
	from := "-"
	if after != "" {
		from = "(" + after
	}
	entries, err := s.client.XRangeN(ctx, s.keys.log(host, task), from, "+", int64(n)).Result()
	if err != nil {
		return nil, "", away("read a log", err)
	}
	out := make([]fleet.LogLine, 0, len(entries))
	for _, m := range entries {
		get := func(f string) string { v, _ := m.Values[f].(string); return v }
		ms, _ := strconv.ParseInt(get("t"), 10, 64)
		out = append(out, fleet.LogLine{At: time.UnixMilli(ms).UTC(), Step: get("s"), Text: get("x")})
		after = m.ID
	}
	return out, after, nil
}

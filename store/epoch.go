package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// An epoch is a life of the data: it ends when the data is restored from a
// backup, or migrated. Every commit names the epoch that its process found when
// it opened the data, and each family refuses a lower one than it has seen
// (commit.lua). So whoever began before the end of an epoch (a worker, a replica
// with a press in its hands, a frozen process) can change nothing any more, and
// ends when it tries. Fences of sites begin with the epoch too, so that a later
// one is above all that hosts have seen.

// firstEpoch is when epochs begin to count, in seconds: they stay below 2³¹
// for 68 years.
var firstEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Epoch gives the epoch under which this store commits, from 1.
func (s *Store) Epoch() int64 { return s.epoch.Load() }

// openEpoch takes over the epoch that the data is in. New data begins one by the
// clock: if Redis was emptied, that is above all that hosts and processes have
// seen.
func (s *Store) openEpoch(ctx context.Context) error {
	now, err := s.now(ctx, fleet.Meta)
	if err != nil {
		return err
	}
	if err := s.client.HSetNX(ctx, s.keys.meta(), "epoch", clockEpoch(now)).Err(); err != nil {
		return away("begin an epoch", err)
	}
	n, err := s.client.HGet(ctx, s.keys.meta(), "epoch").Int64()
	if err != nil {
		return away("read the epoch", err)
	}
	s.epoch.Store(max(n, 1))
	return nil
}

func clockEpoch(now time.Time) int64 { return max(int64(now.Sub(firstEpoch)/time.Second), 1) }

// Outlived reports whether the data's epoch is another than this store's, so that
// a process ends although it commits nothing: the data was restored, migrated or
// emptied.
func (s *Store) Outlived(ctx context.Context) (bool, error) {
	n, err := s.client.HGet(ctx, s.keys.meta(), "epoch").Int64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, away("read the epoch", err)
	}
	if n == s.epoch.Load() {
		return false, nil
	}
	s.outlive()
	return true, nil
}

// outlived is the error of a commit whose epoch is over.
func (s *Store) outlived() error {
	s.outlive()
	return fleet.Errorf(fleet.Stale, "The stored state was restored, migrated or emptied while this process ran; it can change nothing any more and has to be started again.")
}

// RaiseEpoch begins a new epoch, in which this store goes on: fences and commits
// of an older one are refused. The epoch is taken from the clock, so that
// restoring the same backup twice gives two epochs. Raising it twice does no
// harm. more names families that no index leads to yet.
func (s *Store) RaiseEpoch(ctx context.Context, more ...fleet.Family) (int64, error) {
	now, err := s.now(ctx, fleet.Meta)
	if err != nil {
		return 0, err
	}
	n := max(s.epoch.Load()+1, clockEpoch(now))
	if err := s.client.HSet(ctx, s.keys.meta(), "epoch", n).Err(); err != nil {
		return 0, away("raise the epoch", err)
	}
	s.epoch.Store(n)
	fams, err := s.families(ctx)
	if err != nil {
		return 0, err
	}
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, f := range append(fams, more...) {
			p.Set(ctx, s.keys.epoch(f), strconv.FormatInt(n, 10), 0)
		}
		return nil
	})
	if err != nil {
		return 0, away("raise the epoch", err)
	}
	return n, s.fenceSites(ctx)
}

// fenceSites writes the row that fences of sites begin with.
func (s *Store) fenceSites(ctx context.Context) error {
	return s.Update(ctx, fleet.Catalogue, func(tx fleet.Tx) error {
		e := fleet.Epoch{}
		if _, err := tx.Get(&e); err != nil || e.N >= s.epoch.Load() {
			return err
		}
		e.N = s.epoch.Load()
		tx.Put(&e)
		return nil
	})
}

// families lists every family that a host's report or a fixed name leads to.
func (s *Store) families(ctx context.Context) ([]fleet.Family, error) {
	hosts, err := s.List(ctx, fleet.AllHosts, fleet.Page{})
	if err != nil {
		return nil, err
	}
	out := append([]fleet.Family{fleet.Catalogue, fleet.Schedules, fleet.AuditLog, fleet.Meta, fleet.Slack, fleet.Feeds, fleet.HostFamily(fleet.LocalHost)},
		fleet.PlanFamilies()...)
	for _, h := range hosts {
		out = append(out, fleet.HostFamily(fleet.HostName(h)))
	}
	return out, nil
}

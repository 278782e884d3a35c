package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rogpeppe/go-internal/testscript"
)

// cmdCopyOut: copyout FILE PATTERN... copies the keys of Redis that match out of
// it, as they are.
func cmdCopyOut(ts *testscript.TestScript, _ bool, args []string) {
	kept := map[string][]byte{}
	ts.Check(withRedis(ts, func(ctx context.Context, c *redis.Client) error {
		for _, pattern := range args[1:] {
			for keys := c.Scan(ctx, 0, pattern, 1000).Iterator(); keys.Next(ctx); {
				raw, err := c.Dump(ctx, keys.Val()).Bytes()
				if err != nil {
					return err
				}
				kept[keys.Val()] = raw
			}
		}
		return nil
	}))
	if len(kept) == 0 {
		ts.Fatalf("no key matches %q", args[1:])
	}
	raw, err := json.Marshal(kept)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), raw, 0o600))
}

// cmdPutBack: putback FILE PATTERN... writes those of them back whose names match
// one of the patterns, over what is there.
func cmdPutBack(ts *testscript.TestScript, _ bool, args []string) {
	raw, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	var kept map[string][]byte
	ts.Check(json.Unmarshal(raw, &kept))
	n := 0
	ts.Check(withRedis(ts, func(ctx context.Context, c *redis.Client) error {
		for key, value := range kept {
			for _, pattern := range args[1:] {
				if is, _ := filepath.Match(pattern, key); !is {
					continue
				}
				n++
				if err := c.RestoreReplace(ctx, key, 0, string(value)).Err(); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	if n == 0 {
		ts.Fatalf("nothing of %s matches %q", args[0], args[1:])
	}
}

// cmdAwait: await COMMAND REGEXP runs a command of /distro until what it prints
// matches, and with ! until it does not.
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	re := regexp.MustCompile(args[1])
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		_ = ts.Exec("distrobot", "do", args[0])
		out := ts.ReadFile("stdout")
		if re.MatchString(out) != neg {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s prints:\n%s", args[0], out)
		}
	}
}

// cmdSays: says NAME xx REGEXP waits until a program has said something twice, with
// an x for each time.
func cmdSays(ts *testscript.TestScript, _ bool, args []string) {
	p, re := ts.Value(procsKey{}).(procs)[args[0]], regexp.MustCompile(args[2])
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if len(re.FindAllString(p.out.String(), -1)) >= strings.Count(args[1], "x") {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s does not say %s, but:\n%s", args[0], args[2], p.out.String())
		}
	}
}

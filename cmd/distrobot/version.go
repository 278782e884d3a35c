package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
)

type versionCmd struct{}

// Run prints the version, the commit with its date, and the Go that built it.
func (versionCmd) Run(_ context.Context, k *kong.Kong) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	_, err := fmt.Fprintln(k.Stdout, versionLine(info))
	return err
}

// versionLine is "distrobot v1.2.3 (commit 1a2b3c4 of 2026-11-22T10:00:00Z,
// go1.26.8)"; what is not known is left out.
func versionLine(info *debug.BuildInfo) string {
	var about []string
	if commit := stamp(info, "vcs.revision"); len(commit) >= 7 {
		text := "commit " + commit[:7]
		if at := stamp(info, "vcs.time"); at != "" {
			text += " of " + at
		}
		about = append(about, text)
	}
	if info.GoVersion != "" {
		about = append(about, info.GoVersion)
	}
	line := "distrobot " + versionOf(info)
	if len(about) > 0 {
		line += " (" + strings.Join(about, ", ") + ")"
	}
	return line
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) string {
	v := info.Main.Version
	if commit := stamp(info, "vcs.revision"); (v == "" || v == "(devel)") && len(commit) >= 7 {
		v = commit[:7]
	}
	if v == "" {
		v = "unknown"
	}
	if stamp(info, "vcs.modified") == "true" && !strings.Contains(v, "+") {
		v += "+changes"
	}
	return v
}

func stamp(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

package mirror

import (
	"fmt"
	"strconv"
)

// A setting is one line of git configuration, given in the environment so that
// neither files nor arguments hold it.
type setting struct{ key, value string }

// baseConfig keeps every git process away from the configuration of the machine
// and its users, which may carry filters, hooks and credential programs.
func baseConfig() []string {
	return []string{
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_LFS_SKIP_SMUDGE=1",
		"GIT_NO_REPLACE_OBJECTS=1",
		"GIT_LITERAL_PATHSPECS=1",
		"GIT_OPTIONAL_LOCKS=0",
		"HOME=/nonexistent",
		"LC_ALL=C.UTF-8",
	}
}

// configEnv writes settings in the form of GIT_CONFIG_COUNT (git-config(1)).
func configEnv(settings []setting) []string {
	env := []string{"GIT_CONFIG_COUNT=" + strconv.Itoa(len(settings))}
	for i, s := range settings {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, s.key), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, s.value))
	}
	return env
}

// safeSettings apply to every git process of a Store.
func safeSettings() []setting {
	return []setting{
		{"core.hooksPath", "/dev/null"},
		{"core.fsmonitor", "false"},
		{"core.protectHFS", "true"},
		{"core.protectNTFS", "true"},
		{"core.bigFileThreshold", "16m"}, // larger files are streamed, not held in memory
		{"protocol.allow", "never"},
		{"submodule.recurse", "false"},
		{"gc.auto", "0"},
		{"maintenance.auto", "false"},
		{"credential.helper", ""},
		{"log.showSignature", "false"},
		{"diff.renames", "false"},
		{"i18n.logOutputEncoding", "UTF-8"},
	}
}

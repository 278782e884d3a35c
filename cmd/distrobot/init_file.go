package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/joho/godotenv"

	"github.com/distrobot/distrobot"
)

// packagedSettings is where the Debian package keeps the settings.
const packagedSettings = "/etc/distrobot/distrobot.env"

// settingsThere reads the settings of a file, or those of the example if there
// is none yet.
func settingsThere(file string) (map[string]string, error) {
	have, err := godotenv.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return godotenv.Unmarshal(distrobot.Settings)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", file, err)
	}
	return have, nil
}

// writeSettings puts the answers into the file, each at its documented place;
// everything else in the file stays. A new file is for its owner alone, since it
// holds tokens; one that is there keeps its owner and mode.
func writeSettings(file string, answers map[string]string) error {
	text, mode, uid, gid := distrobot.Settings, fs.FileMode(0o600), -1, -1
	if info, err := os.Stat(file); err == nil {
		raw, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("%s cannot be read: %w", file, err)
		}
		text, mode = string(raw), info.Mode().Perm()
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			uid, gid = int(st.Uid), int(st.Gid)
		}
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".distrobot-init-")
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", file, err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(withSettings(text, answers))
	for _, do := range []func() error{
		func() error { return tmp.Chmod(mode) },
		func() error {
			if uid < 0 {
				return nil
			}
			return tmp.Chown(uid, gid)
		},
		tmp.Sync, tmp.Close,
		func() error { return os.Rename(tmp.Name(), file) },
	} {
		if err == nil {
			err = do()
		}
	}
	if err != nil {
		tmp.Close()
		return fmt.Errorf("%s cannot be written: %w", file, err)
	}
	return nil
}

// withSettings replaces the lines NAME=… of the answers and adds those that have
// no line. An answer that a shell would not read as it is gets quotes.
func withSettings(text string, answers map[string]string) string {
	var out strings.Builder
	left := map[string]string{}
	for name, value := range answers {
		left[name] = value
	}
	for line := range strings.Lines(text) {
		name, _, ok := strings.Cut(line, "=")
		if value, asked := left[name]; ok && asked {
			line = settingLine(name, value)
			delete(left, name)
		}
		out.WriteString(line)
	}
	if out.Len() > 0 && !strings.HasSuffix(out.String(), "\n") {
		out.WriteByte('\n')
	}
	for _, q := range append(initQuestions(), question{name: "DISTROBOT_KEY"}) {
		if value, ok := left[q.name]; ok {
			out.WriteString(settingLine(q.name, value))
		}
	}
	return out.String()
}

func settingLine(name, value string) string {
	if strings.ContainsAny(value, " #'\"$`\\") {
		value = `"` + value + `"` // what the questions admit has no quote, dollar or backslash in it
	}
	return name + "=" + value + "\n"
}

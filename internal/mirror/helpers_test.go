package mirror_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/distrobot/distrobot/internal/mirror"
)

var errWhy = errors.New("the program is shutting down")

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func asError(err error, e **mirror.Error) bool { return errors.As(err, e) }

// writeFile writes a file and the directories above it.
func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

package mirror_test

import (
	"errors"
	"os"
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

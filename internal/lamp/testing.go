package lamp

import (
	"context"
	"errors"
	"os"
	"testing"
)

// Code gives a test real releases: lamp.Code(t, lamp.WordPress). The test fails
// when they cannot be had, with the reason; on a machine that is no Debian, where
// they never can, it is skipped with that sentence.
func Code(t testing.TB, from func(context.Context) (Releases, error)) Releases {
	t.Helper()
	r, err := from(t.Context())
	if errors.Is(err, ErrNotDebian) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, sentence := range r.Absent {
		t.Log(sentence)
	}
	return r
}

// NewMariaDB starts a database server that ends with the test.
func NewMariaDB(t testing.TB, args ...string) *MariaDB {
	t.Helper()
	m, err := StartMariaDB(args...)
	use(t, err, func() { m.Stop() })
	return m
}

// NewNginx starts a web server that ends with the test.
func NewNginx(t testing.TB, include string) *Nginx {
	t.Helper()
	n, err := StartNginx(include)
	use(t, err, func() { n.Stop() })
	return n
}

// NewFPM starts PHP-FPM that ends with the test.
func NewFPM(t testing.TB, include string) *FPM {
	t.Helper()
	f, err := StartFPM(include)
	use(t, err, func() { f.Stop() })
	return f
}

func use(t testing.TB, err error, stop func()) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
}

// Thorough skips a test that is too long for each change, unless
// DISTROBOT_TEST_THOROUGH is set, as make prove does.
func Thorough(t testing.TB) {
	t.Helper()
	if os.Getenv("DISTROBOT_TEST_THOROUGH") == "" {
		t.Skip("it takes long: set DISTROBOT_TEST_THOROUGH=1 to run it")
	}
}

package fleet

import (
	"errors"
	"strings"
)

// distrusted names records that were changed by somebody without the key.
type distrusted struct{ names []string }

func (d *distrusted) Error() string { return "changed without the key: " + strings.Join(d.names, ", ") }

// looked adds to the rows that can be trusted an error of code Tampered that
// names the others: whoever only looks shows both, whatever acts stops at it.
func looked[T any](rows []T, bad []string, err error) ([]T, error) {
	if err != nil || len(bad) == 0 {
		return rows, err
	}
	return rows, Errorf(Tampered, "Somebody without the key changed the record of %s.", tellList(bad, tellSites)).
		WithHint("Nothing acts on it. The operator sees more with distrobot audit verify.").Because(&distrusted{bad})
}

// Distrusted gives the names of the records that an error of a list is about,
// whose other rows were returned with it; nil if it is about something else.
func Distrusted(err error) []string {
	var d *distrusted
	if errors.As(err, &d) {
		return d.names
	}
	return nil
}

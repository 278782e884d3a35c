package kind

import (
	"encoding/json"
	"slices"
	"strings"
)

// A licence is what a manifest says a package is licensed under. Composer and npm
// write one name, Composer also a list of which any may be chosen, and old
// packages of npm objects with a "type".
type licence string

// UnmarshalJSON implements json.Unmarshaler; what is none of these says nothing.
func (l *licence) UnmarshalJSON(b []byte) error {
	var one struct {
		Type string `json:"type"`
	}
	var text string
	var list []licence
	switch {
	case json.Unmarshal(b, &text) == nil:
		*l = licence(text)
	case json.Unmarshal(b, &list) == nil:
		var names []string
		for _, x := range list {
			if x != "" {
				names = append(names, string(x))
			}
		}
		slices.Sort(names)
		*l = licence(strings.Join(slices.Compact(names), " or "))
	case json.Unmarshal(b, &one) == nil:
		*l = licence(one.Type)
	}
	return nil
}

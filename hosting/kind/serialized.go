package kind

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Bounds of a serialized value. A list of the modules of a large Drupal has some
// hundred entries, its list of post updates a few thousand.
const (
	maxSerialized      = 8 << 20 // bytes
	maxSerializedItems = 200_000
	maxSerializedDepth = 32
)

// errSerialized says that a text is not what PHP's serialize() writes, or holds
// objects, which nobody but the program that wrote them can read.
var errSerialized = errors.New("this is no serialized value that can be read here")

// A phpPair is one entry of a PHP array, which keeps its order.
type phpPair struct {
	Key   string // numbers as decimal text
	Value any
}

// unserialize reads what PHP's serialize() wrote: nil, bool, int64, float64,
// string or []phpPair. Lengths are of bytes. Objects and references are refused.
func unserialize(text string) (any, error) {
	if len(text) > maxSerialized {
		return nil, errSerialized
	}
	r := serialReader{rest: text}
	v, err := r.value(0)
	if err == nil && r.rest != "" {
		err = errSerialized
	}
	if err != nil {
		return nil, fmt.Errorf("byte %d of %d: %w", len(text)-len(r.rest), len(text), err)
	}
	return v, nil
}

type serialReader struct {
	rest  string
	items int
}

func (r *serialReader) value(depth int) (any, error) {
	r.items++
	if depth > maxSerializedDepth || r.items > maxSerializedItems || len(r.rest) < 2 {
		return nil, errSerialized
	}
	kind := r.rest[:2]
	r.rest = r.rest[2:]
	switch kind {
	case "N;":
		return nil, nil
	case "b:":
		v, err := r.until(';')
		return v == "1", orNot(err, v == "0" || v == "1")
	case "i:":
		v, err := r.until(';')
		n, bad := strconv.ParseInt(v, 10, 64)
		return n, orNot(err, bad == nil)
	case "d:":
		v, err := r.until(';')
		f, bad := strconv.ParseFloat(v, 64)
		return f, orNot(err, bad == nil)
	case "s:":
		return r.text()
	case "a:":
		return r.array(depth)
	}
	return nil, errSerialized
}

func orNot(err error, good bool) error {
	if err == nil && !good {
		return errSerialized
	}
	return err
}

// until cuts up to and including a byte; the numbers before it are short.
func (r *serialReader) until(end byte) (string, error) {
	i := strings.IndexByte(r.rest[:min(len(r.rest), 64)], end)
	if i < 0 {
		return "", errSerialized
	}
	v := r.rest[:i]
	r.rest = r.rest[i+1:]
	return v, nil
}

func (r *serialReader) length() (int, error) {
	v, err := r.until(':')
	n, bad := strconv.Atoi(v)
	return n, orNot(err, bad == nil && digitsOnly(v) && n <= len(r.rest))
}

// text reads LENGTH:"BYTES"; after its s:
func (r *serialReader) text() (string, error) {
	n, err := r.length()
	if err != nil || len(r.rest) < n+3 || r.rest[0] != '"' || r.rest[n+1:n+3] != `";` {
		return "", orNot(err, false)
	}
	v := r.rest[1 : n+1]
	r.rest = r.rest[n+3:]
	return v, nil
}

// array reads COUNT:{KEY VALUE…} after its a:
func (r *serialReader) array(depth int) ([]phpPair, error) {
	n, err := r.length()
	if err != nil || !strings.HasPrefix(r.rest, "{") {
		return nil, orNot(err, false)
	}
	r.rest = r.rest[1:]
	var out []phpPair
	for range n {
		key, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		p := phpPair{}
		switch k := key.(type) {
		case int64:
			p.Key = strconv.FormatInt(k, 10)
		case string:
			p.Key = k
		default:
			return nil, errSerialized
		}
		if p.Value, err = r.value(depth + 1); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	if !strings.HasPrefix(r.rest, "}") {
		return nil, errSerialized
	}
	r.rest = r.rest[1:]
	return out, nil
}

// inArray gives the value under a key of an array; nil if v is none.
func inArray(v any, key string) any {
	list, _ := v.([]phpPair)
	for _, p := range list {
		if p.Key == key {
			return p.Value
		}
	}
	return nil
}

// textsIn gives the strings that an array has as values.
func textsIn(v any) []string {
	list, _ := v.([]phpPair)
	var out []string
	for _, p := range list {
		if s, ok := p.Value.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// intOf gives a number that was serialized as one or as text.
func intOf(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case string:
		i, err := strconv.ParseInt(n, 10, 64)
		return i, err == nil
	}
	return 0, false
}

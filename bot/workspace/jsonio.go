package workspace

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// encode writes v as JSON without turning & < > into \u sequences: scripts
// look for what was sent.
func encode(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		// Everything encoded here was decoded from JSON or is made of plain
		// types, so this is a mistake of this package.
		panic("workspace: cannot encode: " + err.Error())
	}
	return bytes.TrimRight(buf.Bytes(), "\n")
}

// decode reads JSON, keeping numbers as they were written.
func decode(raw []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

// reply answers with JSON.
func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(encode(v))
}

// fail answers a script with {"error"}.
func fail(w http.ResponseWriter, status int, text string) { reply(w, status, obj{"error": text}) }

// Accessors for decoded JSON of unknown shape; the zero value means absent or
// of another type.

func asObj(v any) obj       { o, _ := v.(map[string]any); return o }
func asList(v any) []any    { l, _ := v.([]any); return l }
func asString(v any) string { s, _ := v.(string); return s }
func asBool(v any) bool     { b, _ := v.(bool); return b }

// clone copies decoded JSON deeply.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clone(e)
		}
		return out
	}
	return v
}

package workspace

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
)

// args are the arguments of a Web API call, whichever way they came: a form,
// a query or a JSON object. Nested fields (blocks, view, metadata) are JSON
// text in forms, and either JSON or JSON text in objects.
type args struct {
	form url.Values
	body map[string]json.RawMessage
}

// readArgs accepts the encodings that slack-go and Bolt use: form with the
// token inside, form or JSON with a bearer token, GET, multipart.
func readArgs(r *http.Request) (args, error) {
	a := args{body: map[string]json.RawMessage{}}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		a.form = r.URL.Query()
		if r.ContentLength == 0 {
			return a, nil
		}
		if err := json.NewDecoder(r.Body).Decode(&a.body); err != nil {
			return a, refuse("invalid_json")
		}
		return a, nil
	case "multipart/form-data":
		if err := r.ParseMultipartForm(maxBody); err != nil {
			return a, refuse("invalid_form_data")
		}
	default:
		if err := r.ParseForm(); err != nil {
			return a, refuse("invalid_form_data")
		}
	}
	a.form = r.Form
	return a, nil
}

// str returns an argument as text.
func (a args) str(name string) string {
	raw, ok := a.body[name]
	if !ok {
		return a.form.Get(name)
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	if string(raw) == "null" {
		return ""
	}
	return string(raw)
}

// has reports whether the argument was given at all, even empty.
func (a args) has(name string) bool {
	if raw, ok := a.body[name]; ok {
		return string(raw) != "null"
	}
	_, ok := a.form[name]
	return ok
}

// value decodes a nested argument; nil if absent or empty.
func (a args) value(name string) (any, error) {
	text := a.str(name)
	if text == "" {
		return nil, nil
	}
	var v any
	if err := decode([]byte(text), &v); err != nil {
		return nil, fmt.Errorf("%s is not JSON: %w", name, err)
	}
	return v, nil
}

// flag returns a boolean argument.
func (a args) flag(name string) bool {
	v := a.str(name)
	return v == "true" || v == "1"
}

// number returns an integer argument, or def.
func (a args) number(name string, def int) int {
	n, err := strconv.Atoi(a.str(name))
	if err != nil {
		return def
	}
	return n
}

package bot

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"sync"
)

// dropAnswer lets a request through once and loses its answer, as a network
// does that breaks at the wrong moment.
type dropAnswer struct {
	to   string
	next *client
	mu   sync.Mutex
	n    int
}

func (d *dropAnswer) Do(req *http.Request) (*http.Response, error) {
	resp, err := d.next.Do(req)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil && d.n == 0 && path.Base(req.URL.Path) == d.to {
		d.n++
		resp.Body.Close()
		return nil, errors.New("read: connection reset by peer")
	}
	return resp, err
}

func (d *dropAnswer) dropped() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

// refuse answers calls of a method, or calls with a non-empty field, with an
// error of Slack's.
type refuse struct {
	method, field, code string
	next                *client
}

func (r *refuse) Do(req *http.Request) (*http.Response, error) {
	refused := r.method != "" && path.Base(req.URL.Path) == r.method
	if r.field != "" && req.Body != nil {
		raw, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(raw))
		form, _ := url.ParseQuery(string(raw))
		v := form.Get(r.field)
		refused = v != "" && v != "[]"
	}
	if !refused {
		return r.next.Do(req)
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Header: http.Header{}, Request: req,
		Body: io.NopCloser(bytes.NewReader([]byte(`{"ok":false,"error":"` + r.code + `"}`)))}, nil
}

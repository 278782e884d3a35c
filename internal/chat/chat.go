// Package chat drives a local workspace (bot/workspace) the way a person does:
// it reads what is shown and presses what is there, and knows nothing of
// distrobot's insides. Tests and measurements of the whole program use it.
package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// A Client acts for any of the people of one workspace.
type Client struct {
	base, token string
	http        *http.Client
}

// New reads the address that try and workspace print:
// http://HOST/?token=TOKEN.
func New(page string) (*Client, error) {
	u, err := url.Parse(page)
	if err != nil {
		return nil, err
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 256 // many people press at once
	return &Client{base: u.Scheme + "://" + u.Host, token: u.Query().Get("token"), http: &http.Client{Transport: t}}, nil
}

// A State is what all people see, or with Since what has changed of it.
type State struct {
	Rev      int64 `json:"rev"`
	Channels []struct {
		ID       string    `json:"id"`
		Name     string    `json:"name"`
		Messages []Message `json:"messages"`
	} `json:"channels"`
	Ephemerals map[string][]Message `json:"ephemerals"` // by user id: what one person alone sees
	Views      []View               `json:"views"`      // that are open
	Counters   struct {
		Posts          int `json:"posts"`
		Edits          int `json:"edits"`
		Rejected       int `json:"rejected"`
		Unacknowledged int `json:"unacknowledged"`
		RateLimited    int `json:"rate_limited"`
	} `json:"counters"`
}

// A View is a form or a sheet that is open before somebody.
type View struct {
	ID     string           `json:"id"`
	User   string           `json:"user"` // user id
	Blocks []map[string]any `json:"blocks"`
}

// Words is what the view says, blanks made one.
func (v View) Words() string { return Message{Blocks: v.Blocks}.Words() }

// Call sends in as JSON and decodes the answer into out; either may be nil. A
// status of 300 or more is an error.
func (c *Client) Call(method, path string, in, out any) error {
	resp, err := c.send(context.Background(), method, path, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(raw, out)
}

func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 {
		defer resp.Body.Close()
		raw, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, raw)
	}
	return resp, nil
}

// An Answer is what the workspace saw of a say or click.
type Answer struct {
	AckMS    float64 `json:"ack_ms"` // milliseconds until the app acknowledged
	Error    string  `json:"error"`  // what the person is shown if it did not
	Response *struct {
		Text   string           `json:"text"`
		Blocks []map[string]any `json:"blocks"`
	} `json:"response"`
}

// Say types a text; one that starts with / is a command.
func (c *Client) Say(user, channel, text string) (Answer, error) {
	var a Answer
	err := c.Call("POST", "/workspace/say", map[string]any{"user": user, "channel": channel, "text": text}, &a)
	return a, err
}

// Click presses a button of a message, past its confirm dialog.
func (c *Client) Click(user, channel, ts string, b Button) (Answer, error) {
	return c.click(user, channel, ts, b, false)
}

// ClickWorn presses a button that the message may have lost meanwhile, on a
// screen that has not caught up.
func (c *Client) ClickWorn(user, channel, ts string, b Button) (Answer, error) {
	return c.click(user, channel, ts, b, true)
}

func (c *Client) click(user, channel, ts string, b Button, worn bool) (Answer, error) {
	var a Answer
	err := c.Call("POST", "/workspace/click", map[string]any{
		"user": user, "channel": channel, "ts": ts, "action_id": b.ActionID, "value": b.Value, "worn": worn}, &a)
	return a, err
}

// State reads everything.
func (c *Client) State() (State, error) {
	var s State
	return s, c.Call("GET", "/workspace/state", nil, &s)
}

// Since reads the messages that have changed after a revision.
func (c *Client) Since(rev int64) (State, error) {
	var s State
	return s, c.Call("GET", fmt.Sprintf("/workspace/state?since=%d", rev), nil, &s)
}

// Events opens the stream of server-sent events that tells of each change, and
// at once where things stand. It ends with ctx or when it is closed.
func (c *Client) Events(ctx context.Context) (io.ReadCloser, error) {
	resp, err := c.send(ctx, "GET", "/workspace/events", nil)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// Await polls until ok is content with the state; what it last said is the
// error when the time is over.
func (c *Client) Await(limit time.Duration, ok func(State) (bool, string)) error {
	deadline, last := time.Now().Add(limit), ""
	for time.Now().Before(deadline) {
		s, err := c.State()
		if err == nil {
			var done bool
			if done, last = ok(s); done {
				return nil
			}
		} else {
			last = err.Error()
		}
		time.Sleep(40 * time.Millisecond)
	}
	return fmt.Errorf("waited %s: %s", limit, last)
}

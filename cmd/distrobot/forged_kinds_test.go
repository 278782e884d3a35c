package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// A letter is what Slack would send, before it is signed.
type letter struct {
	path, kind, body string
	form             bool
}

const (
	jsonKind = "application/json"
	formKind = "application/x-www-form-urlencoded"
	ourApp   = "A0DISTROBOT"
)

// next is a number that no other request has.
func (g *gate) next() string { g.serial++; return fmt.Sprintf("1700000000.%06d", g.serial) }

// command is a slash command.
func (g *gate) command(user, team, text string) letter {
	return form("commands", url.Values{"command": {"/distro"}, "text": {text}, "user_id": {user}, "user_name": {"alice"}, "team_id": {team}, "channel_id": {"C0SITES"},
		"api_app_id": {ourApp}, "trigger_id": {g.next()}, "response_url": {g.trap.URL + "/response"}, "token": {"forged"}})
}

// press is a press of a button.
func (g *gate) press(user, team, action, value string) letter {
	return g.interaction(user, team, map[string]any{"type": "block_actions",
		"container": map[string]any{"type": "message", "message_ts": g.next(), "channel_id": "C0SITES"},
		"actions": []any{map[string]any{"type": "button", "action_id": action, "value": value, "action_ts": g.next(),
			"block_id": "plan:" + string(g.plan.ID) + "~0~00000000"}}})
}

// submission is a form that was sent: command and state are in its private
// metadata.
func (g *gate) submission(user, team, metadata string) letter {
	return g.interaction(user, team, map[string]any{"type": "view_submission", "view": map[string]any{"id": "V" + g.next(), "callback_id": "form", "private_metadata": metadata,
		"type": "modal", "title": map[string]any{"type": "plain_text", "text": "Confirm"}, "blocks": []any{},
		"state": map[string]any{"values": map[string]any{"in.reason": map[string]any{"value": map[string]any{"type": "plain_text_input", "value": "because"}}}}}})
}

func (g *gate) interaction(user, team string, payload map[string]any) letter {
	payload["user"], payload["team"] = map[string]any{"id": user, "username": "alice", "team_id": team}, map[string]any{"id": team}
	payload["channel"], payload["api_app_id"] = map[string]any{"id": "C0SITES"}, ourApp
	payload["trigger_id"], payload["response_url"], payload["token"] = g.next(), g.trap.URL+"/response", "forged"
	return form("interactions", url.Values{"payload": {encoded(payload)}})
}

// mention is a command in a message.
func (g *gate) mention(user, team, text string) letter {
	return letter{path: "events", kind: jsonKind, body: encoded(map[string]any{"type": "event_callback", "event_id": "Ev" + g.next(), "team_id": team, "api_app_id": ourApp,
		"event": map[string]any{"type": "app_mention", "user": user, "user_team": team, "text": text, "channel": "C0SITES", "ts": g.next(), "event_ts": g.next()}})}
}

func form(path string, values url.Values) letter {
	return letter{path: path, kind: formKind, body: values.Encode(), form: true}
}

func encoded(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of strings
	}
	return string(raw)
}

// any is a letter of any kind that would change something if it were genuine.
func (g *gate) any() letter { return g.from("U0ALICE", "T0LOCAL") }

// from is such a letter from somebody.
func (g *gate) from(user, team string) letter {
	value := fleet.PlanValue(g.plan.ID, g.plan.Revision)
	switch g.rand.IntN(7) {
	case 0:
		return g.command(user, team, "lock "+crowdLocked)
	case 1:
		return g.mention(user, team, "lock "+crowdLocked)
	case 2:
		return g.submission(user, team, encoded(map[string]string{"command": "confirm", "state": value, "channel": "C0SITES"}))
	case 3:
		return g.press(user, team, fleet.ActCancel, value)
	case 4:
		return g.press(user, team, fleet.ActAsk, "lock "+crowdLocked)
	case 5:
		return g.command(user, team, "confirm "+value)
	}
	return g.press(user, team, fleet.ActConfirm, value)
}

// sealed is a letter as Slack signs it, so old, for one of the replicas.
func (g *gate) sealed(door int, l letter, secret string, age time.Duration) *http.Request {
	g.Helper()
	req, err := http.NewRequestWithContext(g.Context(), http.MethodPost, g.doors[door]+"/slack/"+l.path, strings.NewReader(l.body))
	must(g.T, err)
	at := fmt.Sprint(time.Now().Add(-age).Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", at, l.body)
	req.Header.Set("Content-Type", l.kind)
	req.Header.Set("X-Slack-Request-Timestamp", at)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return req
}

// over sends a letter as Slack would.
func (g *gate) over(door int, l letter) int {
	return g.post(g.sealed(door, l, g.ws.SigningSecret(), 0))
}

// A forgery is one kind of request that must not be accepted.
type forgery struct {
	name   string
	first  func(g *gate) // what is done before; nil is nothing
	send   func(g *gate) int
	want   int  // status; of an envelope 200, if it was acknowledged
	silent bool // not even the record may grow: anybody could send it
}

func forgeries() []forgery {
	return append(append(append(unsigned(), misshapen()...), replayed()...), append(misplaced(), madeUp()...)...)
}

// unsigned is what anybody can send who does not know the secret.
func unsigned() []forgery {
	var out []forgery
	add := func(name string, change func(g *gate, q *http.Request)) {
		out = append(out, forgery{name: name, silent: true, want: http.StatusUnauthorized, send: func(g *gate) int {
			q := g.sealed(g.rand.IntN(2), g.any(), g.ws.SigningSecret(), 0)
			change(g, q)
			return g.post(q)
		}})
	}
	other := func(name string, secret func(g *gate) string, age func(g *gate) time.Duration) {
		out = append(out, forgery{name: name, silent: true, want: http.StatusUnauthorized, send: func(g *gate) int {
			return g.post(g.sealed(g.rand.IntN(2), g.any(), secret(g), age(g)))
		}})
	}
	now, own := func(*gate) time.Duration { return 0 }, func(g *gate) string { return g.ws.SigningSecret() }
	seconds := func(sign int) func(*gate) time.Duration {
		return func(g *gate) time.Duration { return time.Duration(sign*(302+g.rand.IntN(1e6))) * time.Second }
	}
	other("another secret", func(g *gate) string { return fmt.Sprintf("%032x", g.rand.Uint64()) }, now)
	other("no secret", func(*gate) string { return "" }, now)
	other("the bot token for a secret", func(g *gate) string { return g.ws.BotToken() }, now)
	other("part of the secret", func(g *gate) string { return own(g)[:g.rand.IntN(len(own(g)))] }, now)
	other("old", own, seconds(1))
	other("of the future", own, seconds(-1))
	head := "X-Slack-Signature"
	add("no signature", func(_ *gate, q *http.Request) { q.Header.Del(head) })
	add("no time", func(_ *gate, q *http.Request) { q.Header.Del("X-Slack-Request-Timestamp") })
	add("a time that is none", func(_ *gate, q *http.Request) { q.Header.Set("X-Slack-Request-Timestamp", "now") })
	add("another version", func(_ *gate, q *http.Request) { q.Header.Set(head, "v1"+q.Header.Get(head)[2:]) })
	add("a cut signature", func(g *gate, q *http.Request) { q.Header.Set(head, q.Header.Get(head)[:g.rand.IntN(66)]) })
	add("a longer signature", func(_ *gate, q *http.Request) { q.Header.Set(head, q.Header.Get(head)+"00") })
	add("a changed signature", func(g *gate, q *http.Request) {
		q.Header.Set(head, changedDigit(q.Header.Get(head), 3+g.rand.IntN(64)))
	})
	add("the signature of another moment", func(g *gate, q *http.Request) {
		at, _ := strconv.Atoi(q.Header.Get("X-Slack-Request-Timestamp"))
		q.Header.Set("X-Slack-Request-Timestamp", fmt.Sprint(at-1-g.rand.IntN(200)))
	})
	body := func(name string, change func(g *gate, raw []byte) []byte) {
		add(name, func(g *gate, q *http.Request) {
			l := g.any()
			changed := change(g, []byte(l.body))
			signed := g.sealed(0, l, g.ws.SigningSecret(), 0)
			next, err := http.NewRequestWithContext(g.Context(), http.MethodPost, q.URL.String(), bytes.NewReader(changed))
			must(g.T, err)
			next.Header = signed.Header
			*q = *next
		})
	}
	body("a changed body", func(g *gate, raw []byte) []byte { raw[g.rand.IntN(len(raw))] ^= byte(1 + g.rand.IntN(255)); return raw })
	body("a cut body", func(g *gate, raw []byte) []byte { return raw[:g.rand.IntN(len(raw))] })
	body("a longer body", func(_ *gate, raw []byte) []byte { return append(raw, "&payload={}"...) })
	body("another request's signature", func(g *gate, _ []byte) []byte { return []byte(g.any().body) })
	return out
}

// changedDigit changes one digit of a signature.
func changedDigit(s string, i int) string {
	digit := byte('0')
	if s[i] == digit {
		digit = '1'
	}
	return s[:i] + string(digit) + s[i+1:]
}

// misshapen is what is signed rightly and sent as something else.
func misshapen() []forgery {
	one := func(name string, want int, change func(g *gate, q *http.Request), make func(g *gate) letter) forgery {
		return forgery{name: name, silent: true, want: want, send: func(g *gate) int {
			q := g.sealed(g.rand.IntN(2), make(g), g.ws.SigningSecret(), 0)
			change(g, q)
			return g.post(q)
		}}
	}
	as := func(kind string) func(*gate, *http.Request) {
		return func(_ *gate, q *http.Request) { q.Header.Set("Content-Type", kind) }
	}
	command := func(g *gate) letter { return g.command("U0ALICE", "T0LOCAL", "lock "+crowdLocked) }
	return []forgery{
		one("a form as text", http.StatusUnsupportedMediaType, as("text/plain"), command),
		one("a form of no kind", http.StatusUnsupportedMediaType, as(""), command),
		one("a form in parts", http.StatusUnsupportedMediaType, as("multipart/form-data; boundary=x"), command),
		one("a form as JSON", http.StatusBadRequest, as(jsonKind), command),
		// The words of a message, read as a form, would be a press of an administrator.
		one("an event as a form", http.StatusUnsupportedMediaType, as(formKind), func(g *gate) letter {
			hidden := g.press("U0ALICE", "T0LOCAL", fleet.ActConfirm, fleet.PlanValue(g.plan.ID, g.plan.Revision))
			return g.mention("U0CAROL", "T0LOCAL", "x&"+hidden.body+"&")
		}),
		one("a payload in the address", http.StatusBadRequest, func(g *gate, q *http.Request) {
			q.URL.RawQuery = g.press("U0ALICE", "T0LOCAL", fleet.ActConfirm, fleet.PlanValue(g.plan.ID, g.plan.Revision)).body
		}, func(g *gate) letter { return letter{path: "interactions", kind: formKind, body: "x=" + g.next()} }),
		one("another method", http.StatusMethodNotAllowed, func(g *gate, q *http.Request) {
			q.Method = []string{http.MethodPut, http.MethodDelete, http.MethodPatch}[g.rand.IntN(3)]
		}, command),
		one("half a payload", http.StatusBadRequest, func(*gate, *http.Request) {}, func(g *gate) letter {
			whole := g.press("U0ALICE", "T0LOCAL", fleet.ActConfirm, fleet.PlanValue(g.plan.ID, g.plan.Revision))
			text, _ := url.QueryUnescape(strings.TrimPrefix(whole.body, "payload="))
			return form("interactions", url.Values{"payload": {text[:1+g.rand.IntN(len(text)-2)]}, "n": {g.next()}})
		}),
	}
}

// replayed is what Slack sent once: an administrator locked a platform and opened
// it again.
func replayed() []forgery {
	again := func(name string, make func(g *gate) letter, change func(g *gate, q *http.Request)) forgery {
		var caught *http.Request
		var body string
		first := func(g *gate) {
			l := make(g)
			caught, body = g.sealed(0, l, g.ws.SigningSecret(), 0), l.body
			g.post(caught)
			g.wantLocked(true)
			g.over(0, g.command("U0ALICE", "T0LOCAL", "unlock "+crowdLocked))
			g.wantLocked(false)
		}
		return forgery{name: name, first: first, silent: true, want: http.StatusOK, send: func(g *gate) int {
			q, err := http.NewRequestWithContext(g.Context(), http.MethodPost, g.doors[g.rand.IntN(2)]+caught.URL.Path, strings.NewReader(body))
			must(g.T, err)
			q.Header = caught.Header.Clone()
			change(g, q)
			return g.post(q)
		}}
	}
	same := func(*gate, *http.Request) {}
	retry := func(g *gate, q *http.Request) {
		q.Header.Set("X-Slack-Retry-Num", fmt.Sprint(1+g.rand.IntN(3)))
		q.Header.Set("X-Slack-Retry-Reason", "http_timeout")
	}
	command := func(g *gate) letter { return g.command("U0ALICE", "T0LOCAL", "lock "+crowdLocked) }
	mention := func(g *gate) letter { return g.mention("U0ALICE", "T0LOCAL", "lock "+crowdLocked) }
	return []forgery{
		again("a command again", command, same), again("a command as a repetition", command, retry),
		again("an event again", mention, same), again("an event as a repetition", mention, retry),
		again("a press again", func(g *gate) letter { return g.press("U0ALICE", "T0LOCAL", fleet.ActAsk, "lock "+crowdLocked) }, same),
	}
}

// misplaced is what Slack signed for others, or for people who are nobody.
func misplaced() []forgery {
	var out []forgery
	kinds := map[string]string{"commands": "command", "interactions": "click", "events": "event"}
	add := func(name string, make func(g *gate) letter) {
		out = append(out, forgery{name: name, want: http.StatusOK, send: func(g *gate) int { return g.over(g.rand.IntN(2), make(g)) }},
			forgery{name: name + " over Socket Mode", want: http.StatusOK, send: func(g *gate) int { l := make(g); return g.envelope(kinds[l.path], l) }})
	}
	for _, who := range [][3]string{
		{"a reader", "U0CAROL", "T0LOCAL"}, {"a guest", "U0GUEST", "T0LOCAL"}, {"a guest of one channel", "U0SINGLE", "T0LOCAL"}, {"a bot", "U0ROBOT", "T0LOCAL"},
		{"somebody deactivated", "U0GONE", "T0LOCAL"}, {"somebody of another company", "U0FOREIGN", "T0OTHER"}, {"somebody unknown", "U0NOBODY", "T0LOCAL"},
		{"an administrator's id of another team", "U0ALICE", "T0OTHER"}, {"an administrator without a team", "U0ALICE", ""}, {"nobody", "", "T0LOCAL"},
		{"root of a shell", "unix:0", ""}, {"root of a shell here", "unix:0", "T0LOCAL"}, {"the bot itself", "system:plans", "T0LOCAL"}, {"an organisation's member", "U0ALICE", "E0ORG"},
	} {
		add(who[0], func(g *gate) letter { return g.from(who[1], who[2]) })
	}
	replaced := func(g *gate, l letter, from, to string) letter {
		if !strings.Contains(l.body, from) {
			g.Fatalf("%q is not in %s", from, l.body)
		}
		l.body = strings.ReplaceAll(l.body, from, to)
		return l
	}
	add("another app", func(g *gate) letter { return replaced(g, g.any(), ourApp, "A0OTHER") })
	add("another team that names a person of ours", func(g *gate) letter {
		l := g.press("U0ALICE", "T0LOCAL", fleet.ActConfirm, fleet.PlanValue(g.plan.ID, g.plan.Revision))
		return replaced(g, l, `%22team%22%3A%7B%22id%22%3A%22T0LOCAL`, `%22team%22%3A%7B%22id%22%3A%22T0OTHER`)
	})
	return out
}

// madeUp is what the bot never gave out, in otherwise genuine requests, and links
// of the second factor.
func madeUp() []forgery {
	var out []forgery
	add := func(name string, make func(g *gate) letter) {
		out = append(out, forgery{name: name, want: http.StatusOK, send: func(g *gate) int { return g.over(g.rand.IntN(2), make(g)) }})
	}
	value := func(g *gate) string { // near to the right one
		id, rev := string(g.plan.ID), g.plan.Revision
		return []string{fmt.Sprintf("%s|%d", id, rev+1+g.rand.IntN(9)), fmt.Sprintf("%s|%d", id, rev-1-g.rand.IntN(9)), id, id + "|", "|" + fmt.Sprint(rev), id[1:] + "|1",
			fmt.Sprintf("%s0|%d", id, rev), fmt.Sprintf("%s|%d|%d", id, rev, rev), fmt.Sprintf("%s|0x%x", id, rev), "*|1", "", "plan:" + id + "|2"}[g.rand.IntN(12)]
	}
	meta := func(g *gate, command, state string) string {
		return encoded(map[string]string{"command": command, "state": state, "channel": "C0SITES"})
	}
	add("a press with a value that was never given", func(g *gate) letter { return g.press("U0BOB", "T0LOCAL", fleet.ActConfirm, value(g)) })
	add("a button that there is not", func(g *gate) letter {
		return g.press("U0BOB", "T0LOCAL", []string{"plan.approve", "plan.confirm2", "confirm", "PLAN.CONFIRM", "plan.confirm ", "../plan.confirm"}[g.rand.IntN(6)], fleet.PlanValue(g.plan.ID, g.plan.Revision))
	})
	add("a form for a plan that it was not opened for", func(g *gate) letter { return g.submission("U0BOB", "T0LOCAL", meta(g, "confirm", value(g))) })
	add("a form whose metadata name another command", func(g *gate) letter {
		return g.submission("U0CAROL", "T0LOCAL", meta(g, []string{"lock", "policy set", "remove", "site remove", "build", "freeze"}[g.rand.IntN(6)], crowdLocked))
	})
	add("a form whose metadata are cut", func(g *gate) letter {
		whole := meta(g, "confirm", fleet.PlanValue(g.plan.ID, g.plan.Revision))
		return g.submission("U0BOB", "T0LOCAL", whole[:g.rand.IntN(len(whole)-1)])
	})
	link := func(name string, forge func(g *gate, l *fleet.VoteLink) (token string)) {
		out = append(out, forgery{name: name, silent: true, want: http.StatusForbidden, send: func(g *gate) int {
			l := fleet.VoteLink{Nonce: g.next(), Plan: g.plan.ID, Revision: g.plan.Revision, Fingerprint: g.plan.Fingerprint, Who: fleet.Actor{ID: "U0BOB", Team: "T0LOCAL"}, Until: time.Now().Add(time.Minute)}
			req, err := http.NewRequestWithContext(g.Context(), http.MethodPost, g.doors[g.rand.IntN(2)]+commands.SecondPath+forge(g, &l), nil)
			must(g.T, err)
			return g.post(req)
		}})
	}
	good := func(g *gate, l *fleet.VoteLink) string {
		token, err := l.Token(g.replicas[0].keys[0])
		must(g.T, err)
		return token
	}
	link("a link under another key", func(g *gate, l *fleet.VoteLink) string {
		token, err := l.Token([]byte(fmt.Sprintf("%032x", g.rand.Uint64())))
		must(g.T, err)
		return token
	})
	link("a link cut", func(g *gate, l *fleet.VoteLink) string { t := good(g, l); return t[:1+g.rand.IntN(len(t)-2)] })
	link("a link with a changed letter", func(g *gate, l *fleet.VoteLink) string {
		t := good(g, l)
		return changedDigit(t, g.rand.IntN(len(t)))
	})
	link("a link with another's words", func(g *gate, l *fleet.VoteLink) string {
		_, mac, _ := strings.Cut(good(g, l), ".")
		l.Who.ID = "U0ALICE"
		words, _, _ := strings.Cut(good(g, l), ".")
		return words + "." + mac
	})
	return out
}

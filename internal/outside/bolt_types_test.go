package outside_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// payloadTypes says of which type Bolt takes the payload to be that the app
// tells about under a name.
var payloadTypes = map[string]string{
	"command": "SlashCommand", "message": "MessageBody", "changed": "ChangedBody", "deleted": "DeletedBody", "mention": "MentionBody", "home": "HomeBody",
	"joined": "JoinedBody", "action": "ActionBody", "options": "SuggestionBody", "submission": "SubmissionBody", "closed": "ClosedBody",
}

// methods are calls of all methods of the Web API that the workspace has, but
// for those that the app makes anyway. TS stands for a message's time.
var methods = []string{
	"api.test {}", "auth.test {}", "bots.info {}", "team.info {}",
	`chat.postMessage {"channel":"C0SITES","text":"for methods","metadata":{"event_type":"x","event_payload":{"y":1}}}`,
	`chat.postMessage {"channel":"C0SITES","text":"a reply","thread_ts":"TS","reply_broadcast":true}`,
	`chat.postEphemeral {"channel":"C0SITES","user":"U0ALICE","text":"for you"}`,
	`chat.getPermalink {"channel":"C0SITES","message_ts":"TS"}`,
	`reactions.add {"channel":"C0SITES","timestamp":"TS","name":"eyes"}`,
	`conversations.history {"channel":"C0SITES","limit":5,"include_all_metadata":true}`,
	`conversations.replies {"channel":"C0SITES","ts":"TS"}`,
	`reactions.remove {"channel":"C0SITES","timestamp":"TS","name":"eyes"}`,
	`conversations.list {"types":"public_channel,im","limit":2}`, `conversations.info {"channel":"C0SITES"}`, `conversations.info {"channel":"D0ALICE"}`,
	`conversations.members {"channel":"C0SITES"}`, `conversations.open {"users":"U0BOB"}`, `conversations.open {"users":"U0BOB","return_im":true}`, `conversations.info {"channel":"C0SITES","include_num_members":true}`, `conversations.join {"channel":"C0GENERAL"}`,
	`users.info {"user":"U0ALICE"}`, `users.list {"limit":2}`, `users.lookupByEmail {"email":"alice@example.com"}`,
	`usergroups.list {"include_users":true}`, `usergroups.users.list {"usergroup":"GROUP"}`,
	`chat.delete {"channel":"C0SITES","ts":"TS"}`,
}

// boltMethods has Slack's client call each method.
func boltMethods(t *testing.T, r *room, app *program) {
	ts, group := "", ""
	for _, call := range methods {
		r.say("/hello call " + strings.NewReplacer("TS", ts, "GROUP", group).Replace(call))
		var got struct {
			Refusal string
			Answer  struct {
				OK         bool
				TS         string
				Usergroups []struct{ ID string }
				Metadata   struct {
					Scopes, AcceptedScopes []string
				} `json:"response_metadata"`
			}
		}
		if app.next("called", &got); !got.Answer.OK {
			t.Fatalf("%s: %s", call, got.Refusal)
		}
		if len(got.Answer.Metadata.Scopes) < 10 {
			t.Errorf("%s: the client knows of the scopes %v", call, got.Answer.Metadata.Scopes)
		}
		if ts == "" {
			ts = got.Answer.TS
		}
		if len(got.Answer.Usergroups) > 0 {
			group = got.Answer.Usergroups[0].ID
		}
	}
	if ts == "" || group == "" {
		t.Errorf("no message (%q) or no group (%q) to ask about", ts, group)
	}
}

// wrongly are payloads and answers with one fault each.
var wrongly = []string{
	module("bolt.Answer<bolt.api.AuthTestResponse>", []byte(`{"ok":true,"user_id":7}`)),
	module("bolt.Answer<bolt.api.AuthTestResponse>", []byte(`{"ok":true,"user_name":"bot"}`)),
	module("bolt.Answer<bolt.api.ChatPostMessageResponse>", []byte(`{"ok":true,"message":{"type":"message","blocks":[{"type":"heading"}]}}`)),
	module("bolt.ViewAnswer<bolt.api.ViewsOpenResponse>", []byte(`{"ok":true,"view":{"id":null}}`)),
	module("bolt.ViewAnswer<bolt.api.ViewsOpenResponse>", []byte(`{"ok":true,"view":{"view_id":"V1"}}`)),
	module("bolt.SlashCommand", []byte(`{"command":"/hello"}`)),
	module("bolt.ClosedBody", []byte(`{"type":"view_closing"}`)),
}

// haveSlacksTypes checks all that the workspace sent to the app against the
// types of Bolt's listeners, and all that its Web API answered against those of
// Slack's client.
func haveSlacksTypes(t *testing.T, r *room, app *program) {
	modules := map[string]string{}
	count := func(kind string) string { return fmt.Sprintf("%s/%d", kind, len(modules)) }
	for what, reports := range app.reports() {
		for _, raw := range reports {
			var h struct{ Body json.RawMessage }
			if err := json.Unmarshal(raw, &h); err != nil {
				t.Fatal(err)
			}
			if kind := payloadTypes[what]; kind != "" {
				modules[count(what)] = module("bolt."+kind, indented(t, h.Body))
			}
		}
	}
	for what := range payloadTypes {
		if len(app.reports()[what]) == 0 {
			t.Errorf("no %s came", what)
		}
	}
	r.mu.Lock()
	for method, answers := range r.answers {
		kind := ""
		for word := range strings.SplitSeq(method, ".") {
			kind += strings.ToUpper(word[:1]) + word[1:]
		}
		of := "Answer"
		if strings.HasPrefix(method, "views.") {
			of = "ViewAnswer"
		}
		for _, answer := range answers {
			modules[count(method)] = module("bolt."+of+"<bolt.api."+kind+"Response>", indented(t, answer))
		}
	}
	r.mu.Unlock()
	t.Logf("%d payloads and answers are compared with Slack's types", len(modules))
	for i, wrong := range wrongly {
		modules[fmt.Sprintf("wrong/%d", i)] = wrong
	}
	found := fromNPM(t).compile(t, modules)
	for i, wrong := range wrongly {
		name := fmt.Sprintf("wrong/%d", i)
		if len(found[name]) != 1 {
			t.Errorf("not one fault is found in %s: %v", wrong, found[name])
		}
		delete(found, name)
	}
	for name, faults := range found {
		t.Errorf("%s\n%s", name, strings.Join(faults, "\n"))
	}
}

// indented lays JSON out, so that a complaint has a line of its own.
func indented(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", " "); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

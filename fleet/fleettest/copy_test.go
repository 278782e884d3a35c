package fleettest

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// What is filled in is what JSON makes of an empty record, whatever was there.
func TestFill(t *testing.T) {
	full := func(id string) *fleet.Task {
		return &fleet.Task{ID: fleet.TaskID(id), Kind: fleet.TaskMigrate, Host: "web1", Params: map[string]string{id: "to", "same": id}, Sites: []fleet.URI{"a.example"},
			Created: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Plan: "p", Urgent: true,
			Steps: []fleet.StepRecord{{Name: "hold", State: fleet.StepDone, Result: map[string]string{"k": id}}}}
	}
	for _, src := range []fleet.Record{&fleet.Task{ID: "a"}, full("b"), &fleet.Plan{ID: "p"},
		&fleet.Plan{ID: "q", Votes: []fleet.Approval{{Request: "r"}}, Sites: []fleet.PlanSite{{URI: "a.example", Took: 3}}, Scope: fleet.Scope{Only: []fleet.URI{"a.example"}}},
		&fleet.Site{URI: "a.example", Tags: []string{"x"}, Lock: fleet.SiteLock{Task: "t", Fence: 7}}, &fleet.Distribution{Name: "atrium", Policy: fleet.Policy{Failures: -1}},
	} {
		data, err := json.Marshal(src)
		if err != nil {
			t.Fatal(err)
		}
		like := reflect.TypeOf(src).Elem()
		want, err := decode(data, like)
		if err != nil {
			t.Fatal(err)
		}
		dirty := reflect.New(like).Elem()
		if like == reflect.TypeFor[fleet.Task]() {
			dirty.Set(reflect.ValueOf(full("c")).Elem())
		}
		fill(dirty, want)
		if !reflect.DeepEqual(dirty.Interface(), want.Interface()) {
			t.Errorf("%+v, want %+v", dirty, want)
		}
	}
	req := fleet.Request{Family: "p:01", ID: "r"}
	fill(reflect.ValueOf(&req).Elem(), reflect.ValueOf(fleet.Request{Answer: "yes"}))
	if req != (fleet.Request{Family: "p:01", ID: "r", Answer: "yes"}) {
		t.Errorf("%+v has lost its key", req)
	}
}

// Whoever changes what was read changes nothing that is kept.
func TestReadIsACopy(t *testing.T) {
	m := New()
	task := fleet.Task{ID: "t", Host: "web1", Params: map[string]string{"k": "v"}, Sites: []fleet.URI{"a.example"}}
	err := m.Update(t.Context(), fleet.HostFamily("web1"), func(tx fleet.Tx) error {
		have := fleet.Task{ID: "t", Host: "web1"}
		_, err := tx.Get(&have)
		tx.Put(&task)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got := fleet.Task{ID: "t", Host: "web1"}
		if _, err := m.Read(t.Context(), &got); err != nil || got.Params["k"] != "v" || got.Sites[0] != "a.example" {
			t.Fatalf("%+v, %v", got, err)
		}
		got.Params["k"], got.Sites[0] = "other", "b.example"
	}
}

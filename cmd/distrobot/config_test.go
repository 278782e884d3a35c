package main

import (
	"bufio"
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestEnvExampleIsComplete holds .env.example and Config together, both ways,
// names and defaults.
func TestEnvExampleIsComplete(t *testing.T) {
	f, err := os.Open("../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	example := map[string]string{}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if k, v, ok := strings.Cut(sc.Text(), "="); ok && !strings.HasPrefix(k, "#") {
			example[k] = v
		}
	}
	typ := reflect.TypeFor[Config]()
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, want := f.Tag.Get("env"), f.Tag.Get("envDefault")
		if f.Type.Kind() == reflect.Bool && want == "" {
			want = "false"
		}
		got, ok := example[name]
		if !ok {
			t.Errorf(".env.example does not explain %s", name)
		} else if got != want {
			t.Errorf(".env.example says %s=%s, the default is %q", name, got, want)
		}
		delete(example, name)
	}
	for k := range example {
		t.Errorf(".env.example explains %s, which no setting reads", k)
	}
}

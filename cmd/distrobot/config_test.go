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
	for _, x := range settings(reflect.TypeFor[Config](), "") {
		got, ok := example[x.name]
		if !ok {
			t.Errorf(".env.example does not explain %s", x.name)
		} else if got != x.value {
			t.Errorf(".env.example says %s=%s, the default is %q", x.name, got, x.value)
		}
		delete(example, x.name)
	}
	for k := range example {
		t.Errorf(".env.example explains %s, which no setting reads", k)
	}
}

// A setting is the name of a variable with its default.
type setting struct{ name, value string }

// settings lists those of a struct and of the ones in it.
func settings(of reflect.Type, prefix string) []setting {
	var out []setting
	for f := range of.Fields() {
		if p := f.Tag.Get("envPrefix"); p != "" {
			out = append(out, settings(f.Type, prefix+p)...)
			continue
		}
		x := setting{prefix + f.Tag.Get("env"), f.Tag.Get("envDefault")}
		if f.Type.Kind() == reflect.Bool && x.value == "" {
			x.value = "false"
		}
		out = append(out, x)
	}
	return out
}

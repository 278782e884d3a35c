package commands_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/distrobot/distrobot/fleet"
)

// spoil makes every text in a record that is still empty a hostile one, however
// deep it lies. What names the record stays, so that it can be found.
func spoil(x reflect.Value, evil string) {
	switch x.Kind() {
	case reflect.String:
		if x.CanSet() && x.String() == "" && x.Type() == reflect.TypeFor[string]() {
			x.SetString(evil)
		}
	case reflect.Struct:
		if x.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range x.NumField() {
			spoil(x.Field(i), evil)
		}
	case reflect.Slice:
		for i := range x.Len() {
			spoil(x.Index(i), evil)
		}
	}
}

// spoilt keeps a record with every text of it hostile.
func spoilt[T any, P interface {
	*T
	fleet.Record
}](w *world, r T, evil string) {
	w.t.Helper()
	spoil(reflect.ValueOf(&r).Elem(), evil)
	put[T, P](w, r)
}

// TestHostileFleet fills a fleet with hostile texts and asks for all of it by
// every command that reads: no answer calls anybody, breaks a limit or deceives.
func TestHostileFleet(t *testing.T) {
	for name, evil := range hostile {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.atrium()
			w.spoilAll(evil)
			for _, line := range []string{"list", "platforms", "platforms atrium", "sites", "sites atrium", "show atrium", "show atrium-1.0.0", "show a.example.org", "hosts", "hosts web9",
				"tasks", "tasks --open", "task t9", "task t9 --log", "plans", "plan 01jd0000000000000000000009", "digest", "digest list", "policy", "policy show atrium",
				"audit", "hooks", "site backups a.example.org", "compare a.example.org", "ignore atrium", "freeze", "help", "show " + evil, "build " + evil, "whoami"} {
				w.ask(alice, line)
			}
			parts, err := w.table.Home(w.ctx, alice)
			w.ok(err)
			for _, m := range parts {
				for i := range m.Lines { // what they open is no part of the contract of messages
					m.Lines[i].Button = nil
				}
				m.Buttons = nil
				checkReply(t, m)
			}
		})
	}
}

// spoilAll keeps a record of every sort that messages are made of.
func (w *world) spoilAll(evil string) {
	w.t.Helper()
	d, err := w.table.Catalog.Distribution(w.ctx, "atrium")
	w.ok(err)
	d.Hush.Muted, d.Hush.By = noon.AddDate(100, 0, 0), fleet.Actor{ID: "unix:9", Name: evil}
	spoilt(w, d, evil)
	s, err := w.table.Catalog.Site(w.ctx, "a.example.org")
	w.ok(err)
	s.Pinned, s.Tags = evil, []string{evil}
	put(w, s)
	put(w, fleet.Host{Name: "web9", Seen: noon, Version: evil, Backend: evil, PHP: evil, Limits: []string{evil, evil}})
	put(w, fleet.Task{ID: "t9", Kind: fleet.TaskCreate, Host: "web9", About: evil, State: fleet.TaskHeld, Reason: evil, Created: noon,
		By: fleet.Actor{ID: "unix:9", Name: evil}, Steps: []fleet.StepRecord{{Name: evil, Title: evil, State: fleet.StepUnknown, Error: evil}}})
	w.ok(w.store.Append(w.ctx, "t9", "web9", fleet.LogLine{At: noon, Text: evil}))
	p := basePlan()
	p.State, p.Reason, p.Sites = fleet.PlanPaused, evil, planSites(fleet.SiteHeld, fleet.SiteBack, fleet.SiteWaiting)
	p.Title, p.Requester = "Upgrade "+evil, fleet.Actor{ID: "unix:9", Name: evil}
	for i := range p.Sites {
		p.Sites[i].Note, p.Sites[i].Step = evil, evil
	}
	put(w, p)
	put(w, fleet.Digest{Name: "mondays", Zone: evil, Spec: evil, Channel: evil, Next: noon})
}

// TestEveryTellerMeetsHostileWords: whatever in fleet makes a message is among
// those that TestHostileNarration gives hostile words to.
func TestEveryTellerMeetsHostileWords(t *testing.T) {
	called := map[string]bool{}
	eachFile(t, "narration_*test.go", func(f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && fmt.Sprint(sel.X) == "fleet" {
				called[sel.Sel.Name] = true
			}
			return true
		})
	})
	tellers := 0
	eachFile(t, "../fleet/*.go", func(f *ast.File) {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Tell") || fn.Type.Results == nil || fmt.Sprint(fn.Type.Results.List[0].Type) != "Message" {
				continue
			}
			tellers++
			if !called[fn.Name.Name] {
				t.Errorf("fleet.%s makes messages that no test gives hostile words to", fn.Name.Name)
			}
		}
	})
	if tellers < 9 {
		t.Errorf("only %d tellers were found", tellers)
	}
}

// eachFile parses the Go files of a pattern; tests of other packages are left out.
func eachFile(t *testing.T, pattern string, see func(*ast.File)) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	for _, file := range files {
		if strings.Contains(file, "/") && strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		see(f)
	}
}

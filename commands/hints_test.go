package commands_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A hint that names a command can be copied: it stands with the word that people
// type first. What follows a colon, or see, type and with, is a command.
func TestHintsCanBeCopied(t *testing.T) {
	w := newWorld(t)
	verbs := map[string]bool{}
	for _, c := range w.table.List() {
		verbs[c.Verb] = true
	}
	named := regexp.MustCompile(`(?:: |\b(?:[Ss]ee|[Tt]ype|[Ww]ith) )([a-z]+)(?: |$|,)`)
	hints := 0
	for _, dir := range []string{"../fleet", "."} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, hint := range hintsIn(t, file) {
				hints++
				for _, m := range named.FindAllStringSubmatch(hint, -1) {
					if verbs[m[1]] {
						t.Errorf("%s: the hint %q names the command %s without %s before it", file, hint, m[1], "/distro")
					}
				}
			}
		}
	}
	if hints < 40 {
		t.Errorf("only %d hints were found", hints)
	}
}

// hintsIn gives the formats of all hints in a file.
func hintsIn(t *testing.T, file string) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "WithHint" {
			if lit, ok := call.Args[0].(*ast.BasicLit); ok {
				if text, err := strconv.Unquote(lit.Value); err == nil {
					out = append(out, text)
				}
			}
		}
		return true
	})
	return out
}

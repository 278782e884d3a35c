package arch_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The bounds of a file and a function; the aim is far below (60 to 180 lines,
// a screen).
const (
	maxFileLines  = 350
	maxFuncLines  = 80
	maxParameters = 5
)

// TestShapeOfFiles holds what a reader relies on: files and functions that can
// be read at once, no init, short parameter lists, an exported name is
// explained where it stands.
func TestShapeOfFiles(t *testing.T) {
	fset := token.NewFileSet()
	err := filepath.WalkDir("../..", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".git") || d.Name() == "artifacts") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(fset, p, src, parser.ParseComments)
		if err != nil {
			return err
		}
		test := strings.HasSuffix(p, "_test.go")
		if n := bytes.Count(src, []byte("\n")); n > maxFileLines && !test {
			t.Errorf("%s has %d lines, above %d: two things live in it", p, n, maxFileLines)
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			checkFunc(t, fset, fn, test)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkFunc(t *testing.T, fset *token.FileSet, fn *ast.FuncDecl, test bool) {
	t.Helper()
	at := fset.Position(fn.Pos())
	if fn.Name.Name == "init" && fn.Recv == nil {
		t.Errorf("%s: func init: wiring belongs in cmd", at)
	}
	if test {
		return
	}
	if n := fset.Position(fn.End()).Line - at.Line; n > maxFuncLines {
		t.Errorf("%s: %s has %d lines, above %d", at, fn.Name.Name, n, maxFuncLines)
	}
	n := 0
	for _, p := range fn.Type.Params.List {
		n += max(1, len(p.Names))
	}
	if n > maxParameters {
		t.Errorf("%s: %s has %d parameters, above %d: make a struct", at, fn.Name.Name, n, maxParameters)
	}
	known := fn.Name.Name == "Error" || fn.Name.Name == "Unwrap" || fn.Name.Name == "String"
	if fn.Name.IsExported() && !known && fn.Doc == nil && exportedReceiver(fn) {
		t.Errorf("%s: exported %s has no comment", at, fn.Name.Name)
	}
}

// exportedReceiver is false for methods of unexported types, whose exported
// names only satisfy an interface that explains them.
func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return true
	}
	typ := fn.Recv.List[0].Type
	if s, ok := typ.(*ast.StarExpr); ok {
		typ = s.X
	}
	if g, ok := typ.(*ast.IndexExpr); ok {
		typ = g.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}

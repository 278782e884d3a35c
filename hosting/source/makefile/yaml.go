package makefile

import (
	"errors"
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/distrobot/distrobot/fleet"
)

// parseYAML reads the YAML syntax of .make.yml files: maps, lists and plain
// values. Anchors, aliases, tags and several documents are refused, since they
// can make a small file large or mean something else to another reader.
func parseYAML(name string, b []byte) (*Node, error) {
	if n, ok := readPlain(name, b); ok {
		return n, nil
	}
	return parseFullYAML(name, b)
}

// parseFullYAML reads any YAML that a makefile may be.
func parseFullYAML(name string, b []byte) (*Node, error) {
	tokens := lexer.Tokenize(string(b))
	if len(tokens) > 4*maxNodes {
		return nil, Pos{File: name, Line: 1}.Refuse("the makefile has more than %d values", maxNodes)
	}
	for _, t := range tokens {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType:
			return nil, Pos{File: name, Line: t.Position.Line}.Refuse("anchors, aliases and tags are not used in makefiles")
		}
	}
	if err := checkNesting(name, tokens); err != nil {
		return nil, err
	}
	f, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, explainYAML(name, err)
	}
	y := yamlReader{file: name}
	var body ast.Node
	for _, d := range f.Docs {
		if d.Body == nil {
			continue
		}
		if body != nil {
			return nil, y.at(d.Body).Refuse("the file holds more than one document")
		}
		body = d.Body
	}
	if body == nil {
		return newMap(Pos{File: name, Line: 1}), nil
	}
	n, err := y.read(body, 0)
	if err == nil && !n.isMap() {
		return nil, n.Pos.Refuse("the file does not begin with a key such as projects:")
	}
	return n, err
}

// checkNesting bounds flow collections before the recursive parser sees them.
func checkNesting(name string, tokens token.Tokens) error {
	depth := 0
	for _, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		}
		if depth > maxDepth || t.Position.IndentNum > 40*maxDepth {
			return Pos{File: name, Line: t.Position.Line}.Refuse("values are nested more than %d deep", maxDepth)
		}
	}
	return nil
}

func explainYAML(name string, err error) error {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil && at.GetToken().Position != nil {
		return Pos{File: name, Line: at.GetToken().Position.Line}.Refuse("%s", fleet.Clean(at.GetMessage(), 160)).Because(err)
	}
	return Pos{File: name, Line: 1}.Refuse("this is not YAML").Because(err)
}

// A yamlReader turns the parser's nodes into ours.
type yamlReader struct{ file string }

func (y yamlReader) at(n ast.Node) Pos {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return Pos{File: y.file, Line: t.Position.Line}
	}
	return Pos{File: y.file, Line: 1}
}

func (y yamlReader) read(n ast.Node, depth int) (*Node, error) {
	at := y.at(n)
	if depth > maxDepth {
		return nil, at.Refuse("values are nested more than %d deep", maxDepth)
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return y.pairs(at, n.Values, depth)
	case *ast.MappingValueNode:
		return y.pairs(at, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		out := newMap(at)
		for i, v := range n.Values {
			sub, err := y.read(v, depth+1)
			if err != nil {
				return nil, err
			}
			out.set(strconv.Itoa(i), sub)
		}
		return out, nil
	}
	return y.scalar(at, n)
}

func (y yamlReader) pairs(at Pos, values []*ast.MappingValueNode, depth int) (*Node, error) {
	out := newMap(at)
	for _, v := range values {
		key, err := y.scalar(y.at(v.Key), v.Key)
		if err != nil {
			return nil, err
		}
		if out.get(key.Text) != nil {
			return nil, key.Pos.Refuse("%s stands here twice", quote(key.Text))
		}
		sub, err := y.read(v.Value, depth+1)
		if err != nil {
			return nil, err
		}
		sub.Pos = key.Pos
		out.set(key.Text, sub)
	}
	return out, nil
}

// scalar takes a value as it is written: 7.10 must not become 7.1.
func (y yamlReader) scalar(at Pos, n ast.Node) (*Node, error) {
	out := &Node{Pos: at}
	switch n := n.(type) {
	case *ast.NullNode:
		out.Null = true
	case *ast.StringNode:
		out.Text = n.Value
	case *ast.LiteralNode:
		out.Text = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		out.Text = n.GetToken().Value
	default:
		return nil, at.Refuse("%s cannot stand here", quote(n.String()))
	}
	if len(out.Text) > maxText {
		return nil, at.Refuse("the value is longer than %d bytes", maxText)
	}
	return out, nil
}

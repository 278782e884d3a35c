package bench

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/distrobot/distrobot/hosting/source/makefile"
)

// The makefile that is read has more projects than any real one seen (401).
const (
	makefileProjects = 1000
	makefileBound    = 20 // milliseconds
	makefileRounds   = 41
)

// readMakefile reads a makefile of 1,000 projects in both syntaxes: parsed,
// merged and checked.
func readMakefile() Measurement {
	return Measurement{Names: []string{"makefile"}, Run: func(ctx context.Context, b *B) ([]Row, error) {
		names := []string{"large.make", "large.make.yml"}
		var contenders []Contender
		for i, name := range names {
			tree := oneFile{name, largeMakefile(makefileProjects, i == 1)}
			contenders = append(contenders, Contender{Name: name, Run: func(ctx context.Context, _ int) error {
				m, err := makefile.Loader{}.Load(ctx, tree, tree.name)
				if err == nil && len(m.Projects) != makefileProjects {
					err = fmt.Errorf("%d projects were read", len(m.Projects))
				}
				return err
			}})
		}
		took, err := Interleave(ctx, makefileRounds, contenders...)
		if err != nil {
			return nil, err
		}
		parts := make([]Row, len(names))
		for i, name := range names {
			parts[i] = Row{Name: name, Value: float64(took[i]) / float64(time.Millisecond), Bound: makefileBound}
			b.Note("%s: %d projects, %d bytes, in %.1f ms of %d", name, makefileProjects, len(largeMakefile(makefileProjects, i == 1)), parts[i].Value, makefileBound)
		}
		return []Row{Worst("makefile", parts...)}, nil
	}}
}

// oneFile is a tree with one makefile.
type oneFile struct {
	name    string
	content []byte
}

// ReadFile implements makefile.Tree.
func (f oneFile) ReadFile(name string, _ int64) ([]byte, error) {
	if name != f.name {
		return nil, fs.ErrNotExist
	}
	return f.content, nil
}

// largeMakefile has n projects of five lines each.
func largeMakefile(n int, yaml bool) []byte {
	var out bytes.Buffer
	head, form := "core = 7.x\napi = 2\n", "projects[p%[1]d][version] = 1.%[1]d\nprojects[p%[1]d][subdir] = contrib\nprojects[p%[1]d][type] = module\nprojects[p%[1]d][patch][a] = https://example.org/%[1]d.patch\n"
	if yaml {
		head, form = "core: 7.x\napi: 2\nprojects:\n", "  p%[1]d:\n    version: '1.%[1]d'\n    subdir: contrib\n    type: module\n    patch:\n      a: https://example.org/%[1]d.patch\n"
	}
	out.WriteString(head)
	for i := range n {
		fmt.Fprintf(&out, form, i)
	}
	return out.Bytes()
}

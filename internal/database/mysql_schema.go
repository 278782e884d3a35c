package database

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A table is what a copy must know of one table of the source.
type table struct {
	name    string
	kind    string // BASE TABLE, SEQUENCE, SYSTEM VERSIONED
	engine  string
	bytes   int64
	columns []string // those that are written: generated ones are not
	linked  bool     // has a foreign key or is referred to by one
	empty   bool     // its rows are left out
	inexact bool     // a dump of it loses digits
}

// remote are storage engines whose rows live elsewhere: copying the definition
// copies the table, copying the rows would double them.
var remote = []string{"MRG_MYISAM", "FEDERATED", "SPIDER", "CONNECT", "BLACKHOLE", "MROONGA", "SPHINX", "OQGRAPH"}

// rowless reports whether only the definition of t is copied.
func (t *table) rowless() bool {
	return t.empty || slices.Contains(remote, strings.ToUpper(t.engine))
}

// tables lists the tables of database, the biggest first, so that the last ones
// to be copied are small and all connections end together.
func (s *session) tables(ctx context.Context, database string) ([]*table, error) {
	rows, err := s.QueryContext(ctx, `SELECT TABLE_NAME, TABLE_TYPE, COALESCE(ENGINE,''), COALESCE(DATA_LENGTH+INDEX_LENGTH,0)
		FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE NOT LIKE '%VIEW' ORDER BY 4 DESC, 1`, database)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	defer rows.Close()
	var list []*table
	for rows.Next() {
		t := new(table)
		if err := rows.Scan(&t.name, &t.kind, &t.engine, &t.bytes); err != nil {
			return nil, fmt.Errorf("list tables: %w", err)
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// names lists the tables, views, sequences and routines of database.
func (s *session) names(ctx context.Context, database string) (map[string]bool, error) {
	list, err := s.strings(ctx, `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?
		UNION SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?`, database, database)
	if err != nil {
		return nil, fmt.Errorf("list names: %w", err)
	}
	names := map[string]bool{}
	for _, name := range list {
		names[name] = true
	}
	return names, nil
}

// columns fills in the columns of all tables of database.
func (s *session) columns(ctx context.Context, database string, list []*table) error {
	byName := map[string]*table{}
	for _, t := range list {
		byName[t.name] = t
	}
	rows, err := s.QueryContext(ctx, `SELECT TABLE_NAME, COLUMN_NAME, EXTRA FROM information_schema.COLUMNS
		WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME, ORDINAL_POSITION`, database)
	if err != nil {
		return fmt.Errorf("list columns: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var tab, column, extra string
		if err := rows.Scan(&tab, &column, &extra); err != nil {
			return fmt.Errorf("list columns: %w", err)
		}
		generated := strings.Contains(extra, "VIRTUAL GENERATED") || strings.Contains(extra, "STORED GENERATED")
		if t := byName[tab]; t != nil && !generated {
			t.columns = append(t.columns, column)
		}
	}
	return rows.Err()
}

// skip marks the tables that match a pattern as empty, except those that a
// foreign key of a table with rows refers to: its rows would point nowhere.
func (s *session) skip(ctx context.Context, database string, list []*table, patterns []string) error {
	byName := map[string]*table{}
	for _, t := range list {
		byName[t.name] = t
		matched, err := matchAny(patterns, t.name)
		if err != nil {
			return err
		}
		t.empty = matched
	}
	rows, err := s.QueryContext(ctx, `SELECT DISTINCT TABLE_NAME, REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE
		WHERE TABLE_SCHEMA = ? AND REFERENCED_TABLE_SCHEMA = ?`, database, database)
	if err != nil {
		return fmt.Errorf("list foreign keys: %w", err)
	}
	defer rows.Close()
	var keys [][2]*table
	for rows.Next() {
		var child, parent string
		if err := rows.Scan(&child, &parent); err != nil {
			return fmt.Errorf("list foreign keys: %w", err)
		}
		if c, p := byName[child], byName[parent]; c != nil && p != nil {
			c.linked, p.linked = true, true
			keys = append(keys, [2]*table{c, p})
		}
	}
	for again := true; again; {
		again = false
		for _, k := range keys {
			if !k[0].empty && k[1].empty {
				k[1].empty, again = false, true
			}
		}
	}
	return rows.Err()
}

// definition is how a table is made anew: first create, then its rows, then
// finish, which may be empty.
type definition struct{ create, finish string }

// deferFrom is the size, in bytes, from which building a table's secondary
// indexes at the end, sorted, is cheaper than keeping them up row by row: it
// halves the processor time of big tables, at some 20 ms a table.
const deferFrom = 2 << 20

// definition asks the server how t was made. SHOW CREATE is used where CREATE
// TABLE ... LIKE would do as well, because LIKE loses foreign keys and the
// auto-increment counter.
func (s *session) definition(ctx context.Context, database string, t *table) (definition, error) {
	what := "TABLE"
	if t.kind == "SEQUENCE" {
		what = "SEQUENCE"
	}
	var name, text string
	if err := s.QueryRowContext(ctx, "SHOW CREATE "+what+" "+at(database, t.name)).Scan(&name, &text); err != nil {
		return definition{}, fmt.Errorf("show create table: %w", err)
	}
	tokens := withoutDirectories(dialect{}.tokens(text))
	if t.engine != "InnoDB" || t.linked || t.rowless() || t.bytes < deferFrom {
		return definition{create: join(tokens)}, nil
	}
	return deferKeys(tokens), nil
}

func join(tokens []token) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(t.text)
	}
	return b.String()
}

// withoutDirectories drops DATA DIRECTORY and INDEX DIRECTORY: the files of a
// copy would get in the way of the source's, and belong to the server's owner.
func withoutDirectories(tokens []token) []token {
	var out []token
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		if t.kind == word && (t.name == "DATA" || t.name == "INDEX") && i+2 < len(tokens) && tokens[i+2].text == "DIRECTORY" {
			for i < len(tokens) && !strings.HasPrefix(tokens[i].text, "'") {
				i++
			}
			continue
		}
		out = append(out, t)
	}
	return out
}

// deferKeys parts the plain secondary indexes from a CREATE TABLE. Unique ones
// stay, they may be what the rows are ordered by. So does everything if the
// auto-increment column is not the first of the primary key: it needs its index.
func deferKeys(tokens []token) definition {
	whole := definition{create: join(tokens)}
	head, items, tail := splitItems(tokens)
	var kept, keys []string
	auto, primary := "", ""
	for _, item := range items {
		solid := slices.DeleteFunc(slices.Clone(item), func(t token) bool { return strings.TrimSpace(t.text) == "" })
		switch {
		case len(solid) > 0 && solid[0].kind == word && solid[0].name == "KEY":
			keys = append(keys, "ADD "+strings.TrimSpace(join(item)))
			continue
		case len(solid) > 3 && solid[0].text == "PRIMARY" && solid[1].text == "KEY":
			primary = solid[3].name // PRIMARY KEY ( `id`
		case len(solid) > 0 && solid[0].kind == named && slices.ContainsFunc(solid, func(t token) bool { return t.text == "AUTO_INCREMENT" }):
			auto = solid[0].name
		}
		kept = append(kept, join(item))
	}
	if len(keys) == 0 || primary == "" || auto != "" && auto != primary {
		return whole
	}
	return definition{create: head + strings.Join(kept, ",") + tail, finish: strings.Join(keys, ", ")}
}

// splitItems cuts a CREATE TABLE at the commas of its outermost parentheses.
func splitItems(tokens []token) (head string, items [][]token, tail string) {
	depth, start := 0, 0
	for i, t := range tokens {
		switch t.text {
		case "(":
			if depth++; depth == 1 {
				head, start = join(tokens[:i+1]), i+1
			}
		case ")":
			if depth--; depth == 0 {
				items = append(items, tokens[start:i])
				return head, items, join(tokens[i:])
			}
		case ",":
			if depth == 1 {
				items, start = append(items, tokens[start:i]), i+1
			}
		}
	}
	return join(tokens), nil, ""
}

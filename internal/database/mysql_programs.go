package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// A program is something in a database that runs: a view, trigger, routine or
// event. All are made after the rows, so that no trigger sees the copying.
type program struct {
	kind, name string
	create     string
	mode       string // sql_mode it was written under; empty for views
	zone       string // time zone of an event
	client     string // character set of its text
	connection string // collation of its literals
	database   string // collation of its parameters, if it has such
}

// programKinds lists how each kind is found, in the order they are made: what
// comes later may call what comes earlier.
var programKinds = []string{
	`SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?
		ORDER BY ROUTINE_TYPE = 'PACKAGE' DESC, ROUTINE_TYPE, ROUTINE_NAME`,
	`SELECT 'VIEW', TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME`,
	`SELECT 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?
		ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER`,
	`SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ? ORDER BY EVENT_NAME`,
}

// programs makes the programs of database anew in the new one, which may be the
// same: then each is replaced. Two connections: one reads text as it is stored,
// unconverted, the other sends it under its own character set.
func (c *clone) programs(ctx context.Context, database string) error {
	reader, err := c.work.session(ctx)
	if err != nil {
		return err
	}
	defer reader.Close()
	writer, err := c.work.session(ctx)
	if err != nil {
		return err
	}
	defer writer.Close()
	if err := writer.exec(ctx, "USE "+quote(c.to)); err != nil {
		return err
	}
	for _, query := range programKinds {
		list, err := reader.programs(ctx, query, database)
		if err != nil {
			return err
		}
		if database == c.to {
			for _, p := range list {
				if err := writer.exec(ctx, "DROP "+p.kind+" IF EXISTS "+quote(p.name)); err != nil {
					return err
				}
			}
		}
		if err := c.createAll(ctx, writer, list); err != nil {
			return err
		}
	}
	return nil
}

// programs reads the programs that query finds in database.
func (s *session) programs(ctx context.Context, query, database string) ([]*program, error) {
	// In its own database a view is shown without the database's name.
	if err := s.exec(ctx, "USE "+quote(database), "SET character_set_results = utf8mb4"); err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, query, database)
	if err != nil {
		return nil, fmt.Errorf("list views and programs: %w", err)
	}
	defer rows.Close()
	var list []*program
	for rows.Next() {
		p := new(program)
		if err := rows.Scan(&p.kind, &p.name); err != nil {
			return nil, fmt.Errorf("list views and programs: %w", err)
		}
		list = append(list, p)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if err := s.exec(ctx, "SET character_set_results = NULL"); err != nil {
		return nil, err
	}
	for _, p := range list {
		if err := s.show(ctx, p); err != nil {
			return nil, fmt.Errorf("%s %s: %w", strings.ToLower(p.kind), p.name, err)
		}
	}
	return list, nil
}

// show reads how p was made. The columns of SHOW CREATE differ from kind to kind
// and between servers, so they are taken by name.
func (s *session) show(ctx context.Context, p *program) error {
	rows, err := s.QueryContext(ctx, "SHOW CREATE "+p.kind+" "+quote(p.name))
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values := make([]sql.NullString, len(names))
	places := make([]any, len(names))
	for i := range values {
		places[i] = &values[i]
	}
	if !rows.Next() {
		return errors.Join(rows.Err(), errors.New("it is gone"))
	}
	if err := rows.Scan(places...); err != nil {
		return err
	}
	for i, name := range names {
		v := values[i].String
		switch {
		case name == "sql_mode":
			p.mode = v
		case name == "time_zone":
			p.zone = v
		case name == "character_set_client":
			p.client = v
		case name == "collation_connection":
			p.connection = v
		case name == "Database Collation":
			p.database = v
		case name == "SQL Original Statement", strings.HasPrefix(name, "Create "):
			p.create = v
		}
	}
	if p.create == "" {
		return errors.New("the server does not show its text to us")
	}
	return nil
}

// createAll makes list in the new database. A view may need one that comes later
// in the list, so what fails is tried again as long as others succeed.
func (c *clone) createAll(ctx context.Context, s *session, list []*program) error {
	for len(list) > 0 {
		var failed []*program
		var why error
		for _, p := range list {
			if err := c.create(ctx, s, p); err != nil {
				var said *mysql.MySQLError
				if p.kind != "VIEW" || !errors.As(err, &said) {
					return fmt.Errorf("%s %s: %w", strings.ToLower(p.kind), p.name, err)
				}
				failed, why = append(failed, p), fmt.Errorf("view %s: %w", p.name, err)
			}
		}
		if len(failed) == len(list) {
			return c.broken(ctx, failed, why)
		}
		list = failed
	}
	return nil
}

// broken accepts the views in list that do not work in the source either, such
// as one whose table is gone; otherwise it fails with why.
func (c *clone) broken(ctx context.Context, list []*program, why error) error {
	// ER_VIEW_INVALID; ER_NO_SUCH_USER of a definer who is gone.
	dead := []uint16{1356, 1449}
	for _, p := range list {
		rows, err := c.db.QueryContext(ctx, "SELECT 1 FROM "+at(c.from, p.name)+" LIMIT 0")
		if err == nil {
			_ = rows.Close()
			return why
		}
		var said *mysql.MySQLError
		if !errors.As(err, &said) || !slices.Contains(dead, said.Number) {
			return why
		}
		c.report.Fallbacks = append(c.report.Fallbacks,
			fmt.Sprintf("view %s was left out: it does not work in the source either", p.name))
	}
	return nil
}

// trailing are character sets in which a byte of a quote or backslash may be the
// second half of a character, so that text cannot be cut into tokens bytewise.
const trailing = " big5 gbk sjis cp932 gb18030 "

// create makes one program under the settings it was written with, for the new
// account and the new database.
func (c *clone) create(ctx context.Context, s *session, p *program) error {
	text := p.create
	if !strings.Contains(trailing, " "+p.client+" ") {
		text = move{from: c.from, to: c.to, known: c.names}.apply(dialectOf(p.mode).tokens(text))
	} else if strings.Contains(text, c.from) {
		return fmt.Errorf("its text in %s may name the database, which cannot be told for certain", p.client)
	}
	set := []string{
		"SET SESSION sql_mode = '" + p.mode + "'",
		"SET character_set_client = " + p.client,
		"SET collation_connection = " + p.connection,
	}
	if p.zone != "" {
		set = append(set, "SET SESSION time_zone = '"+p.zone+"'")
	}
	if err := s.exec(ctx, set...); err != nil {
		return err
	}
	restore, err := c.collate(ctx, s, p.database)
	if err != nil {
		return err
	}
	return errors.Join(s.exec(ctx, withDefiner(text, c.o.Definer)), restore())
}

// collate gives the new database the collation that a routine was made under, if
// that is another than the database has now: it decides what the routine's
// parameters are. The function returned takes it back.
func (c *clone) collate(ctx context.Context, s *session, collation string) (restore func() error, err error) {
	var now string
	if err := s.QueryRowContext(ctx, "SELECT @@collation_database").Scan(&now); err != nil {
		return nil, err
	}
	if collation == "" || collation == now {
		return func() error { return nil }, nil
	}
	alter := "ALTER DATABASE " + quote(c.to) + " COLLATE "
	return func() error { return s.exec(ctx, alter+now) }, s.exec(ctx, alter+collation)
}

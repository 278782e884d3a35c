package database

import (
	"context"
	"fmt"
	"strings"
)

// countTables fills in the tables of c by the query counters.
func (s *session) countTables(ctx context.Context, c *Counts, counters, database string, skip []string) error {
	rows, err := s.numbers(ctx, counters, database)
	if err != nil {
		return fmt.Errorf("read the counters: %w", err)
	}
	ids, err := s.tableIDs(ctx, database)
	if err != nil {
		return fmt.Errorf("read the numbers of tables: %w", err)
	}
	if err := s.dates(ctx, c, database, skip); err != nil {
		return fmt.Errorf("read the times of tables: %w", err)
	}
	for name, count := range c.Tables {
		count.Rows = rows[name]
		if id, ok := ids[name]; ok {
			count.ID = id
		}
		c.Tables[name] = count
	}
	return nil
}

// numbers returns what query gives for database: a number for each name, the
// greatest if there are several, as for partitions.
func (s *session) numbers(ctx context.Context, query, database string) (map[string]int64, error) {
	rows, err := s.QueryContext(ctx, query, database)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]int64{}
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return nil, err
		}
		all[name] = max(all[name], n)
	}
	return all, rows.Err()
}

// tableIDs returns InnoDB's numbers of the tables of database.
func (s *session) tableIDs(ctx context.Context, database string) (map[string]int64, error) {
	return s.innodb(ctx, "TABLE_ID", "TABLES", database)
}

// innodb returns a number that InnoDB's own list of tables or of files has for
// each table of database. InnoDB writes names as those of files are written, and
// those of partitions with an end: #P#p0.
func (s *session) innodb(ctx context.Context, column, list, database string) (map[string]int64, error) {
	const query = `SELECT CONVERT(CONVERT(SUBSTRING_INDEX(SUBSTRING_INDEX(SUBSTRING_INDEX(n, '/', -1), '#P#', 1), '#p#', 1) USING filename) USING utf8mb4), v
		FROM (SELECT CAST(NAME AS BINARY) AS n, %s AS v FROM information_schema.INNODB_%s) AS t
		WHERE SUBSTRING_INDEX(n, '/', 1) = CAST(CONVERT(? USING filename) AS BINARY)`
	if s.maria {
		list = "SYS_" + list
	}
	return s.numbers(ctx, fmt.Sprintf(query, column, list), database)
}

// fileSizes corrects the sizes of the tables in list, which the server knows only
// roughly, and not at all right after it has filled them.
func (s *session) fileSizes(ctx context.Context, database string, list []*table) error {
	sizes, err := s.innodb(ctx, "FILE_SIZE", "TABLESPACES", database)
	if err != nil && !denied(err) {
		return fmt.Errorf("read the sizes of files: %w", err)
	}
	for _, t := range list {
		t.bytes = max(t.bytes, sizes[t.name])
	}
	return nil
}

// dates sets c.Tables with all but the counters. Only InnoDB and MyISAM have a
// time of the last write that means something: Aria's is that of a file which is
// written when the server finds time. The ID of tables outside InnoDB is their
// number of rows, which such engines know exactly.
func (s *session) dates(ctx context.Context, c *Counts, database string, skip []string) error {
	if !s.maria { // MySQL shows day-old times otherwise
		if err := s.exec(ctx, "SET SESSION information_schema_stats_expiry = 0"); err != nil {
			return err
		}
	}
	rows, err := s.QueryContext(ctx, `SELECT TABLE_NAME, LOWER(COALESCE(ENGINE, '')), COALESCE(TABLE_ROWS, 0),
		COALESCE(UNIX_TIMESTAMP(CREATE_TIME), 0), COALESCE(UNIX_TIMESTAMP(UPDATE_TIME), 0)
		FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE NOT LIKE '%VIEW' AND TABLE_TYPE <> 'SEQUENCE'`, database)
	if err != nil {
		return err
	}
	defer rows.Close()
	c.Tables = map[string]Count{}
	for rows.Next() {
		var name, engine string
		var t Count
		if err := rows.Scan(&name, &engine, &t.ID, &t.Created, &t.Updated); err != nil {
			return err
		}
		if engine == "innodb" {
			t.ID = 0
		} else if !strings.Contains(engine, "myisam") {
			t.Updated = 0
		}
		matched, err := matchAny(skip, name)
		if err != nil {
			return err
		}
		if !matched {
			c.Tables[name] = t
		}
	}
	return rows.Err()
}

package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/distrobot/distrobot/internal/database"
	"github.com/distrobot/distrobot/internal/run"
)

// cloneDB compares our clone of a database, its comparison by checksums
// included, with mariadb-dump piped into mariadb, which compares nothing. Both
// run against the same server in the same rounds.
func cloneDB() Measurement {
	return Measurement{Names: []string{"clone-db"}, Memory: true, Run: runCloneDB}
}

// runCloneDB clones before and after the rival, which takes longer than both, and
// takes their mean, so that a load that comes or goes meets both sides alike. All
// of the source is in the server's memory for everyone.
func runCloneDB(ctx context.Context, b *B) ([]Row, error) {
	server, err := startMariaDB(ctx, b.Dir)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	if err := server.client(ctx, "CREATE DATABASE source CHARACTER SET utf8mb4"); err != nil {
		return nil, err
	}
	if err := server.fill(ctx, "source"); err != nil {
		return nil, err
	}
	size, err := server.engine.Size(ctx, "source")
	if err != nil {
		return nil, err
	}
	first, err := server.clone(ctx)
	if err != nil {
		return nil, err
	}
	rival, err := server.dumpLoad(ctx, size)
	if err != nil {
		return nil, err
	}
	second, err := server.clone(ctx)
	if err != nil {
		return nil, err
	}
	b.Note("clone-db %d tables, %d rows, %d MB: ours with %s %.1f s and %.1f s, mariadb-dump | mariadb %.1f s",
		first.Tables, first.Rows, size/1e6, first.Verified, first.Took.Seconds(), second.Took.Seconds(), rival.Seconds())
	ours := (first.Took + second.Took) / 2
	return []Row{{Name: "clone-db", Value: ours.Seconds() / rival.Seconds(), Bound: 0.45}}, nil
}

// clone makes a clone and drops it.
func (m *mariaDB) clone(ctx context.Context) (database.Report, error) {
	report, err := m.engine.Clone(ctx, "source", "bot_clone", database.Options{})
	if err != nil {
		return report, err
	}
	if report.Verified != database.ByChecksum {
		return report, fmt.Errorf("the clone was compared by %s alone", report.Verified)
	}
	return report, m.engine.Drop(ctx, "bot_clone")
}

// dumpLoad copies as administrators do by hand, and drops the copy.
func (m *mariaDB) dumpLoad(ctx context.Context, size int64) (time.Duration, error) {
	if err := m.client(ctx, "CREATE DATABASE loaded"); err != nil {
		return 0, err
	}
	begin := time.Now()
	connect := run.Quote("--no-defaults", "-uroot", "-S", m.socket)
	line := fmt.Sprintf("mariadb-dump %s --single-transaction --quick source | mariadb %s loaded", connect, connect)
	if _, err := run.Run(ctx, run.Command{Program: "sh", Args: []string{"-c", line}, Env: run.Environ()}); err != nil {
		return 0, err
	}
	took := time.Since(begin)
	// A shell's pipe tells only of its last program.
	if loaded, err := m.engine.Size(ctx, "loaded"); err != nil || loaded < size*8/10 {
		return 0, fmt.Errorf("mariadb-dump | mariadb loaded %d bytes of %d: %v", loaded, size, err)
	}
	return took, m.client(ctx, "DROP DATABASE loaded")
}

// families is how many pairs of big tables there are, and smalls that of small
// tables: 100 tables in all.
const families, smalls = 4, 92

// fill adds 500 MB to a database, in the shape of a large WordPress: long rows
// with few indexes, short rows with many, small tables. Keys are added to full
// tables, and two clients work at a time, because it need not take minutes.
func (m *mariaDB) fill(ctx context.Context, name string) error {
	use := "USE " + name + ";\n"
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for i := range families {
		group.Go(func() error { return m.client(ctx, use+bigTables(i)) })
	}
	group.Go(func() error { return m.client(ctx, use+smallTables()) })
	return group.Wait()
}

func bigTables(i int) string {
	return fmt.Sprintf(`
CREATE TABLE posts%[1]d (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, author BIGINT NOT NULL, at DATETIME NOT NULL,
 title TEXT NOT NULL, body LONGTEXT NOT NULL, status VARCHAR(20) NOT NULL, name VARCHAR(200) NOT NULL) ENGINE=InnoDB;
INSERT INTO posts%[1]d SELECT seq, seq MOD 97, '2020-01-01' + INTERVAL seq MINUTE, CONCAT('Title ', MD5(seq)),
 REPEAT(CONCAT(MD5(seq*%[1]d), ' ', MD5(seq+%[1]d), ' lorem ipsum dolor '), 20), 'publish', CONCAT('title-', MD5(seq)) FROM seq_1_to_36000;
ALTER TABLE posts%[1]d ADD KEY name (name(191)), ADD KEY status_at (status, at, id), ADD KEY author (author);
CREATE TABLE meta%[1]d (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, post BIGINT UNSIGNED NOT NULL, name VARCHAR(255), value LONGTEXT) ENGINE=InnoDB;
INSERT INTO meta%[1]d SELECT seq, seq DIV 4, CONCAT('_key_', seq MOD 50), CONCAT(MD5(seq), MD5(seq*3)) FROM seq_1_to_250000;
ALTER TABLE meta%[1]d ADD KEY post (post), ADD KEY name (name(191));
`, i)
}

func smallTables() string {
	var b strings.Builder
	for i := range smalls {
		fmt.Fprintf(&b, "CREATE TABLE small%[1]d (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100), KEY name (name)) ENGINE=InnoDB;\n"+
			"INSERT INTO small%[1]d SELECT seq, MD5(seq) FROM seq_1_to_100;\n", i)
	}
	return b.String()
}

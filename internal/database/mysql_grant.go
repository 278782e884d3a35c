package database

import (
	"context"
	"strings"
)

// Grant gives the account name all rights on one database more. A site that
// serves visitors keeps its other rights throughout, unlike with GrantOnly.
func (m *MySQL) Grant(ctx context.Context, name, database string) error {
	who, err := m.account(name)
	if err != nil {
		return err
	}
	s, err := m.session(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.exec(ctx, "GRANT ALL PRIVILEGES ON "+quote(pattern(database))+".* TO "+who)
}

// pattern escapes a name for a grant, where _ and % stand for any characters:
// bot_1 must not open botx1.
func pattern(database string) string {
	return strings.NewReplacer(`\`, `\\`, "_", `\_`, "%", `\%`).Replace(database)
}

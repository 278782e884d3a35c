package database

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// Users gives each database an account of its own.
type Users interface {
	// CreateUser makes the account name, without any right, or gives an existing
	// one a new password, which it returns.
	CreateUser(ctx context.Context, name string) (Secret, error)
	// GrantOnly gives the account all rights on the databases named and takes
	// every other right from it.
	GrantOnly(ctx context.Context, name string, databases ...string) error
	// DropUser removes the account; one that does not exist is no error.
	DropUser(ctx context.Context, name string) error
}

// Account is the user@host of the account name, as Options.Definer takes it.
func (m *MySQL) Account(name string) string { return name + "@" + m.host() }

func (m *MySQL) host() string {
	if m.cfg.AccountHost != "" {
		return m.cfg.AccountHost
	}
	return "localhost"
}

// account returns the account name as SQL, or fails if it is not one of ours.
func (m *MySQL) account(name string) (string, error) {
	if err := checkOurs(m.cfg.Prefix, name); err != nil {
		return "", fmt.Errorf("database account: %w", err)
	}
	return quote(name) + "@" + quote(m.host()), nil
}

// CreateUser implements Users. MariaDB is given the password's hash only, so the
// password stands in no statement that the server could log.
func (m *MySQL) CreateUser(ctx context.Context, name string) (Secret, error) {
	who, err := m.account(name)
	if err != nil {
		return "", err
	}
	maria, err := m.flavour(ctx)
	if err != nil {
		return "", err
	}
	password := rand.Text() + rand.Text() // 256 bits of letters and digits
	proof := "BY '" + password + "'"
	if maria {
		proof = "VIA mysql_native_password USING '" + nativeHash(password) + "'"
	}
	for _, verb := range []string{"CREATE USER IF NOT EXISTS ", "ALTER USER "} {
		if _, err := m.db.ExecContext(ctx, verb+who+" IDENTIFIED "+proof); err != nil {
			return "", fmt.Errorf("%s%s: %w", strings.ToLower(verb), name, withoutText(err))
		}
	}
	return Secret(password), nil
}

// nativeHash is the hash that mysql_native_password keeps of a password.
func nativeHash(password string) string {
	once := sha1.Sum([]byte(password))
	return fmt.Sprintf("*%X", sha1.Sum(once[:]))
}

// withoutText drops a server's message, which may repeat the statement.
func withoutText(err error) error {
	var said *mysql.MySQLError
	if errors.As(err, &said) {
		return fmt.Errorf("error %d of the server", said.Number)
	}
	return err
}

// GrantOnly implements Users.
func (m *MySQL) GrantOnly(ctx context.Context, name string, databases ...string) error {
	who, err := m.account(name)
	if err != nil {
		return err
	}
	s, err := m.session(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	list := []string{"REVOKE ALL PRIVILEGES, GRANT OPTION FROM " + who}
	for _, d := range databases {
		list = append(list, "GRANT ALL PRIVILEGES ON "+quote(pattern(d))+".* TO "+who)
	}
	return s.exec(ctx, list...)
}

// DropUser implements Users.
func (m *MySQL) DropUser(ctx context.Context, name string) error {
	who, err := m.account(name)
	if err != nil {
		return err
	}
	if _, err := m.db.ExecContext(ctx, "DROP USER IF EXISTS "+who); err != nil {
		return fmt.Errorf("drop user %s: %w", name, err)
	}
	return nil
}

// checkAccount fails if there is no account user@host: what is made for it would
// not run. An empty one is fine.
func (m *MySQL) checkAccount(ctx context.Context, account string) error {
	if account == "" {
		return nil
	}
	user, host := splitAccount(account)
	var there bool
	err := m.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM mysql.user WHERE User = ? AND Host = ?)", user, host).Scan(&there)
	if err == nil && !there {
		err = errors.New("no such account")
	}
	if err != nil {
		return fmt.Errorf("database account %s: %w", account, err)
	}
	return nil
}

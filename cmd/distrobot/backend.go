package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/hosting"
	"github.com/distrobot/distrobot/hosting/command"
	"github.com/distrobot/distrobot/hosting/local"
	"github.com/distrobot/distrobot/internal/run"
)

// backendCmd is for people who write a program for DISTROBOT_BACKEND=command.
type backendCmd struct {
	Check  backendCheckCmd  `cmd:"" help:"Try a backend's program with a small site of its own, and say what breaks the contract."`
	Schema backendSchemaCmd `cmd:"" help:"Print the contract as JSON Schema."`
}

type backendSchemaCmd struct{}

// Run prints the schema.
func (backendSchemaCmd) Run() error {
	fmt.Print(string(command.Schema))
	return nil
}

type backendCheckCmd struct {
	Program []string `arg:"" optional:"" help:"The program and its fixed arguments; default DISTROBOT_COMMAND."`
}

// Run tries the program. It is given this shell's environment names that
// DISTROBOT_COMMAND_ENV lists, as a worker gives it.
func (c backendCheckCmd) Run(ctx context.Context) error {
	cfg, err := loadConfig()
	if err != nil {
		return err
	}
	p := cfg.program()
	if len(c.Program) > 0 {
		p.Argv = c.Program
	}
	if len(p.Argv) == 0 {
		return &exitError{code: exitUsage, text: "Name the program, or set DISTROBOT_COMMAND."}
	}
	fmt.Printf("Trying %s with the site %s, which it makes and removes.\n", strings.Join(p.Argv, " "), command.ConformSite)
	findings, err := command.Conform(ctx, p, func(line string) { fmt.Println(line) })
	if err != nil {
		return err
	}
	if len(findings) > 0 {
		return &exitError{code: exitFailed, text: fmt.Sprintf("%s. The contract: distrobot backend schema, and docs/command.md.",
			fleet.Plural(len(findings), "thing breaks the contract", "things break the contract"))}
	}
	fmt.Println("It keeps the contract.")
	return nil
}

// program is the program of DISTROBOT_BACKEND=command. It sees nothing of our own
// settings, which hold secrets, but the variables that are named for it.
func (c Config) program() command.Program {
	var env []string
	for _, name := range c.CommandEnv {
		if v, ok := os.LookupEnv(strings.TrimSpace(name)); ok {
			env = append(env, strings.TrimSpace(name)+"="+v)
		}
	}
	return command.Program{Argv: strings.Fields(c.Command), Env: run.Environ(env...), Limit: c.CommandLimit}
}

// backend gives what the worker drives, by DISTROBOT_BACKEND. local keeps the
// platforms and the records in any case.
func (c Config) backend(b *local.Backend) (hosting.Backend, error) {
	switch c.Backend {
	case "local":
		return b, nil
	case "command":
		p := c.program()
		if len(p.Argv) == 0 {
			return nil, fmt.Errorf("DISTROBOT_BACKEND=command needs DISTROBOT_COMMAND, the program that it drives")
		}
		if _, err := run.LookPath(p.Argv[0], p.Env); err != nil {
			return nil, fmt.Errorf("DISTROBOT_COMMAND=%s: %w", c.Command, err)
		}
		return &command.Backend{Program: p, Host: fleet.HostName(c.Host), Records: b}, nil
	case "aegir":
		return c.aegir(b)
	}
	return nil, fmt.Errorf("DISTROBOT_BACKEND=%s: it must be local, command or aegir", c.Backend)
}

// Command cmd prints the bill of materials of a Go program.
package main

import (
	"fmt"
	"os"

	"github.com/distrobot/distrobot/internal/sbom"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cmd PROGRAM")
		os.Exit(2)
	}
	if err := sbom.Write(os.Stdout, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Command cmd tries the proofs of package prove and prints a line for each,
// details after #, and all of them as one table in the end. In the environment, ONLY=NAME,... chooses proofs, SHORT=1 tries
// a few cases of each, and GO names the go command. It exits with 1 when a proof
// is SHORT and with 2 when one could not be tried.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/distrobot/distrobot/internal/prove"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	chosen, err := prove.Select(prove.All(), os.Getenv("ONLY"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "prove:", err)
		os.Exit(2)
	}
	p := prove.Prover{Go: cmp.Or(os.Getenv("GO"), "go"), Short: os.Getenv("SHORT") != "", Log: os.Stdout}
	code := 0
	var results []prove.Result
	for _, proof := range chosen {
		r, err := p.Prove(ctx, proof)
		if err != nil {
			fmt.Fprintf(os.Stderr, "prove: %s: %v\n", proof.Name, err)
			os.Exit(2)
		}
		fmt.Println(r)
		results = append(results, r)
		if !r.OK() {
			code = 1
		}
	}
	prove.Table(ctx, os.Stdout, results)
	stop()
	os.Exit(code)
}

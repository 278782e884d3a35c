#!/bin/sh
# Runs every fuzz target of the tree for the given time (1m) or number of
# executions (500x) each. A package is built once for all its targets: linking
# anew for each took most of the time. Executions are what CI counts: go's fuzzer
# can take the end of its own time for a failure ("context deadline exceeded").
# What it finds is not made small for long, because that would be all it does.
set -eu
time=${1:-5s}
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
cache=$(go env GOCACHE)/fuzz
module=$(go list -m)
for dir in $(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do
	go test -c -fuzz . -o "$bin/fuzz.test" "./$dir"
	for target in $(grep -ho '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/^func //' | sort -u); do
		echo "== $dir $target"
		(cd "$dir" && "$bin/fuzz.test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" \
			-test.fuzzminimizetime 20x -test.fuzzcachedir "$cache/$module/$dir")
	done
done

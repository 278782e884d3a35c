#!/bin/sh
# Runs every fuzz target of the tree for the given time (1m) or number of
# executions (500x) each. A package is built once for all its targets: linking
# anew for each took most of the time. What a target finds interesting is not made
# small for long, because that would be all it does.
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
		ended=0
		(cd "$dir" && "$bin/fuzz.test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" \
			-test.fuzzminimizetime 20x -test.fuzzcachedir "$cache/$module/$dir") >"$bin/said" 2>&1 || ended=$?
		cat "$bin/said"
		[ "$ended" = 0 ] && continue
		# Go's fuzzer now and then takes the end of its own time for a failure. That
		# is told from a finding, which always has its input written down.
		if grep -q '^ *context deadline exceeded$' "$bin/said" && ! grep -Eq 'Failing input|panic|DATA RACE|terminated unexpectedly' "$bin/said"; then
			echo "the time ended; no input failed"
			continue
		fi
		exit "$ended"
	done
done

# The two commands a newcomer needs are in README.md; `make test` is the second.
GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
ARTIFACTS ?= $(CURDIR)/artifacts
FUZZTIME ?= 5s

.PHONY: build test need lint race fuzz bench prove release clean

build: ## the program, in ./distrobot
	$(GO) build -trimpath -o distrobot ./cmd/distrobot

test: need lint race ## everything CI runs

need: ## install what the tests need, or say what is missing
	@sh scripts/need.sh

lint: ## formatting, vet, staticcheck, tidy modules (the import table is a test)
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt would change:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff

race: ## all tests with the race detector (lint has vetted them)
	mkdir -p $(ARTIFACTS)
	DISTROBOT_ARTIFACTS=$(ARTIFACTS) $(GO) test -race -vet=off -timeout 20m ./...

fuzz: ## every fuzz target, FUZZTIME each (1m, or 500x executions)
	@sh scripts/fuzz.sh $(FUZZTIME)

bench: ## each row against its rival: bench NAME VALUE BOUND ok|SHORT (ONLY=NAME,… for some)
	@ONLY='$(ONLY)' $(GO) run ./internal/bench/cmd

prove: ## what the tests show: prove NAME TRIALS ok|SHORT (ONLY=NAME,… for some, SHORT=1 for a few cases of each)
	@ONLY='$(ONLY)' SHORT='$(SHORT)' GO='$(GO)' $(GO) run ./internal/prove/cmd

release: ## archives, Debian packages, bills of materials and checksums of this commit, in dist/
	sh scripts/release.sh dist

clean:
	rm -rf distrobot artifacts dist

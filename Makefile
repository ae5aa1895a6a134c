# Millrace: what there is to do. `make` alone prints this list.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

BIN      := bin/millrace
ARGS     ?=
FUZZTIME ?= 10s
# What runs the tests; .ci/run puts a wrapper here that counts the results.
GOTEST   ?= go test
SERVERS   = go run ./integration/harness/cmd/servers --
TESTFLAGS = -shuffle=on -timeout=30m
# All packages but the whole-system tests: those run long, and without the race
# detector in `test`; `test-race` has it there too.
UNIT      = $$(go list ./... | grep -v '/integration$$\|/integration/')

.PHONY: help build test test-full test-race fuzz lint dev demo bench bench-sql image clean

help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## Build the binary and print its path
	@go build -o $(BIN) ./cmd/millrace
	@echo "$(CURDIR)/$(BIN)"

test: ## Run every test: the packages with -race, what may not allocate without, then whole-system tests on a real Kafka and PostgreSQL
	@$(SERVERS) $(MAKE) --no-print-directory .test

.PHONY: .test
.test: # what `test` runs, with the servers' addresses in the environment; the second half also after a failure
	@status=0; \
	$(GOTEST) -race $(TESTFLAGS) $(UNIT) || status=1; \
	$(GOTEST) $(TESTFLAGS) -run Alloc ./aggregator/... ./consumer/... || status=1; \
	$(GOTEST) $(TESTFLAGS) ./integration/... || status=1; \
	exit $$status

test-full: ## Run every test at its full size (MILLRACE_TEST_FULL=1), takes long
	@MILLRACE_TEST_FULL=1 $(MAKE) --no-print-directory test TESTFLAGS='-shuffle=on -timeout=120m'

test-race: ## Run every test with -race, whole-system tests too
	@$(SERVERS) $(GOTEST) -race $(TESTFLAGS) -timeout=60m ./...

fuzz: ## Fuzz each target for FUZZTIME (10s)
	@GOTEST='$(GOTEST)' FUZZTIME=$(FUZZTIME) .ci/fuzz

lint: ## Run vet, golangci-lint, staticcheck and gofumpt as pinned in tools/go.mod
	@.ci/lint

dev: build ## Start an empty system: embedded broker and database, nothing to install
	@$(BIN) dev $(ARGS)

demo: build ## Start the system with real flights and three views (ARGS=--exit ends after the check)
	@$(BIN) demo $(ARGS)

bench: build ## Measure the whole path against its rivals
	@$(BIN) bench $(ARGS)

bench-sql: ## Measure every native function and operator: ns and bytes for a row, a table
	@go test ./aggregator/expr -run '^$$' -bench Kernels -benchtime 10ms | \
		awk '/^Benchmark/ { sub("BenchmarkKernels/", "", $$1); sub(/-[0-9]+$$/, "", $$1); printf "%10.1f ns/row %8d allocations/batch  %s\n", $$5, $$9, $$1 }' | sort -n

image: ## Build the container image millrace:dev
	@docker build -t millrace:dev -f deployments/Dockerfile .

clean: ## Remove what was built
	@rm -rf bin dist

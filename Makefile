GO ?= go

# Pinned, so that a new version's opinions come when they are asked for.
GOLANGCI_LINT_VERSION := v2.15.0
GOVULNCHECK_VERSION   := v1.9.0
BENCHSTAT_VERSION     := v0.0.0-20260908200009-22c9c6c9d4da

# Tools live with the checkout, by version, and nowhere else.
TOOLS         := $(CURDIR)/.cache/bin
GOLANGCI_LINT := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)
GOVULNCHECK   := $(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION)
BENCHSTAT     := $(TOOLS)/benchstat-$(BENCHSTAT_VERSION)

# For one package; the whole takes some ten minutes on two cores, one package after the other: tests that
# break links and wait for what heals share no machine with others.
TEST_TIMEOUT ?= 40m
FUZZ_TIME    ?= 10s

.DEFAULT_GOAL := help
# A simulation of half an hour kills some 1,500,000 actors; of what else breaks it does thousands.
SIM_FOR  ?= 30m
SIM_SEED ?= $(shell date +%s)
SIM_RUNS ?= 0
SIM_PROCS ?= $(shell nproc)

.PHONY: help run test sim mutants lint vuln fuzz bench microbench docker setup

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the server on :8080, with a Redis of its own in memory unless REDIS_ADDR is set
	$(GO) run .

test: setup ## all tests, with the race detector; installs redis-server and chromium where they are missing
	$(GO) test -p 1 -race -shuffle=on -timeout $(TEST_TIMEOUT) ./...
	cd drill/peers && $(GO) vet ./... && $(GO) build -o /dev/null ./...

sim: ## nodes, links and a Redis that break in virtual time, for SIM_FOR (30m) on SIM_PROCS cores (all), from SIM_SEED on
	$(GO) test ./drill/sim -count 1 -timeout 0 -run TestPromisesHold -v -sim.procs $(SIM_PROCS) \
		-sim.for $(SIM_FOR) -sim.runs $(SIM_RUNS) -sim.seed $(SIM_SEED) -sim.chaos 60s -sim.kills 800

mutants: setup ## plants faults in the server, one at a time, and sees that the simulation or a unit test finds them
	$(GO) run ./drill/mutants

setup:
	@.ci/setup

lint: $(GOLANGCI_LINT) ## the linters of .golangci.yml
	$(GOLANGCI_LINT) run ./...

vuln: $(GOVULNCHECK) ## known vulnerabilities (VULN_OPTIONAL=1: passes where the database can't be reached)
	@.ci/vuln $(GOVULNCHECK)

fuzz: ## every fuzz target for FUZZ_TIME (10s)
	@.ci/fuzz $(FUZZ_TIME)

bench: ## the load drill, beside the peers it is measured against
	$(GO) run ./drill load -compare

microbench: setup $(BENCHSTAT) ## Go benchmarks of the hot paths, compared with the kept ones (KEEP=1: keep these)
	@.ci/bench $(BENCHSTAT)

docker: ## the image, as parley
	docker build --tag parley .

$(GOLANGCI_LINT):
	GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv $(TOOLS)/golangci-lint $@

$(GOVULNCHECK):
	GOBIN=$(TOOLS) $(GO) install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
	mv $(TOOLS)/govulncheck $@

$(BENCHSTAT):
	GOBIN=$(TOOLS) $(GO) install golang.org/x/perf/cmd/benchstat@$(BENCHSTAT_VERSION)
	mv $(TOOLS)/benchstat $@

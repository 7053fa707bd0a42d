.DEFAULT_GOAL := build
.PHONY: build run test setup dev fmt lint deny e2e screenshots sizes bench simulate fuzz chaos help

build: ## Build the release binary, target/release/push-system (the default)
	@scripts/build.sh

run: ## Build what has changed and start the server on http://127.0.0.1:8000
	@scripts/run.sh $(ARGS)

test: ## Everything that must pass: format, clippy, dependencies, tests, sizes, browser tests
	@scripts/test.sh

setup: ## Install what is missing of the build tools, at the versions this repository names
	@scripts/setup.sh

dev: ## Rebuild and reload on every change, in debug mode
	@scripts/dev.sh $(ARGS)

fmt: ## Format the Rust code
	@cargo fmt --all

lint: ## Format check, clippy for both halves, types of the browser tests, deployment files
	@scripts/lint.sh

deny: ## Licences, sources, duplicates and known vulnerabilities of the dependencies
	@scripts/deny.sh

e2e: build ## The browser tests alone (ARGS="live --headed" goes to Playwright)
	@scripts/browser-tests.sh $(ARGS)

screenshots: build ## Make the pictures in docs/screenshots anew
	@UPDATE_SCREENSHOTS=1 scripts/browser-tests.sh screenshots

sizes: build ## Bytes of the first load, plain and compressed
	@scripts/sizes.sh

bench: ## Measure the release server with the load generator (ARGS=--quick for a short run)
	@scripts/bench.sh $(ARGS)

simulate: ## Many more seeds of the simulation (PUSH_SIMULATION_SEEDS=100000)
	@scripts/simulate.sh $(ARGS)

fuzz: ## Many more inputs for the parsers (PROPTEST_CASES=1000000 for each)
	@scripts/fuzz.sh $(ARGS)

chaos: ## Prove the delivery guarantee under every fault, half an hour (ARGS="--fault kill-instance" runs one)
	@scripts/chaos.sh $(ARGS)

help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

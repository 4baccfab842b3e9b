# `make run` and `make test` are all the set-up there is. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help run build tested test lint fmt test-module test-rust test-clients test-fuzz test-deploy test-faults test-browser loadtest compare curves counts memory screenshots clean

# One profile for everything, so that running, linting and testing share what is compiled. `make run PROFILE=release` serves the fast build.
PROFILE ?= dev
# Ends a test's process after its last test, whatever is still open in it; newer versions of Node have it.
FORCE_EXIT = $(shell node --help 2>/dev/null | grep -o -m 1 -- --test-force-exit)
# What `make loadtest` does: `make loadtest LOADTEST="draft --rooms 500"`. docs/load-testing.md has the rest.
LOADTEST ?= chat --duration 12
NODE_TEST = node --test --test-reporter=spec --test-timeout=600000

help: ## Shows this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

run: build ## Builds what is missing and serves on http://127.0.0.1:3000
	@exec "$$(scripts/binary.sh $(PROFILE))" serve

build: node_modules/.package-lock.json ## Builds the server
	@scripts/need.sh cargo
	cargo build --locked --workspace --profile $(PROFILE) --bin parlor

# With a test beside it: so the dependencies are those of the Rust tests, and not built once more with other features.
tested: node_modules/.package-lock.json
	@scripts/need.sh cargo
	cargo build --locked --workspace --profile $(PROFILE) --bin parlor --test docs

test: lint test-module test-rust test-clients test-fuzz test-deploy test-faults test-browser ## Runs every test, in the order in which they fail fastest
	@scripts/summary.sh module rust clients fuzz deploy faults browser

lint: node_modules/.package-lock.json ## Checks formatting and lints
	@scripts/need.sh cargo
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

fmt: ## Formats the Rust code
	cargo fmt --all

test-module: node_modules/.package-lock.json ## The client module (static/parlor.js), without a server
	scripts/keep.sh module $(NODE_TEST) tests/module/*.test.mjs

test-rust: node_modules/.package-lock.json .venv/installed ## Rust tests
	@scripts/need.sh cargo nextest postgres redis gnubg
	scripts/keep.sh rust cargo nextest run --locked --workspace --no-fail-fast

test-clients: tested .venv/installed ## Real Socket.IO clients (JavaScript 2.x to 4.x, Python) against the real server
	PARLOR_BIN="$$(scripts/binary.sh $(PROFILE))" scripts/keep.sh clients $(NODE_TEST) --test-concurrency=2 tests/clients/*.test.mjs

test-fuzz: tested ## Whatever a client could send; PARLOR_FUZZ_INPUTS says how much, PARLOR_TEST_SEED makes the same again
	PARLOR_BIN="$$(scripts/binary.sh $(PROFILE))" scripts/keep.sh fuzz node --test --test-reporter=spec --test-concurrency=1 tests/fuzz/*.test.mjs

test-deploy: tested .venv/installed ## The files of a deployment: image, composition, proxies before two nodes, backup and restore
	@scripts/need.sh postgres redis nginx haproxy caddy systemd-analyze
	PARLOR_BIN="$$(scripts/binary.sh $(PROFILE))" scripts/keep.sh deploy $(NODE_TEST) --test-concurrency=3 tests/deploy/*.test.mjs

test-faults: tested ## Three nodes, Postgres and Redis failing on a schedule; PARLOR_FAULT_SEED and PARLOR_FAULT_RUNS choose other schedules
	@scripts/need.sh postgres redis
	PARLOR_BIN="$$(scripts/binary.sh $(PROFILE))" scripts/keep.sh faults node --test --test-reporter=spec $(FORCE_EXIT) tests/faults/faults.test.mjs

test-browser: tested ## The pages, in Chromium
	@scripts/need.sh chromium
	PARLOR_BIN="$$(scripts/binary.sh $(PROFILE))" scripts/keep.sh browser $(NODE_TEST) --test-concurrency=1 tests/browser/*.test.mjs

loadtest: ## Measures what this machine holds, in about 15 s, against a server of its own
	@scripts/need.sh cargo
	cargo build --locked --workspace --release --bin parlor --bin parlor-loadtest
	@"$$(scripts/binary.sh release)-loadtest" $(LOADTEST)

compare: ## Measures Parlor and what people would use instead, in turns, and writes docs/performance.md; half an hour
	@scripts/need.sh cargo node python redis
	cargo build --locked --workspace --release --bin parlor --example peer-socketioxide
	@# Not `npm ci`: it refuses a lock file that does not name the binaries of other systems.
	cd loadtest/peers && npm install --no-save --no-audit --no-fund --loglevel=error
	cd loadtest/peers && python3 -m venv .venv && .venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement python/requirements.txt
	PARLOR_BIN="$$(scripts/binary.sh release)" SOCKETIOXIDE_BIN="$$(dirname "$$(scripts/binary.sh release)")/examples/peer-socketioxide" \
		taskset -c 1 node loadtest/peers/compare.mjs

# Not a part of `make test`: it optimises the server anew, for minutes. What it compares with is tested (test-module).
counts: ## Counts the instructions of the hot paths, and fails where there are more than are kept (benches/kept.json); KEEP=1 keeps these
	@scripts/need.sh cargo node valgrind
	KEEP=$(KEEP) node benches/counts.mjs

memory: ## Measures what an idle player and an awake room take, likewise
	@scripts/need.sh cargo node
	cargo build --locked --workspace --release --bin parlor --bin parlor-loadtest
	KEEP=$(KEEP) PARLOR_BIN="$$(scripts/binary.sh release)" node benches/memory.mjs

curves: node_modules/.package-lock.json ## Measures how Parlor scales, and writes docs/images/curves and docs/performance.md; under ten minutes
	@scripts/need.sh cargo node python postgres redis
	cargo build --locked --workspace --release --bin parlor --bin parlor-loadtest
	PARLOR_BIN="$$(scripts/binary.sh release)" node loadtest/curves/curves.mjs

screenshots: tested ## Makes the pictures of the README anew (docs/images)
	@scripts/need.sh chromium
	PARLOR_SCREENSHOTS=1 PARLOR_BIN="$$(scripts/binary.sh $(PROFILE))" $(NODE_TEST) tests/browser/draft.test.mjs

clean: ## Removes what was installed and built here, but not data/
	rm -rf node_modules .venv test-results
	cargo clean

# The lock file is what counts: npm ci runs again when it changes.
node_modules/.package-lock.json: package.json package-lock.json
	@scripts/need.sh node
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.venv/installed: tests/clients/requirements.txt tests/deploy/requirements.txt
	@scripts/need.sh python
	python3 -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check $(addprefix --requirement ,$^)
	@touch $@

# The commands of a developer's day. `make help` lists them.

LISTEN ?=
DATA_DIR ?=
CARGO ?= cargo

# What is left empty, the binary chooses: see docs/CONFIGURATION.md.
UP_FLAGS = $(if $(LISTEN),--listen $(LISTEN)) $(if $(DATA_DIR),--data-dir $(DATA_DIR))

# Making sandboxes needs root: an ordinary user is asked for the password of sudo, and builds as himself.
AS_ROOT = $(if $(filter-out 0,$(shell id -u)),sudo)
TEST_RUNNER = $(if $(AS_ROOT),$(foreach cpu,X86_64 AARCH64,CARGO_TARGET_$(cpu)_UNKNOWN_LINUX_GNU_RUNNER='sudo --preserve-env'))

.DEFAULT_GOAL := help
.PHONY: help setup build run test test-v2 check fmt-check lint doc-check queries-check deny

help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20
	@echo
	@echo '  make run LISTEN=127.0.0.1:9090 DATA_DIR=/tmp/gavel runs a second Gavel beside the first.'

setup: ## Install what is missing of compilers and libraries (Debian, Ubuntu)
	@scripts/setup.sh

build: setup
	@$(CARGO) build --release --locked

run: build ## Build and start everything, judge a sample submission, keep serving until Ctrl-C
	@exec $(AS_ROOT) target/release/gavel up --sample $(UP_FLAGS)

test: setup ## Run every test; they start their own Postgres
	scripts/with-postgres.sh env $(TEST_RUNNER) $(CARGO) test --locked --no-fail-fast

test-v2: ## Run the sandbox's tests and hostile programs on control groups v2, in a virtual machine
	@scripts/setup.sh --vm
	scripts/vm-test.sh $$($(CARGO) test --locked --test sandbox --test hostile --no-run 2>&1 | \
		sed -n 's/.*Executable tests\/\(.*\).rs (\(.*\))/\1 \2/p' | sort -r | cut -d ' ' -f 2)

check: setup fmt-check lint queries-check doc-check deny ## Run what a change must pass besides the tests

fmt-check:
	$(CARGO) fmt --check

lint:
	$(CARGO) clippy --locked --all-targets -- -D warnings

doc-check:
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --no-deps --document-private-items

queries-check:
	scripts/prepare-queries.sh --check

deny:
	@if command -v cargo-deny >/dev/null; then \
		$(CARGO) deny --log-level error check bans licenses sources; \
	else \
		echo 'skipped: cargo deny (cargo install cargo-deny --locked)'; \
	fi

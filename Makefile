# Builds this repository's registry and runs its tests; "make help" lists the targets.
#
# Everything lives in .venv. A stamp file there says what is installed for which Python, so that only the first
# call of a target takes time. Another Python:  make build PYTHON=python3.12

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DIST ?= dist
WORKERS ?= 2

STAMP := $(VENV)/.ready-$(notdir $(PYTHON))
SETUP := PYTHON="$(PYTHON)" VENV="$(VENV)" scripts/setup.sh

# Options of single targets, also from the environment:  make build BASE_URL=https://example.org/registry
BUILD_ARGS = --out "$(DIST)" $(if $(BASE_URL),--base-url "$(BASE_URL)") $(if $(PREVIOUS),--previous "$(PREVIOUS)")

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: $(STAMP) ## Build this repository's registry into dist/ (BASE_URL=…, PREVIOUS=… where it is deployed)
	@$(BIN)/regpress build $(BUILD_ARGS)
	@echo "in this folder: make serve" >&2

.PHONY: serve
serve: $(STAMP) ## Show dist/ in a browser, served as the chosen host would
	@test -d "$(DIST)" || $(BIN)/regpress build $(BUILD_ARGS)
	@$(BIN)/regpress preview --out "$(DIST)"

.PHONY: test
test: check ## Run ruff, mypy and all tests but the slow ones and those of hosts
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow and not hosts" $(PYTEST_ARGS)

.PHONY: test-hosts
test-hosts: $(STAMP)-test ## Install web servers, tools of hosts and clients, and test against them
	@VENV="$(VENV)" scripts/host-tools.sh
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m hosts $(PYTEST_ARGS)

.PHONY: test-slow
test-slow: $(STAMP)-test ## Run the slow tests
	$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

.PHONY: check
check: $(STAMP)-test ## Run ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: bench
bench: $(STAMP)-test ## Run the benchmarks (BENCH_ARGS="--large" for 100,000 servers too)
	@for script in benchmarks/bench_*.py; do \
	  if [ -e "$$script" ]; then echo "== $$script"; $(BIN)/python "$$script" $(BENCH_ARGS) || exit; else echo "no benchmarks"; fi; \
	done

.PHONY: screenshots
screenshots: $(STAMP)-test ## Photograph every kind of page, for docs/screenshots
	@$(BIN)/python scripts/screenshots.py

.PHONY: setup
setup: $(STAMP) ## Prepare .venv and the command .venv/bin/regpress
	@if [ -n "$$GITHUB_PATH" ]; then echo "$(abspath $(BIN))" >> "$$GITHUB_PATH"; fi

.PHONY: clean
clean: ## Remove the environment, caches and output
	rm -rf "$(VENV)" "$(DIST)" build .regpress .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml scripts/setup.sh scripts/system-packages.sh
	@$(SETUP) run
	@touch $@

$(STAMP)-test: $(STAMP) scripts/requirements.py
	@$(SETUP) test
	@touch $@

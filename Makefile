# Every target works from a fresh clone: what is missing is installed first, once. `make help` lists them.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
THREATMODEL := $(BIN)/threatmodel --quiet
SAMPLE := samples/support-desk/system.yaml
OUT := out/support-desk
RESULTS := $(addprefix $(OUT)/,report.pdf report.html layers.svg controls.csv analysis.json)
# What the results are made from: a change in any of these makes them anew.
SOURCES := $(SAMPLE) requirements.lock $(shell find threatmodel catalogs templates -type f ! -name '*.pyc' 2>/dev/null)

# The environment of the tool that `make bench` compares with: it shares nothing with ours.
PEER := out/peer

# Further arguments, as in `make test PYTEST_ARGS='-k loader -x'`.
PYTEST_ARGS ?=
# Processes of the test run: `auto` is one per core.
JOBS ?= auto

.PHONY: help report test coverage lint format bench heavy lock setup clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

report: $(RESULTS) ## write the report of samples/support-desk to out/support-desk
	@echo "Written from $(SAMPLE):"
	@for file in $(RESULTS); do echo "  $$PWD/$$file"; done

test: $(BIN)/.installed ## run the tests
	$(BIN)/python -m pytest -n $(JOBS) $(PYTEST_ARGS)

coverage: $(BIN)/.installed ## run the tests and fail when less than 90 % of threatmodel/ ran
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term --cov-fail-under=90 $(PYTEST_ARGS)

lint: $(BIN)/.installed ## ruff, mypy --strict, and shellcheck where there is one
	$(BIN)/ruff check .
	$(BIN)/mypy
	@if command -v shellcheck >/dev/null; then shellcheck .ci/*.sh .ci/run; else echo "shellcheck: not here, skipped"; fi

format: $(BIN)/.installed ## sort imports and apply the safe fixes of ruff
	$(BIN)/ruff check --fix .

bench: $(BIN)/.installed $(PEER)/.installed ## time and memory of analyze on systems of growing size, beside pytm
	$(BIN)/python benchmarks/run.py --peer "$$PWD/$(PEER)/bin/python" $(BENCH_ARGS)

heavy: $(BIN)/.installed ## tests that need a browser, an office suite or an editor's language server
	$(BIN)/python -m pytest tests/heavy $(PYTEST_ARGS)

lock: ## write requirements.lock anew from pyproject.toml (LOCK_ARGS=--upgrade takes the newest)
	.ci/lock.sh $(LOCK_ARGS)

setup: $(BIN)/.installed ## only install what the other targets need
	@:

clean: ## remove what was made, but not .venv
	rm -rf out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## remove .venv too
	rm -rf .venv

# One stamp for the system and .venv; requirements.lock and pyproject.toml are what .venv is made from.
$(BIN)/.installed: requirements.lock pyproject.toml .ci/bootstrap.sh
	@.ci/bootstrap.sh system
	@.ci/bootstrap.sh venv
	@touch $@

$(PEER)/.installed: benchmarks/peer.lock | $(BIN)/.installed
	@$(BIN)/python -m venv $(PEER)
	@$(PEER)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r benchmarks/peer.lock
	@touch $@

$(RESULTS): $(SOURCES) | $(BIN)/.installed

$(OUT)/report.pdf $(OUT)/report.html:
	@mkdir -p $(OUT)
	$(THREATMODEL) report $(SAMPLE) -o $@

$(OUT)/layers.svg:
	@mkdir -p $(OUT)
	$(THREATMODEL) diagram $(SAMPLE) -o $@ --view layers

$(OUT)/controls.csv:
	@mkdir -p $(OUT)
	$(THREATMODEL) controls $(SAMPLE) -o $@

$(OUT)/analysis.json:
	@mkdir -p $(OUT)
	$(THREATMODEL) analyze $(SAMPLE) --format json -o $@

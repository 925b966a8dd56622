# Everything a newcomer needs; `make` alone lists it.
PYTHON ?= python3
PORT ?= 8400
BIN := .venv/bin
UV := $(BIN)/uv
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --all-extras -q
STAMP := .venv/.ready
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)

.DEFAULT_GOAL := help
.PHONY: help run test check bench docs lock clean

help: ## list what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

# Its patients are kept apart from any that `crural serve` has in the user's data folder.
run: $(STAMP) ## set up, assess an example patient in the terminal, then open the web application
	$(BIN)/crural assess examples/left-leg-sciatica.yaml
	@mkdir -p build
	$(BIN)/crural serve --examples --open --port $(PORT) --database sqlite:///build/examples.sqlite3

test: $(STAMP) .venv/.ready-services check ## set up, then lint, check types, run the tests with coverage, check the knowledge
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term-missing:skip-covered
	$(BIN)/crural knowledge check

check: $(STAMP) ## lint and type-check only
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/.ready-bench ## measure speed and write benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.run

docs: .venv/.ready-docs ## build the documentation site into site/
	$(BIN)/python -m docs.build
	$(BIN)/mkdocs build --strict --quiet

lock: $(STAMP) ## renew the lock files after a change of dependencies
	$(BIN)/$(LOCK) --group dev -o locks/dev.txt
	$(BIN)/$(LOCK) --group dev --group bench -o locks/bench.txt
	$(BIN)/$(LOCK) --group dev --group docs -o locks/docs.txt

clean: ## remove everything that was made
	rm -rf .venv site .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis src/crural/knowledge/compiled-*.jsonl

$(UV):
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet uv

$(STAMP): $(UV) locks/dev.txt pyproject.toml
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes locks/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	$(BIN)/python -m crural.diagnosis.kernel  # compiles the engine, half a minute
	$(BIN)/python -m crural.diagnosis.loops
	for form in text json html; do PYTHONDONTWRITEBYTECODE= $(BIN)/crural assess examples/left-leg-sciatica.yaml --format $$form >/dev/null || exit 1; done  # leaves bytecode and quick copies
	@touch $@

# What tests need beside Python: a browser and a database server, from Debian's packages. Where they
# cannot be had the tests that need them are skipped, and say so.
.venv/.ready-services: $(STAMP)
	command -v chromium >/dev/null && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
	  || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq chromium postgresql >/dev/null; } \
	  || echo "chromium or postgresql could not be installed: the tests that need them are skipped"
	@touch $@

.venv/.ready-bench: $(STAMP) locks/bench.txt
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r locks/bench.txt
	@touch $@

.venv/.ready-docs: $(STAMP) locks/docs.txt
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r locks/docs.txt
	@touch $@

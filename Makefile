# Everything lives in .venv, made from the lock with hashes checked. PYTHON names another interpreter (3.11 or newer).
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Bytecode is kept, whatever the environment says: without it every start would compile the whole program again.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help install run test lint format bench lock clean

help: ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

install: $(STAMP) ## Make .venv with everything the project needs

# The stamp is younger than what decides on the content of .venv, or the content is made anew.
$(STAMP): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python && $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q fakekube dns conformance
	@$(BIN)/python -m compileall -q fakekube dns conformance
	@touch $@

run: $(STAMP) ## Start a cluster with the example guestbook
	@exec $(BIN)/fakekube up --load examples/guestbook $(ARGS)

lint: $(STAMP) ## Check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: lint ## Check everything: lint, then the tests
	$(BIN)/pytest -n auto $(ARGS)

format: $(STAMP) ## Mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(STAMP) ## Measure
	$(BIN)/python benchmarks/run.py $(ARGS)

lock: $(STAMP) ## Write the lock files anew from pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile -q $(LOCK) pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q $(LOCK) pyproject.toml --group dev -o requirements-dev.lock
LOCK := --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links

clean: ## Remove what was made
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

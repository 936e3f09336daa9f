# Needs Python 3.11 or newer and make; everything else comes from the lock files in requirements/.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

.PHONY: serve demo-services ministry analyst test check format bench web citizen lock clean

serve: .venv/serve.stamp ## the graph and its page on 127.0.0.1:8000, over the sample nation's embedded registers
	$(BIN)/madang serve

ministry: .venv/examples.stamp ## a passport officer's renewal, at the graph that `make serve` serves
	mkdir -p out
	$(BIN)/madang ledger key > out/ledger-key.pem
	$(BIN)/python -m examples.ministry.renew --key out/ledger-key.pem $(MINISTRY_ARGS)

analyst: .venv/examples.stamp ## two pictures of what an analyst may see, in out/
	$(BIN)/python -m examples.analyst.draw $(ANALYST_ARGS)

demo-services: .venv/serve.stamp ## what the services spare 1,000 people each, in figures; a running demo is asked, or one of its own
	$(BIN)/madang services demo $(DEMO_ARGS)

test: .venv/dev.stamp
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

check: .venv/dev.stamp ## lint, format, types, and the rule on imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev.stamp
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/dev.stamp
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

web: ## rebuild the page's files in madang/static; needs Node.js
	cd web && npm ci && npm run build

citizen: .venv/serve.stamp ## rebuild the citizen's app in examples/citizen/dist; needs Node.js
	$(BIN)/madang schema --persona citizen > examples/citizen/schema.graphql
	cd examples/citizen && npm ci && npm run build

lock: .venv/dev.stamp ## resolve the newest versions of all dependencies into requirements/
	$(COMPILE) --upgrade --group build pyproject.toml --output-file requirements/serve.txt
	$(COMPILE) --upgrade --group examples --constraint requirements/serve.txt pyproject.toml --output-file requirements/examples.txt
	$(COMPILE) --upgrade --group dev --constraint requirements/serve.txt --constraint requirements/examples.txt pyproject.toml \
		--output-file requirements/dev.txt

clean:
	rm -rf .venv dist out

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer with venv found; install one or name it with make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/serve.stamp: requirements/serve.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/serve.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	touch $@

.venv/examples.stamp: requirements/examples.txt .venv/serve.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/examples.txt
	touch $@

.venv/dev.stamp: requirements/dev.txt .venv/serve.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/dev.txt
	touch $@

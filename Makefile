# The two commands are `make site` and `make test`; `make help` lists the others.

PYTHON = python3
BIN = .venv/bin
OUTPUT = output
CHROMIUM = /usr/bin/chromium
# Processes that run tests: two do well on any machine.
TESTS = 2
# What a benchmark is told: bench ARGUMENTS="--sizes 1000", bench-pull ARGUMENTS="days arxiv".
ARGUMENTS =

.PHONY: help site test serve pull check lint golden bench bench-pull bench-search bench-serve clean chromium

help: ## This list.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 22

site: .venv/site ## Pull the bundled list, build the site.
	@$(BIN)/broadsheet pull --offline
	@$(BIN)/broadsheet build
	@echo "The site is in $(OUTPUT)/. Look at it: make serve, then open http://127.0.0.1:8000/"

test: .venv/test tests/node/node_modules/.package-lock.json chromium ## Run every test, those in the browser included.
	$(BIN)/pytest -n $(TESTS) --dist loadfile

serve: .venv/site ## Serve the site, rebuild and reload on change.
	$(BIN)/broadsheet serve

pull: .venv/site ## Ask the sources, write content/.
	$(BIN)/broadsheet pull

check: lint test ## Formatting, lint, types and tests.

lint: .venv/dev ## Formatting, lint and types only.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

golden: .venv/test ## Take what is built now as what tests/golden/ should hold; read the diff.
	UPDATE_GOLDEN=1 $(BIN)/pytest tests/test_golden.py tests/test_invalid.py

bench: .venv/test ## Whole sites beside other generators: writes BENCHMARKS.md.
	$(BIN)/python -m tests.bench.site --report BENCHMARKS.md $(ARGUMENTS)

bench-pull: .venv/test ## Pulls of thousands of papers, killed half-way.
	$(BIN)/python -m tests.bench.pull $(ARGUMENTS)

bench-search: .venv/test tests/bench/search/node_modules/.package-lock.json chromium ## The search beside its peers.
	$(BIN)/python -m tests.bench.search $(ARGUMENTS)

bench-serve: .venv/test ## How soon a saved page is on screen; ARGUMENTS names a site.
	$(BIN)/python -m tests.bench.serve $(ARGUMENTS)

clean: ## Remove what was made: the site, caches, the environment.
	rm -rf $(OUTPUT) .broadsheet .venv tests/node/node_modules tests/bench/search/node_modules
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
	find generator tests -name __pycache__ -type d -prune -exec rm -rf {} +

# -- what the commands need ------------------------------------------------------------------------

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Broadsheet needs Python 3.11 or newer; $(PYTHON) is older or missing." >&2; \
	  echo "Name another one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { \
	  echo "Python cannot make an environment here; on Debian: apt-get install python3-venv" >&2; \
	  rm -rf .venv; exit 1; }
	@touch $@

.venv/site: .venv/python pyproject.toml
	@echo "Installing Broadsheet into .venv/ …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/test: .venv/site
	@echo "Installing what the tests need …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

.venv/dev: .venv/test
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,dev]'
	@touch $@

%/node_modules/.package-lock.json: %/package-lock.json
	@command -v npm >/dev/null || { \
	  echo "The search tests need Node and npm; on Debian: apt-get install nodejs npm" >&2; exit 1; }
	@cd $* && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

chromium:
	@test -x $(CHROMIUM) || { \
	  test "$$(id -u)" = 0 && apt-get install --yes --no-install-recommends chromium; } || { \
	  echo "The browser tests need $(CHROMIUM); on Debian: apt-get install chromium" >&2; exit 1; }

# Two commands on a fresh machine with Python 3.11 or newer, make and git: `make serve`, `make test`.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8000

.PHONY: serve test types tests check fmt build bench docs editor locale wheel clean

serve: $(VENV)/.run  ## environment, build, serve
	$(BIN)/twingraph serve --large --port $(PORT)

test: $(VENV)/.dev  ## everything that CI checks: form, types, tests with doctests, data
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/twingraph fmt --check
	+$(MAKE) --no-print-directory --jobs 2 types tests

types: $(VENV)/.dev
	$(BIN)/mypy

tests: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

fmt: $(VENV)/.dev  ## format code and data
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/twingraph fmt

check build: $(VENV)/.run  ## check the data; build it
	$(BIN)/twingraph $@

bench: $(VENV)/.dev  ## measure check, build and first answer, with pySHACL alone beside them
	$(BIN)/python benchmarks/everyday.py

docs: $(VENV)/.dev  ## write the generated parts of docs/ anew
	$(BIN)/python docs/generate.py

editor:  ## bundle the query editor for the site (Node and npm; pages do without it)
	npm ci --prefix web --no-audit --no-fund --ignore-scripts
	npm run --prefix web build

LOCALE := src/twingraph/site/locale
locale: $(VENV)/.dev  ## collect the texts of the program into the catalogues, and compile these
	$(BIN)/pybabel --quiet extract --mapping babel.cfg --keywords N_ --keywords M_ --keywords NP_:1c,2 \
	  --keywords NNP_:1c,2,3 --no-location --sort-output --output $(LOCALE)/twingraph.pot src
	$(BIN)/pybabel --quiet update --domain twingraph --input-file $(LOCALE)/twingraph.pot \
	  --output-dir $(LOCALE) --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
	  --width 100
	$(BIN)/pybabel --quiet compile --domain twingraph --directory $(LOCALE)
	rm $(LOCALE)/twingraph.pot

wheel: $(VENV)/bin/python  ## a wheel that carries the graph, into dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) dist build .build-* .build.lock .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "twingraph needs Python 3.11 or newer; name one with PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/.run

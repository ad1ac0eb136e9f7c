# Two commands do all the set-up on a machine with Python >= 3.11 and make: `make demo` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PORT   ?= 8000
TEST_PROCESSES ?= 2

PACKAGES := config schemas store harvester indexer search_api lampway
# Words like "password" in texts, and digests in data: too much of that is no secret.
NOISY := KeywordDetector BasicAuthDetector Base64HighEntropyString HexHighEntropyString

.PHONY: help demo test compiled interop check bench format clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Lampway needs Python >= 3.11; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing Lampway and its libraries into $(VENV): a minute the first time"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing Lampway, its libraries and tools into $(VENV): two minutes the first time"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.run

demo: $(VENV)/.run ## Harvest, index and serve the sample city on http://127.0.0.1:8000
	$(BIN)/lampway demo --port $(PORT)

# Two processes, a file of tests whole in one of them: what the tests of a file share is made once.
test: $(VENV)/.dev ## Run all tests
	$(BIN)/python -m pytest --numprocesses=$(TEST_PROCESSES) --dist=loadfile --no-loadscope-reorder $(ARGS)

# Away from the checkout, whose modules would be found first: "safe path" leaves the current folder out.
compiled: $(VENV)/.dev ## Compile the readers of records (needs a C compiler) and run the tests of harvesting with them
	rm -rf build
	LAMPWAY_COMPILE=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target build/compiled .
	export PYTHONPATH=$(CURDIR)/build/compiled PYTHONSAFEPATH=1 && \
	  $(BIN)/python -c 'from harvester.formats import text; assert text.__file__.endswith(".so"), text.__file__' && \
	  $(BIN)/python -m pytest --numprocesses=$(TEST_PROCESSES) --dist=loadfile tests/schemas tests/harvester tests/contracts $(ARGS)

interop: $(VENV)/.dev ## Let clients in other languages ask the service, where they are installed
	$(BIN)/python -m pytest -rs tests/interop $(ARGS)

check: $(VENV)/.dev ## Lint, types, import rules, secrets
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml -ll $(PACKAGES)
	$(BIN)/detect-secrets-hook $(addprefix --disable-plugin ,$(NOISY)) $$(git ls-files $(PACKAGES) docs tests)

bench: $(VENV)/.dev ## Run the benchmarks and write benchmarks/results/
	$(BIN)/python -m benchmarks

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove the environment and the demo's data
	rm -rf $(VENV) var build *.egg-info

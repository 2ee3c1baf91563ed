# make train: set up and train the tutorial's network. make test: set up and test.
VENV ?= .venv
PYTHON ?= python3
ARGS ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SHARED_MNIST := $(wildcard ../shared/mnist)
ifneq ($(SHARED_MNIST),)
export KERAS_DIGITS_DATA ?= $(abspath $(SHARED_MNIST))
endif

.PHONY: setup train test lint format wheel-test docs results clean

setup: $(VENV)/.train-is-set-up

train: setup
	$(BIN)/digits train $(ARGS)

test: $(VENV)/.dev-is-set-up
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal $(ARGS)

lint: $(VENV)/.dev-is-set-up
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev-is-set-up
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel-test: $(VENV)/.dev-is-set-up
	$(BIN)/python tests/check_wheel.py

docs: $(VENV)/.dev-is-set-up
	$(BIN)/python docs/write_cli.py
	$(BIN)/python docs/write_results.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.train-is-set-up: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --editable '.[train]' --constraint constraints.txt
	@touch $@

$(VENV)/.dev-is-set-up: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --editable '.[dev]' --constraint constraints.txt
	@touch $@ $(VENV)/.train-is-set-up

# Debian splits venv from python3; root on such a machine gets it installed, others are told.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "$(PYTHON) must be Python 3.11, 3.12 or 3.13. Name one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -qq python3-venv; } || \
	  { echo "$(PYTHON) has no venv. Install it: sudo apt install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

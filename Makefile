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

# The networks that ship, from MNIST and no other data: the one that reads, in four steps of together
# three and a half hours on two cores, and compact, in ten minutes. What was interrupted goes on where
# it was, and what is finished stays: rm -r build/weights* build/compact begins anew. What ships began
# its last step with what shipped before, of which make weights gives the like.
HELD_OUT := --schedule cosine --precision mixed_bfloat16 --validation-split 0.0833 --seed 1
LINES_RECIPE := --network lines $(HELD_OUT)
WEIGHTS_RECIPE := $(LINES_RECIPE) --optimizer adamw
COMPACT_RECIPE := --network compact $(HELD_OUT) --optimizer adamw --augmentation sway --plain-epochs 12 \
  --learning-rate 0.006 --epochs 60

train_into = if [ -f $(1)/recipe.json ]; then $(BIN)/digits train --resume $(1); \
  else $(BIN)/digits train $(2) --out $(1); fi

.PHONY: weights reader-weights compact-weights setup train test browser lint format wheel-test docs bench loaders peers clean

setup: $(VENV)/.train-is-set-up

train: setup
	$(BIN)/digits train $(ARGS)

test: $(VENV)/.dev-is-set-up browser
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal $(ARGS)

weights: reader-weights compact-weights

reader-weights: setup
	$(call train_into,build/weights-first,$(WEIGHTS_RECIPE) --learning-rate 0.003 --epochs 30)
	$(call train_into,build/weights-second,$(WEIGHTS_RECIPE) --learning-rate 0.001 --epochs 20 \
	  --start build/weights-first --averaging start)
	$(call train_into,build/weights-third,$(WEIGHTS_RECIPE) --learning-rate 0.001 --epochs 16 \
	  --batch-size 160 --start build/weights-second --averaging start)
	$(call train_into,build/weights,$(LINES_RECIPE) --optimizer muon --learning-rate 0.002 \
	  --epochs 24 --start build/weights-third --averaging start)
	cp build/weights/digits.onnx build/weights/README.md src/keras_digits/weights/
	$(BIN)/python -m keras_digits.export.figures build/weights src/keras_digits/weights/digits.json

compact-weights: setup
	$(call train_into,build/compact,$(COMPACT_RECIPE))
	cp build/compact/digits.onnx src/keras_digits/weights/compact.onnx
	cp build/compact/README.md src/keras_digits/weights/compact.md
	$(BIN)/python -m keras_digits.export.figures build/compact src/keras_digits/weights/compact.json

lint: $(VENV)/.dev-is-set-up
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev-is-set-up
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel-test: $(VENV)/.dev-is-set-up browser
	$(BIN)/python tests/check_wheel.py

docs: $(VENV)/.dev-is-set-up
	$(BIN)/python docs/write_cli.py
	$(BIN)/python docs/write_results.py
	PYTHONPATH=benchmarks $(BIN)/python docs/write_benchmarks.py
	$(BIN)/python docs/write_pictures.py

# The page's tests drive Debian's Chromium; where it can't be had they are skipped.
browser:
	@command -v chromium >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -qq chromium >/dev/null; } || \
	  echo "Chromium is missing, so the page is not tested. Install it: sudo apt install chromium" >&2

# Every claim of speed beside its peers, and docs/benchmarks.md; nothing else should run meanwhile.
bench: $(VENV)/.dev-is-set-up peers loaders
	$(BIN)/python benchmarks/bench.py $(ARGS)
	PYTHONPATH=benchmarks $(BIN)/python docs/write_benchmarks.py
	$(BIN)/python docs/write_results.py

# What asks the server many times a second.
loaders:
	@for tool in wrk hey; do command -v $$tool >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -qq $$tool >/dev/null; } || \
	  { echo "$$tool is missing. Install it: sudo apt install $$tool" >&2; exit 2; }; done

# Those whom benchmarks/pictures.py and read.py run beside us: RapidOCR in an environment of its own,
# Debian's Tesseract.
PEERS := tesseract-ocr fonts-dkg-handwriting fonts-breip

peers: build/peers/.is-set-up
	@{ command -v tesseract >/dev/null && [ -d /usr/share/fonts/truetype/breip ]; } || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -qq $(PEERS); } || \
	  { echo "Tesseract or a font is missing. Install them: sudo apt install $(PEERS)" >&2; exit 2; }

build/peers/.is-set-up: benchmarks/peers.txt constraints.txt | $(BIN)/python
	$(BIN)/python -m venv build/peers
	build/peers/bin/python -m pip --disable-pip-version-check install --quiet --requirement benchmarks/peers.txt --constraint constraints.txt
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.train-is-set-up: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --editable '.[train,serve]' --constraint constraints.txt
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

# Two commands do everything on a fresh Debian with Python 3.11 or newer: `make serve` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH ?= torch==2.13.0
DEMO := store-demo
PAPER ?= paper-table
JOBS ?= 2
FUZZ ?= 300

.DEFAULT_GOAL := help
.PHONY: help serve demo test check browser fuzz openapi paper-table bench-model bench-index bench-service clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(VENV)/serve ## start the service on http://127.0.0.1:8000, with its data in ./store
	$(BIN)/python -m service serve

demo: $(VENV)/demo ## the same with a handful of freely licensed photos, in ./store-demo
	$(BIN)/python -m service.demo $(DEMO)/photos
	PIVOT_STORE=$(DEMO)/store $(BIN)/python -m service upload $(DEMO)/photos
	PIVOT_STORE=$(DEMO)/store $(BIN)/python -m service serve

test: check browser ## everything that is checked before a change lands
	$(BIN)/pytest --numprocesses auto --dist loadfile

check: $(VENV)/dev ## style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

browser: # the page's tests need a Chromium; without one they are skipped, and say so
	@command -v chromium >/dev/null || { test "$$(id -u)" != 0 || { apt-get update -qq && apt-get install -y -qq chromium; }; }

fuzz: $(VENV)/dev ## ask the service what nobody thought of, FUZZ requests for each operation
	PIVOT_FUZZ=$(FUZZ) $(BIN)/pytest tests/service/test_fuzz.py

openapi: $(VENV)/dev ## write the API's description into docs/openapi.json; a test finds it behind
	$(BIN)/python -m tests.service.describing

paper-table: $(VENV)/dev ## train the paper's six systems on PIVOT_DATA and print its tables (JOBS=2 at a time)
	$(BIN)/python -m benchmarks.paper --jobs $(JOBS) --out $(PAPER)

bench-model: $(VENV)/dev ## what the model costs, next to CLIP and XLM-RoBERTa, and whether its budgets hold
	$(BIN)/python -m benchmarks.model

bench-index: $(VENV)/dev ## what a search costs from 1,000 to 1,000,000 images, next to FAISS alone and hnswlib
	$(BIN)/python -m benchmarks.index

bench-service: $(VENV)/dev ## what the service costs over HTTP with 100,000 images, and whether its targets hold
	$(BIN)/python -m benchmarks.service --repeat

clean: ## remove the virtual environment and caches, never a store
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis artefacts *.egg-info

# The towers run on the CPU. uv knows where torch's CPU builds are published; where that place can't be reached,
# the plain package has to do. A venv without pip is what Debian leaves where python3-venv is missing.
$(VENV)/torch:
	test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --upgrade pip uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --torch-backend cpu $(TORCH) \
		|| { echo "No CPU build of torch to be had there: taking what pip finds, which may be several GB."; \
		     $(BIN)/pip install $(TORCH); }
	touch $@

$(VENV)/serve: $(VENV)/torch pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/demo: $(VENV)/serve
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .[demo]
	touch $@

$(VENV)/dev: $(VENV)/torch pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .[dev]
	touch $@

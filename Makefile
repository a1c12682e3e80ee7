# One word per job. `make demo` and `make test` are all a new clone needs.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
export RAG_HOME ?= $(HOME)/.local/share/quotewell
DATA ?=

.PHONY: demo test check test-all faults faults-full bench bench-quality compare format clean

demo: $(READY)  ## everything from nothing to three answers
	$(BIN)/python -m indexes.sample.demo

test: $(READY)  ## offline, no weights, some two minutes
	$(BIN)/python -m pytest

check: $(READY)  ## format, lint, types, layers, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

test-all: $(READY)  ## also what needs weights, a browser or minutes
	$(BIN)/rag models fetch
	$(BIN)/python -m pytest -m "model or browser or slow"

faults: $(READY)  ## kills, failing and full disks, damage, races: the quick tier, under eight minutes
	$(BIN)/python -m pytest -m faults tests/faults

faults-full: $(READY)  ## the same at full size, some hours; writes its figures to BENCHMARKS.md
	$(BIN)/python -m tests.faults.full --update $(OPTIONS)

bench: $(READY)  ## the figures of the README, as ratios of one run; DATA=folder adds the sets there
	$(BIN)/python -m tests.bench.all $(DATA)

bench-quality: $(READY)  ## every set against BENCHMARKS.md; DATA=folder, UPDATE=1 writes it
	$(BIN)/python -m tests.bench.quality $(DATA) $(if $(UPDATE),--update)

compare: $(READY)  ## beside LangChain, LlamaIndex, txtai (2 GB each in .compare/); DATA=folder adds sets
	$(BIN)/rag models fetch
	$(BIN)/python -m tests.compare $(if $(DATA),--data $(DATA)) --out .compare/result.json $(OPTIONS)

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $(READY)

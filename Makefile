# Every target works in a fresh clone: what it needs is made first. `make` alone lists them.

PYTHON ?= python3
SLIDE ?=
ARGS ?=
ROWS ?=
CASES ?= 10000
SEED ?= 1
RUNS ?= 3
GO ?= go
FAKE_GCS_SERVER_VERSION ?= v1.56.1
PRISM_VERSION ?= v2.77.0
# The versions that the tests passed with; `make setup CONSTRAINTS=` takes the newest that pyproject.toml allows.
CONSTRAINTS ?= constraints.txt

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SAMPLE := build/demo/sample.svs
DEMO_OUT := demo-out
DEMO_SLIDE = $(or $(SLIDE),$(SAMPLE))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo demo-gcs fake-gcs-server prism test lint format types bench bench-corpus fuzz

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## Make the virtual environment .venv with slidebeam and its tools (PYTHON=python3.12 picks another Python)

$(READY): pyproject.toml setup.py $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "slidebeam needs Python 3.11 or later: make setup PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(addprefix --constraint ,$(CONSTRAINTS)) --editable '.[test,dev]'
	@touch $@

demo: $(READY) $(if $(SLIDE),,$(SAMPLE)) ## Convert a sample slide, or SLIDE=/path/to/slide.svs, and check what was written
	$(BIN)/python -m pipeline.run --input "$(DEMO_SLIDE)" --output $(DEMO_OUT) --research-placeholder --overwrite
	$(BIN)/slidebeam verify $(DEMO_OUT) "$(DEMO_SLIDE)"
	@printf '\nWritten:\n'
	@find $(DEMO_OUT) -name '*.dcm' -exec du -h {} + | sort -k 2
	@printf '\nNext:\n'
	@printf '  %-48s %s\n' \
		'make demo SLIDE=/path/to/slide.svs' 'your own slide' \
		'$(BIN)/slidebeam inspect /path/to/slide.svs' 'what is in it, and what would become of it' \
		'$(BIN)/slidebeam convert --help' 'all options'

demo-gcs: $(READY) $(if $(SLIDE),,$(SAMPLE)) ## The same to gs:// and from there, in an emulator that it starts
	$(BIN)/python -m tests.demo_gcs "$(DEMO_SLIDE)"

fake-gcs-server: build/bin/fake-gcs-server ## Build an emulator of Google Cloud Storage that tests use where it is there (needs Go)

build/bin/fake-gcs-server:
	GOBIN=$(CURDIR)/build/bin $(GO) install github.com/fsouza/fake-gcs-server@$(FAKE_GCS_SERVER_VERSION)

prism: build/bin/prism ## Build Prism, a job server of the portable protocol that tests use where it is there (needs Go)

build/bin/prism:
	GOBIN=$(CURDIR)/build/bin $(GO) install github.com/apache/beam/sdks/v2/go/cmd/prism@$(PRISM_VERSION)

$(SAMPLE): tests/sample.py tests/sample_tiles.py | $(READY)
	@mkdir -p $(@D)
	$(BIN)/python -m tests.sample $@

test: $(READY) ## Run the tests (ARGS="-k jpeg -x" go to pytest)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile $(ARGS)

lint: $(READY) ## Check style and formatting with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY) ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY) ## Check types with mypy --strict
	@# Type checkers follow no package_dir: they get the four folders linked into one package.
	@rm -rf build/types && mkdir -p build/types/pipeline
	@ln -s $(CURDIR)/pipeline/* $(CURDIR)/transforms $(CURDIR)/io $(CURDIR)/configs build/types/pipeline/
	@ln -s $(CURDIR)/bench $(CURDIR)/tests build/types/
	cd build/types && ../../$(BIN)/mypy --config-file ../../pyproject.toml --package pipeline --package bench

bench: $(READY) ## Time slidebeam and its peers (ROWS=95mb-passthrough,95mb-jpeg picks rows, RUNS=5 repeats more often)
	$(BIN)/python -m bench $(addprefix --rows ,$(ROWS)) --runs $(RUNS) $(ARGS)

bench-corpus: $(READY) ## Time corpora: a peer's shell loop, memory at any size, plan, resume (ROWS=mixed-200,small-2000 RUNS=5)
	$(BIN)/python -m bench.corpus $(addprefix --rows ,$(ROWS)) --runs $(RUNS) $(ARGS)

fuzz: $(READY) ## Damage slides of every format (CASES=500, SEED=2; ARGS="--case mirax/17" runs one case again)
	$(BIN)/python -m tests.fuzz --cases $(CASES) --seed $(SEED) $(ARGS)

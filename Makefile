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
FLINK_VERSION ?= 1.20.5
FLINK_HOME ?= build/flink/flink-$(FLINK_VERSION)
FLINK_LINE ?= 1.20
BEAM_JAVA_VERSION ?= 2.77.0
FLINK_JOB_SERVER_JAR ?=
IMAGE_CONSTRAINTS ?= configs/deploy/image/constraints.txt
# The versions that the tests passed with; `make setup CONSTRAINTS=` takes the newest that pyproject.toml allows.
CONSTRAINTS ?= constraints.txt

VENV := .venv
BIN := $(VENV)/bin
DATAFLOW_VENV := build/dataflow-venv
READY := $(VENV)/.ready
SAMPLE := build/demo/sample.svs
DEMO_OUT := demo-out
DEMO_SLIDE = $(or $(SLIDE),$(SAMPLE))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo demo-gcs fake-gcs-server prism test test-slow test-dicomweb-client test-flink flink-job-server test-dataflow lint format types bench bench-corpus fuzz

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-21s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

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

test: $(READY) ## Run the tests but the slow ones (ARGS="-k jpeg -x" go to pytest)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile -m 'not slow' $(ARGS)

test-slow: $(READY) ## Run the slow tests: jobs that are killed, engines, full disks, large slides
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile -m slow $(ARGS)

test-dicomweb-client: $(READY) ## Run the tests of readers of servers with the version of dicomweb-client that wsidicom wants
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
		--target build/dicomweb-client 'dicomweb-client==0.59.3'
	PYTHONPATH='$(CURDIR)/build/dicomweb-client' $(BIN)/python -m pytest tests/io/reader -m 'not slow' \
		-k 'client or find or dicomweb or surface' $(ARGS)

test-flink: $(READY) $(FLINK_HOME)/lib ## Run slides on a Flink cluster that loses a TaskManager (needs a JDK and FLINK_JOB_SERVER_JAR=...)
	@command -v javac >/dev/null || { echo 'test-flink needs a Java development kit, 11 or 17'; exit 2; }
	FLINK_HOME='$(abspath $(FLINK_HOME))' $(BIN)/python -m pytest tests/engines/flink/test_cluster.py $(ARGS)
	@test -f '$(FLINK_JOB_SERVER_JAR)' || { printf '%s\n' \
		'The cluster does what it should; no slide went through it: that needs the job server of Beam for this Flink,' \
		'  make test-flink FLINK_JOB_SERVER_JAR=/path/to/beam-runners-flink-1.20-job-server-2.77.0.jar' \
		'which is on Maven Central (org.apache.beam); `make flink-job-server` puts one together from its parts.'; exit 2; }
	FLINK_HOME='$(abspath $(FLINK_HOME))' FLINK_JOB_SERVER_JAR='$(abspath $(FLINK_JOB_SERVER_JAR))' \
		$(BIN)/python -m pytest tests/engines/flink/test_job.py $(ARGS)

flink-job-server: ## Put Beam's job server for Flink together from its parts (needs a JDK and Maven; BEAM_JAVA_VERSION=, FLINK_LINE=)
	mvn --batch-mode --quiet --file configs/deploy/flink/job-server/pom.xml package \
		-Dbeam.version=$(BEAM_JAVA_VERSION) -Dflink.line=$(FLINK_LINE) -DoutputFolder='$(CURDIR)/build/flink'
	@ls build/flink/flink-$(FLINK_LINE)-job-server-$(BEAM_JAVA_VERSION).jar

# The package index has Flink's jars, without its scripts: all that starts a cluster.
build/flink/flink-%/lib: | $(READY)
	$(BIN)/python -m pip download --quiet --no-deps --no-build-isolation --no-binary :all: --dest build/flink \
		'apache-flink-libraries==$*'
	cd build/flink && tar -xzf apache[-_]flink[-_]libraries-$*.tar.gz && mv apache[-_]flink[-_]libraries-$*/deps flink-$*

test-dataflow: $(READY) $(DATAFLOW_VENV)/.ready ## Check the image's packages, the Flex Template and the job that Dataflow would get
	SLIDEBEAM_DATAFLOW_PYTHON='$(abspath $(DATAFLOW_VENV))/bin/python' \
		$(BIN)/python -m pytest tests/deploy tests/dataflow $(ARGS)

# What the image installs, in the image's versions.
$(DATAFLOW_VENV)/.ready: pyproject.toml setup.py $(IMAGE_CONSTRAINTS)
	$(PYTHON) -m venv $(DATAFLOW_VENV)
	$(DATAFLOW_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
		$(addprefix --constraint ,$(IMAGE_CONSTRAINTS)) --editable '.[dataflow,s3]'
	$(DATAFLOW_VENV)/bin/python -m pip check
	@touch $@

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

# Two commands matter: `make app` and `make test`. Each does all the set-up it needs.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCKED := install -q --require-hashes --no-deps -r

.PHONY: setup setup-dev app test check bench bench-app soak kills fuzz test-offline trust size readme architecture inputs lock sbom audit clean

setup: .venv/.runtime
	@$(BIN)/python -m tools.niivue
	@$(BIN)/python -m tools.first_scan
setup-dev: .venv/.dev setup

# torch first and exactly: any looser requirement would pull gigabytes of CUDA packages
.venv/.runtime: requirements.txt requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install -q "$$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements.txt)"
	$(PIP) $(LOCKED) requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	$(PIP) $(LOCKED) requirements-dev.lock
	@touch $@

# what no user needs: it stays out of the app's environment
.venv/tools/bin/pip-compile:
	$(PYTHON) -m venv .venv/tools
	.venv/tools/bin/python -m pip install --disable-pip-version-check -q pip-tools==7.6.2 pip-audit==2.10.1

app: setup
	$(BIN)/python -m streamlit run app.py

test: check
	$(BIN)/python -m pytest

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m uad_core bench

architecture: setup
	$(BIN)/python -m tools.architecture

inputs: setup-dev
	$(BIN)/python -m pytest -n 0 tests/inputs --write-inputs

readme: setup
	$(BIN)/python -m tools.readme

# the long forms of what `make test` tries in short; each leaves what it measured in docs/TRUST.md
soak: setup-dev
	$(BIN)/python -m benchmarks.soak
	$(BIN)/python -m benchmarks.class_at_work

kills: setup-dev
	$(BIN)/python -m benchmarks.kills

# atheris guides it by coverage; where there is no wheel of it, it goes blindly
fuzz: setup-dev
	test -d .venv/fuzz || $(PIP) install -q --no-deps --target .venv/fuzz atheris==3.0.0 || true
	PYTHONPATH=.venv/fuzz $(BIN)/python -m benchmarks.fuzz

test-offline: setup-dev
	$(BIN)/python -m tools.offline $(BIN)/python -m pytest

trust: setup
	$(BIN)/python -m tools.trust

size: setup
	$(BIN)/python -m tools.sizes

bench-app: setup-dev
	$(BIN)/python -m benchmarks.app_latency

# the digests of every file of every package, whatever index pip is set to; its name is not written down
COMPILE := .venv/tools/bin/pip-compile -q --generate-hashes --no-header --no-annotate --strip-extras --no-emit-options \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --unsafe-package torch --unsafe-package setuptools \
  --unsafe-package pip
lock: .venv/tools/bin/pip-compile
	$(COMPILE) -o requirements.lock requirements.txt
	$(COMPILE) -c requirements.lock -o requirements-dev.lock requirements-dev.txt
	sed -i.bak '/^#/d; /^$$/d' requirements.lock requirements-dev.lock && rm requirements.lock.bak requirements-dev.lock.bak

sbom: setup
	$(BIN)/python -m tools.sbom

audit: setup .venv/tools/bin/pip-compile
	$(BIN)/python -m tools.audit

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

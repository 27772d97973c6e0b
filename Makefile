# Two commands matter: `make app` and `make test`. Each does all the set-up it needs.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup setup-dev app test check bench bench-app readme architecture inputs clean

setup: .venv/.runtime
setup-dev: .venv/.dev

# torch first and exactly: any looser requirement would pull gigabytes of CUDA packages
.venv/.runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -q "$$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements.txt)"
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	@touch $@

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

bench-app: setup-dev
	$(BIN)/python -m benchmarks.app_latency

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

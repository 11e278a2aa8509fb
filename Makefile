# Every target sets up .venv first when it is missing or older than pyproject.toml.
# TORCH_INDEX: an index with PyTorch's CPU-only builds, for example the one that pytorch.org names; empty = the usual one.

PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
TORCH_INDEX ?=
BIN := $(VENV)/bin
# Python compiles a module when it is first used; all that is installed, used or not, would take a minute.
INSTALL := $(BIN)/python -m pip install --quiet --no-compile
# Where it is set, every one of the tests' hundreds of processes compiles the project anew.
unexport PYTHONDONTWRITEBYTECODE
READY := $(VENV)/.ready

.PHONY: bench test verify lint perf audit redis clean

bench: $(READY)
	$(BIN)/python run_bench.py run scenarios/quickstart.toml

test: $(READY) lint
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not verify and not alone"
	$(BIN)/python -m pytest -m "alone and not verify"

verify: $(READY) test
	$(BIN)/python -m pytest -m verify

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/clang-format --dry-run --Werror recsys/models/native/*.?pp

perf: $(READY)
	$(BIN)/python -m pytest tests/perf --benchmark-enable --benchmark-only $(PERF_OPTIONS)

# Known vulnerabilities of everything that is installed here. Asks the package index, so it needs the network.
audit: $(READY)
	$(BIN)/python -m pip install --quiet pip-audit
	$(BIN)/pip-audit --skip-editable --progress-spinner off

# A server for cache = { kind = "redis" }, in the foreground: in memory alone, the least recently used out first.
redis:
	redis-server --save "" --maxmemory 256mb --maxmemory-policy allkeys-lru

clean:
	rm -rf $(VENV)

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; next: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --upgrade pip
	$(INSTALL) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) '$(TORCH)'
	$(INSTALL) --editable '.[dev]'
	touch $(READY)

# Everything works on a fresh machine with Python 3.11 or newer, git and make: each target sets up its own .venv.
# The first one that really starts: a version manager's stand-in may be on PATH for a Python that isn't there.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test check bench clean

$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "loopwright needs Python 3.11 or newer; name one: make PYTHON=..."; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

demo: $(READY)
	@$(BIN)/loopwright demo

test: $(READY)
	$(BIN)/python -m pytest -n auto

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/loopwright check

bench: $(READY)
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv

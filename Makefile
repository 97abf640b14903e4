# The front panel: `make` lists the verbs. Each verb sets up .venv by itself, from the lock.
# What is said on the way goes to stderr, so that `make -s demo ARGS="--once --json" | jq` works.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo test chaos check bench browser screenshots lock clean

# Compiled once and kept: otherwise each of the many processes of a run compiles every package it imports.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv/bin/python
UV := uv pip compile --universal --generate-hashes --no-annotate --no-emit-index-url --quiet \
	--python-version 3.11 --custom-compile-command "make lock"

help:
	@echo "make demo    Start everything on this machine and tell order stories (ARGS=\"--once --json\" for one checked run)"
	@echo "make test    Run every test (ARGS=\"tests/ingest -k signature\" for some of them)"
	@echo "make chaos   Kill everything again and again for half an hour, then compare the books (ARGS=\"--effects 300 --kills 20\")"
	@echo "make check   Look for what is badly formatted, suspicious, wrongly typed or known to be vulnerable"
	@echo "make bench   Measure pace, waits and memory against their budgets, for minutes (ARGS=\"ingest\" for one)"
	@echo "make browser Install Chromium (Debian), which tests of the dashboard drive where there is one"
	@echo "make screenshots  Draw every page of the dashboard into docs/images (ARGS=\"orders churn\" for some)"
	@echo "make lock    Choose the newest allowed versions again and write the three requirements*.lock"
	@echo "make clean   Remove .venv, caches and builds; ./data with its events stays"

demo: .venv/.ready
	@exec $(VENV) -m sandbox demo $(ARGS)

# Most tests wait for a process, a broker or a disk: four at once keep two cores busy.
test: .venv/.ready
	@exec $(VENV) -m pytest $(or $(ARGS),--numprocesses=4 --no-loadscope-reorder)

chaos: .venv/.ready
	@exec $(VENV) -m tests.chaos $(ARGS)

check: .venv/.ready
	@failed=0; \
	$(VENV) -m ruff format --check . || failed=1; \
	$(VENV) -m ruff check . || failed=1; \
	$(VENV) -m mypy || failed=1; \
	bin/audit || failed=1; \
	exit $$failed

bench: .venv/.ready
	@exec $(VENV) -m benchmarks $(ARGS)

# Elsewhere: install Chromium or Chrome by any means, and name it in CHROMIUM where it isn't on the path.
browser:
	@command -v chromium >/dev/null || { apt-get update && apt-get install --yes --no-install-recommends chromium; } >&2

screenshots: .venv/.ready
	@exec $(VENV) -m tests.dashboard.browser.screenshots docs/images $(ARGS)

lock: .venv/.ready
	@command -v uv >/dev/null || { echo "make lock needs uv (pip install uv)" >&2; exit 1; }
	@$(UV) --upgrade --extra postgres --group dev -o requirements.lock pyproject.toml
	@$(UV) --extra postgres -c requirements.lock -o requirements-runtime.lock pyproject.toml
	@$(UV) --group java -c requirements.lock -o requirements-java.lock
	@git diff --stat -- requirements.lock requirements-runtime.lock requirements-java.lock >&2

clean:
	@rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready: requirements.lock requirements-java.lock bin/set-up
	@bin/set-up

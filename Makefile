# Every target needs Python 3.11 or newer and make; the rest comes from the lock files.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif

.PHONY: help run test check bench soak audit lock docs screens environment environment-dev environment-bench clean

help: ## what can be made
	@$(PYTHON) scripts/targets.py Makefile

run: environment ## open the workstation (without a terminal: print its first screen)
	@$(BIN)/python scripts/run.py

test: environment-dev ## run all tests, each suite with its time
	@$(BIN)/python scripts/suites.py test

check: environment-dev ## lint, format, types, import directions, generated documents
	@$(BIN)/python scripts/suites.py check

soak: environment-dev ## the long fault and load runs
	@$(BIN)/python scripts/suites.py soak

bench: environment-bench ## speed and memory beside their budgets
	@$(BIN)/python -m benchmarks

audit: environment-bench ## ask for known weaknesses of every locked package; needs the network
	@$(BIN)/python scripts/audit.py

docs: environment-dev ## regenerate what is generated: CLI reference, exotic contracts, accuracy, pictures
	@$(BIN)/python scripts/documents.py
	@$(BIN)/python scripts/api.py
	@$(BIN)/python scripts/accuracy.py
	@$(BIN)/python scripts/pictures.py

screens: environment-dev ## draw every screen at four sizes and in two themes into build/screens
	@$(BIN)/python scripts/gallery.py

lock: environment-dev ## compile the pins anew from pyproject.toml
	@$(BIN)/python scripts/lock.py

environment:
	@$(PYTHON) scripts/environment.py runtime

environment-dev:
	@$(PYTHON) scripts/environment.py dev

environment-bench:
	@$(PYTHON) scripts/environment.py bench

clean: ## remove the environment and all caches
	@$(PYTHON) scripts/clean.py

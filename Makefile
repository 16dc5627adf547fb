# Everything sets itself up in .venv on first use, without root; a second run starts in seconds.
PYTHON ?= python3
BIN := .venv/bin
HOST ?= 127.0.0.1
PORT ?= 7860
INDEX ?= index
Q ?= 量子院位于哪里？

.PHONY: chat ask test lint format eval clean
.DEFAULT_GOAL := chat

chat: .venv/ready ## Chat page in the browser, over seeds/ until you index your own
	@$(BIN)/python app.py --host $(HOST) --port $(PORT) --index $(INDEX)

ask: .venv/ready ## One question in the terminal: make ask Q="……"
	@$(BIN)/wenju ask --index $(INDEX) "$(Q)"

test: .venv/ready-test lint ## Every check: format, lint, types, tests
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest

lint: .venv/ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/ready-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

eval: .venv/ready ## Grounding evals over the seed documents
	@$(BIN)/python -m eval run

clean: ## Remove the environment, the default index and caches; your documents are never touched
	rm -rf .venv index eval/results .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are newer than what they were made from, so an edited pyproject.toml installs again.
.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Wenju needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "[1/2] Making a virtual environment in .venv …"
	@$(PYTHON) -m venv .venv && touch $@

.venv/ready: .venv/python pyproject.toml constraints.txt
	@echo "[2/2] Installing Wenju into .venv (a few minutes the first time) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/ready-test: .venv/python pyproject.toml constraints.txt
	@echo "[2/2] Installing Wenju and its test tools into .venv (a few minutes the first time) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	@touch $@ .venv/ready

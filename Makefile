# make demo [DATA=folder] | test | drills | check | bench | docs | venv
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?=

.PHONY: demo test drills check bench docs venv clean

venv: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: venv
	$(BIN)/kittiseg demo $(if $(DATA),--data $(DATA))

test: venv
	$(BIN)/python -m pytest -q -m 'not drill'

drills: venv
	$(BIN)/python -m pytest -q -m drill

check: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q

bench: venv
	$(BIN)/python -m benchmarks

docs: venv
	$(BIN)/python -m kittiseg.report.reference docs

clean:
	rm -rf $(VENV) demo-workspace

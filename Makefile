# Every target sets up .venv here on first use, and again when pyproject.toml has changed; otherwise it reuses it.
#
#   make PYTHON=python3.12 test         another interpreter (remove .venv first if it was made with a different one)
#   make test ARGS="-k hopfield"        more arguments for pytest
#   make test JOBS=8                    more processes for pytest

PYTHON ?= python3
JOBS ?= 2
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/.made
RUNTIME := $(VENV)/.runtime
SITE := $(VENV)/.site
DEV := $(VENV)/.dev

# Files of tests whose numbers could rest on the last bit of a processor.
NUMERICAL := functions averages broken_averages half_normal numbers engine steps rounding cancellation lines special \
	glasses random_limits spectral_rbm placed learning exact mean_field message_passing memories prior_channel parisi

FIGURES := hopfield compositional
FUZZ := $(filter-out tests/fuzz_theories.py,$(sort $(wildcard tests/fuzz_*.py)))
BENCHMARKS := $(sort $(wildcard benchmarks/bench_*.py benchmarks/baseline_*.py))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo figures docs test test-avx2 slow fuzz mutation coverage check lint type contracts bench dist clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(RUNTIME)  ## print four storage capacities and draw two phase diagrams into figures/
	$(BIN)/replica capacity hopfield
	$(BIN)/replica capacity hopfield -p T=0.3
	$(BIN)/replica capacity thresholded-hopfield -p theta=0.5
	$(BIN)/replica capacity compositional -p theta=1 -p g=-0.2 -p l=1
	$(draw-figures)

figures: $(SITE)  ## compute every figure of the gallery into figures/ that is missing or old; ARGS names some
	$(BIN)/python docs/make_figures.py $(ARGS)

docs: $(SITE)  ## build the site into docs/_build/html; its gallery shows what make figures has computed
	$(BIN)/python -m sphinx -W --keep-going -q -j $(JOBS) -b html -d docs/_build/doctrees docs docs/_build/html
	@echo "docs/_build/html/index.html"

test: $(DEV)  ## run the test suite
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not slow" $(ARGS)

test-avx2: $(DEV)  ## run the numerical tests as a processor without AVX-512 would
	$(BIN)/python tests/without_avx512.py -m pytest -n $(JOBS) -m "not slow" $(ARGS) $(NUMERICAL:%=tests/test_%.py)

slow: $(DEV)  ## run the slow rest of the test suite
	$(BIN)/python -m pytest -n $(JOBS) -m slow $(ARGS)
	$(BIN)/python tests/fuzz_theories.py

fuzz: $(DEV)  ## damaged files and strange command lines against every command; points of theories: make slow
	@set -e; for script in $(FUZZ); do echo "== $$script"; $(BIN)/python $$script; done

mutation: $(DEV)  ## plant wrong signs, numbers and comparisons, and see that the tests notice
	$(BIN)/python tests/mutation.py $(ARGS)

coverage: $(DEV)  ## run the test suite, and print the lines and branches that it does not run
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not slow" --cov --cov-report=term --cov-report=html $(ARGS)

check: lint type contracts  ## lint, types and import contracts

lint: $(DEV)  ## ruff
	$(BIN)/ruff check .

type: $(DEV)  ## mypy, strict
	$(BIN)/mypy

contracts: $(DEV)  ## who may import whom
	$(BIN)/lint-imports --no-cache

bench: $(DEV)  ## run the benchmarks
	@set -e; for script in $(BENCHMARKS); do echo "== $$script"; $(BIN)/python $$script; done

dist: $(DEV)  ## build the sdist and the wheel into dist/
	rm -rf dist
	$(BIN)/python -m build

clean:  ## remove what was built, drawn or cached (.venv stays)
	rm -rf dist build figures docs/_build *.egg-info .hypothesis
	rm -rf .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .nox .asv htmlcov coverage.xml .coverage .coverage.*
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

define draw-figures
@mkdir -p figures
@set -e; for name in $(FIGURES); do \
	echo "$(BIN)/replica figure $$name -o figures/$$name.png"; \
	$(BIN)/replica figure $$name -o figures/$$name.png; \
done
endef

$(MADE):
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "replica needs Python 3.11 or newer, and '$(PYTHON)' was not found."; \
		echo "Install Python, or name an interpreter: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; } >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "replica needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; \
		echo "Name a newer interpreter: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; } >&2
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "'$(PYTHON)' cannot make virtual environments: its modules venv and ensurepip are missing."; \
		echo "On Debian and Ubuntu they come with the package python3-venv."; exit 1; } >&2
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(RUNTIME): pyproject.toml $(MADE)
	@echo "Installing replica into $(VENV)"
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(SITE): $(DEV)
	@echo "Installing what builds the site into $(VENV)"
	@$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $@

$(DEV): pyproject.toml $(MADE)
	@echo "Installing replica and its development tools into $(VENV)"
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $(RUNTIME) $@

# The commands of the project; README.md and CONTRIBUTING.md say when to use which.
# ARGS goes on to the program behind the command, as in `make test ARGS="-k search"`.

MAKEFLAGS += --no-print-directory
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input
COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url

.PHONY: help demo test services bench lint format requirements

help: ## List the commands
	@sed -n 's/^\([a-z]*\):.*## /make \1:	/p' Makefile | expand -t 20

demo: export DEMO = 1
demo: .venv/.requirements ## Run the site with demo content at http://127.0.0.1:$PORT (8000)
	@exec .venv/bin/python manage.py demo

test: .venv/.requirements-dev ## Run the suite on SQLite and on PostgreSQL
	@sh tests/services/install.sh
	@exec .venv/bin/python -m pytest --dist=each --tx popen//id=sqlite --tx popen//id=postgresql $(ARGS)

services: .venv/.requirements-dev ## Keep the tests' servers running until Ctrl-C, for test runs in another shell
	@sh tests/services/install.sh
	@exec .venv/bin/python -m tests.services

bench: .venv/.requirements-dev ## Measure what the site promises of its speed
	@sh tests/services/install.sh nginx wrk
	@exec .venv/bin/python -m tests.bench $(ARGS)

lint: export SECRET_KEY = for reading the settings
lint: .venv/.requirements-dev ## Check style and types
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

format: .venv/.requirements-dev ## Write the code in the one style
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

requirements: .venv/bin/python ## Compile the requirements; ARGS=--upgrade takes the newest that fit
	@$(PIP) uv
	@$(COMPILE) $(ARGS) requirements.in -o requirements.txt
	@$(COMPILE) $(ARGS) requirements-dev.in -o requirements-dev.txt

.venv/.requirements: requirements.txt | .venv/bin/python
	@$(PIP) -r requirements.txt
	@touch $@

.venv/.requirements-dev: requirements.txt requirements-dev.txt | .venv/bin/python
	@$(PIP) -r requirements-dev.txt
	@touch $@ .venv/.requirements

# Debian keeps a part of Python, without which there is no virtual environment, in a package of its own.
.venv/bin/python:
	@for candidate in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			python=$$candidate; break; \
		fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'Python 3.11 or newer is needed. Install it, or say where it is: make demo PYTHON=/path/to/python3' >&2; \
		exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo 'Installing python3-venv'; \
			apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install python3-venv >/dev/null || exit 1; \
		else \
			echo 'This Python cannot make virtual environments. On Debian: apt-get install python3-venv' >&2; \
			exit 1; \
		fi; \
	fi; \
	"$$python" -m venv --clear .venv

# Every way into the project. Each target sets up what it needs; the second time that costs nothing.
PORT ?= 8000
PYTHON ?= python3
ARGS ?=
export PYTHON
export PYTHONDONTWRITEBYTECODE :=

RUN := .venv/bin/python

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test check bench chaos audit sbom sabotage screenshots reset code lock format messages schemas venv venv-dev native

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: venv native ## set up, walk through an access and an erasure, serve the portal until Ctrl-C (PORT=8000)
	@exec $(RUN) manage.py demo --port $(PORT)

test: venv-dev native ## set up and run all tests (ARGS="-k walk" is passed to pytest)
	@tools/test.sh $(ARGS)

check: venv-dev native ## formatting, lint, types, import contracts, migrations, deploy settings, house and docs
	@tools/check.sh

bench: venv-dev native ## measure
	@exec $(RUN) -m benchmarks $(ARGS)

chaos: venv-dev native ## kill workers, databases and brokers under a thousand requests (ARGS="--bell valkey", SEED=7)
	@tools/chaos.sh $(ARGS)

audit: venv-dev ## ask for known vulnerabilities of everything the locks name; says so where nobody can be asked
	@tools/audit.sh

sbom: venv-dev ## write what the portal is made of, as CycloneDX (ARGS=FILE, else var/sbom.cdx.json)
	@tools/sbom.sh $(ARGS)

sabotage: venv-dev ## take guards out, one at a time, in a copy: the test of each must fail (ARGS="-k codes")
	@$(RUN) tools/sabotage.py $(ARGS)

screenshots: venv-dev ## take the pictures of README.md from the demo that runs (PORT=8000)
	@exec $(RUN) tools/screenshots.py http://127.0.0.1:$(PORT)

code: venv ## print a staff member's one-time code in the demo (WHO=dana)
	@DSR_DEMO=1 exec $(RUN) manage.py code $(WHO)

format: venv-dev ## format the code and mend what can be mended by itself
	@$(RUN) -m ruff format -q . && $(RUN) -m ruff check -q --fix .

messages: venv-dev ## read the texts of pages and letters into the catalogs, and say how many translations are missing
	@$(RUN) tools/messages.py update && $(RUN) tools/messages.py compile

schemas: venv-dev ## write docs/schema, docs/categories.md and docs/permissions.md anew from what they describe
	@$(RUN) tools/schemas.py && $(RUN) tools/permissions.py

lock: ## make the locks anew from pyproject.toml (needs uv)
	@tools/lock.sh $(ARGS)

reset: ## forget what the demo made: people, requests, keys, mail
	@rm -rf var && echo "var/ is gone; make demo starts anew."

venv:
	@tools/venv.sh run

venv-dev:
	@tools/venv.sh dev

native:
	@tools/native.sh
